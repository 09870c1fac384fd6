#!/usr/bin/env python3
"""Bad input of any kind: a documented exit code, a clear message, previous output intact, nothing half-written, no value in any message."""
import gzip
import os
import pathlib
import random
import resource
import time
import zipfile

from common import *
from xml_attacks import all_attacks

DOCUMENTED = {0, 1, 2, 3, 4, 10, 11, 70, 74}
CANARY = "C4naryK1m"


def one(c, label, path, folder, vocab, mapping, extra=()):
    place = pathlib.Path(folder) / "cdm"
    before = tree_hash(place) if place.exists() else None
    done = convert(path, folder, vocab, *extra, map=mapping, timeout=60)
    c.check(done.code in DOCUMENTED and done.code != 70, f"{label}: exit {done.code}: {done.err[-300:]}")
    c.check(done.err.strip(), f"{label}: says something")
    if done.code not in (0, 3):
        c.equal(tree_hash(place) if place.exists() else None, before, f"{label}: previous output is intact")
    c.check(not [p for p in pathlib.Path(folder).iterdir() if ".work" in p.name], f"{label}: nothing half-written is left")
    if done.summary and done.code in (0, 3):
        c.check(done.summary["balanced"], f"{label}: books balance")
    c.check(CANARY not in done.err and CANARY not in done.out, f"{label}: no value in messages")
    for name in ("report.json", "report.html"):
        text = (pathlib.Path(folder) / "cdm.r" / name)
        if text.exists():
            c.check(CANARY not in text.read_text(errors="replace"), f"{label}: no value in {name}")
    return done


def hostile_files(c, folder, vocab):
    base = SHARED / "hostile"
    if not base.is_dir():
        c.skip("data not present: shared hostile files")
        return
    for path in sorted(base.rglob("*")):
        if path.is_file():
            mapping = "fhir/r4" if "json" in path.parts[-2] or path.suffix == ".json" else "synthea/csv"
            one(c, str(path.relative_to(base)), path, folder, vocab, mapping, ["--from", "fhir"] if mapping == "fhir/r4" else ["--from", "delimited"])


