#!/usr/bin/env python3
"""Same inputs, same bytes: threads, order of files, locale, time zone, clock, folder, twice (reliability.md R3)."""
import pathlib
import random
import shutil
import subprocess

from common import *


def locale_dir(folder):
    """A Turkish locale of our own, because dotless i breaks careless case folding."""
    place = pathlib.Path(folder) / "locales"
    place.mkdir()
    done = subprocess.run(["localedef", "-i", "tr_TR", "-f", "UTF-8", str(place / "tr_TR.UTF-8")], capture_output=True)
    return str(place) if done.returncode == 0 else None


def variants(c, inputs, folder, vocab, locales):
    shuffled = list(inputs)
    random.Random(7).shuffle(shuffled)
    yield "one thread", inputs, ["--jobs", "1"], {}
    yield "two threads", inputs, ["--jobs", "2"], {}
    yield "seven threads", inputs, ["--jobs", "7"], {}
    yield "shuffled files", shuffled, ["--jobs", "2"], {}
    yield "Seoul", inputs, ["--jobs", "2"], {"TZ": "Asia/Seoul"}
    if locales:
        yield "Turkish", inputs, ["--jobs", "2"], {"LC_ALL": "tr_TR.UTF-8", "LOCPATH": locales}
    else:
        c.skip("no tr_TR locale could be made")
    fake = shutil.which("faketime")
    if fake:
        yield "another year", inputs, ["--jobs", "2"], {"FAKE": "2031-05-05 05:05:05"}
    else:
        c.skip("faketime is not installed")


def matrix(c, label, inputs, folder, vocab, mapping):
    folder = pathlib.Path(folder) / label
    folder.mkdir()
    locales = locale_dir(folder)
    hashes = {}
    for number, (name, files, options, env) in enumerate(variants(c, inputs, folder, vocab, locales)):
        env = dict(env)
        prefix = ["faketime", env.pop("FAKE")] if "FAKE" in env else []
        done = convert(files, folder, vocab, *options, map=mapping, name=f"v{number}", env=env, prefix=prefix)
        if c.check(done.code in (0, 3), f"{label}, {name}: exit {done.code} {done.err[-300:]}"):
            hashes[name] = tree_hash(folder / f"v{number}")
        shutil.rmtree(folder / f"v{number}", ignore_errors=True)
        shutil.rmtree(folder / f"v{number}.w", ignore_errors=True)
    for name, value in hashes.items():
        c.equal(value, hashes.get("one thread"), f"{label}: {name} gives the same published bytes as one thread")


def main():
    c = Checks()
    with work() as folder:
        vocab = vocabulary(folder)
        matrix(c, "sample", sorted(p for p in SAMPLE.glob("*.csv") if p.name != "defects.csv"), folder, vocab, "synthea/csv")
        if (SHARED / "csv" / "synthea").is_dir():
            matrix(c, "synthea27", sorted((SHARED / "csv" / "synthea").glob("*.csv")), folder, vocab, "synthea/csv")
            matrix(c, "fhir", sorted((SHARED / "fhir" / "synthea-r4").glob("*.json"))[:10] + sorted((SHARED / "fhir" / "bulk-ndjson").glob("*.ndjson")), folder,
                   vocab, "fhir/r4")
        else:
            c.skip("data not present: shared csv/synthea and fhir")
    c.end()


if __name__ == "__main__":
    main()