def truncated(c, folder, vocab):
    rng = random.Random(11)
    source = (SAMPLE / "patients.csv").read_bytes()
    cut = pathlib.Path(folder) / "patients.csv"
    for at in sorted(rng.sample(range(1, len(source)), 25)):
        cut.write_bytes(source[:at])
        one(c, f"patients.csv cut at {at}", cut, folder, vocab, "synthea/csv")
    packed = gzip.compress(source * 20, mtime=0)
    gz = pathlib.Path(folder) / "patients.csv.gz"
    for at in (10, 50, len(packed) // 2, len(packed) - 4):
        gz.write_bytes(packed[:at])
        done = one(c, f"patients.csv.gz cut at {at}", gz, folder, vocab, "synthea/csv")
        c.check(done.code != 0, f"a short gzip (cut at {at}) is never taken as complete")
    gz.write_bytes(packed)
    c.equal(one(c, "whole gz", gz, folder, vocab, "synthea/csv").code in (0, 3), True, "whole gz converts")
    bomb = pathlib.Path(folder) / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../patients.csv", source)
        archive.writestr("observations.csv", b"\0" * (300 << 20))
    done = one(c, "zip bomb with a traversal name", bomb, folder, vocab, "synthea/csv")
    c.check(done.code != 0, "a zip bomb is refused and said so")
    bomb.unlink()


def planted_canaries(c, folder, vocab):
    """A unique token in every field of every kind of damaged record must not come out in any message or report."""
    header = "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,ETHNICITY,GENDER,BIRTHPLACE,ADDRESS,CITY,STATE,COUNTY,ZIP,LAT,LON,HEALTHCARE_EXPENSES,HEALTHCARE_COVERAGE"
    fields = header.count(",") + 1
    rows = [",".join([CANARY] * fields), ",".join([CANARY] * (fields - 3)), ",".join([CANARY] * (fields + 3)), f'"{CANARY}', f'{CANARY}"{CANARY},"{CANARY}"x']
    for number, row in enumerate(rows):
        path = pathlib.Path(folder) / "patients.csv"
        path.write_text(header + "\n" + row + "\n")
        one(c, f"canary row {number}", path, folder, vocab, "synthea/csv")
    for number, text in enumerate(['{"resourceType":"Patient","id":"' + CANARY + '","birthDate":"' + CANARY + '"}', '{"resourceType":"Patient","id":"' + CANARY,
                                   '{"resourceType":"Observation","id":"1","status":"final","code":{"text":"' + CANARY + '"},"subject":{"reference":"Patient/' + CANARY + '"},"effectiveDateTime":"' + CANARY + '"}',
                                   CANARY, '["' + CANARY + '"]']):
        path = pathlib.Path(folder) / "x.json"
        path.write_text(text)
        one(c, f"canary resource {number}", path, folder, vocab, "fhir/r4", ["--from", "fhir"])


def odd_inputs(c, folder, vocab):
    empty = pathlib.Path(folder) / "patients.csv"
    empty.write_bytes(b"")
    one(c, "empty file", empty, folder, vocab, "synthea/csv")
    empty.write_bytes(b"\n\n\n")
    one(c, "blank lines", empty, folder, vocab, "synthea/csv")
    empty.write_bytes(b"\xff" * 5000)
    one(c, "undecodable bytes", empty, folder, vocab, "synthea/csv")
    empty.write_bytes(b"Id,BIRTHDATE\n" + b'"' + b"x" * (3 << 20))
    one(c, "one endless quoted field", empty, folder, vocab, "synthea/csv", ["--limit-record", "1000000"])
    empty.write_bytes(b"Id,BIRTHDATE\n" + b"x" * (3 << 20) + b"\n1,2000-01-01\n")
    one(c, "one endless line", empty, folder, vocab, "synthea/csv", ["--limit-record", "1000000"])
    empty.unlink()
    deep = pathlib.Path(folder) / "deep.json"
    deep.write_text('{"resourceType":"Patient","x":' + "[" * 100000 + "]" * 100000 + "}")
    one(c, "100,000 deep", deep, folder, vocab, "fhir/r4")
    deep.write_text('{"resourceType":"Bundle","type":"collection","entry":[' * 5000)
    one(c, "open bundles in bundles", deep, folder, vocab, "fhir/r4")
    one(c, "a directory that is not there", pathlib.Path(folder) / "nowhere", folder, vocab, "synthea/csv")
    fifo = pathlib.Path(folder) / "patients.csv"
    os.mkfifo(fifo)
    one(c, "a pipe nobody writes to", fifo, folder, vocab, "synthea/csv")
    fifo.unlink()


XML_MEMORY = 768 << 20  # bytes of address space beyond which an attack has won; the largest file has 35 MB


def xml_attacks(c, folder, vocab):
    """Each is refused by its own code with line and byte, without more memory than the file needs. Times are printed, not judged."""
    path = pathlib.Path(folder) / "attack.xml"
    slowest = (0.0, "")
    for label, data, code in all_attacks():
        path.write_bytes(data)
        begin = time.monotonic()
        done = one(c, f"XML: {label}", path, folder, vocab, "ccda", ["--from", "cda"])
        slowest = max(slowest, (time.monotonic() - begin, label))
        c.equal(done.summary and done.summary["refused"], 1, f"XML: {label}: one refused record")
        listed = run("quarantine", "list", "--warehouse", pathlib.Path(folder) / "cdm.w")
        c.check(code in listed.out and "attack.xml" in listed.out, f"XML: {label}: refused as {code}: {listed.out[:200]}")
        path.unlink()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10
    c.check(peak < XML_MEMORY, f"XML: at most {XML_MEMORY >> 20} MiB, got {peak >> 20}")
    print(f"XML attacks: the slowest conversion took {slowest[0]:.2f} s, start and end included ({slowest[1]}); peak {peak >> 20} MiB")
    cut_documents(c, folder, vocab)


def cut_documents(c, folder, vocab):
    """A document cut anywhere is never taken as whole."""
    whole = (ROOT / "testdata" / "ccda" / "ccd.xml").read_bytes()
    rng = random.Random(12)
    path = pathlib.Path(folder) / "cut.xml"
    for at in sorted(rng.sample(range(1, len(whole.rstrip())), 12)):
        path.write_bytes(whole[:at])
        done = one(c, f"document cut at {at}", path, folder, vocab, "ccda", ["--from", "cda"])
        c.equal(done.summary and done.summary["refused"], 1, f"document cut at {at}: refused as a whole")
        c.equal(len(table(pathlib.Path(folder) / "cdm", "person")), 0, f"document cut at {at}: no person of it")
    path.unlink()


def main():
    c = Checks()
    with work() as folder:
        vocab = vocabulary(folder)
        done = convert(sorted(p for p in SAMPLE.glob("*.csv") if p.name != "defects.csv"), folder, vocab)
        c.check(done.code in (0, 3), "the sample converts first")
        planted_canaries(c, folder, vocab)
        odd_inputs(c, folder, vocab)
        xml_attacks(c, folder, vocab)
        truncated(c, folder, vocab)
        hostile_files(c, folder, vocab)
    c.end()


if __name__ == "__main__":
    main()
