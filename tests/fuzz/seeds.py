#!/usr/bin/env python3
"""Writes the seeds of a fuzz target into a folder: what the golden cases and the test data hold of its kind. Usage: seeds.py TARGET FOLDER

Target readers_X gets the files of tests/cases/X-*.md and of testdata with X's endings, mapping_* the mappings. A folder tests/fuzz/seeds/TARGET is added
as it is. Nothing is random: a run with a given number of inputs can be repeated.
"""
import hashlib
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "testdata"))
import sas7bdat  # noqa: E402

# Bytes in front of the data by which a target chooses its settings.
PREFIXES = {"readers_delimited": [b"\x00\x00", b"\x07\x02"], "vocabulary_import": [b"\x00"]}
ENDINGS = {"delimited": (".csv",), "fhir": (".json", ".ndjson"), "records": (".jsonl",), "fixed": (".sam",), "hl7": (".hl7",), "cda": (".xml",), "parser": (".map",)}


def blocks(pattern):
    """Files written in the golden cases, in order."""
    for path in sorted((ROOT / "tests" / "cases").glob(pattern)):
        for info, body in re.findall(r"(?ms)^```(file[^\n]*)\n(.*?)^```", path.read_text(encoding="utf-8")):
            kind, name = info.split(" ", 1)
            if kind == "file-sas":
                yield name, sas7bdat.data_set(**json.loads(body))
            elif kind == "file-hex":
                yield name, bytes.fromhex("".join(body.split()))
            else:
                yield name, body.encode("cp949" if kind == "file-cp949" else "utf-8")


def seeds(target):
    layer, _, what = target.partition("_")
    endings = ENDINGS.get(what, ())
    for name, data in blocks("**/*.md"):
        if name.endswith(endings or ("\0",)):
            yield data
    for name, data in blocks(f"**/{what}-*.md"):
        if layer == "readers" and not name.endswith(".map"):
            yield data
    folders = {"mapping": ["mappings", "testdata"], "vocabulary": ["testdata/vocabulary"]}.get(layer, ["testdata"])
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and (layer == "vocabulary" or path.name.endswith(endings or ("\0",))):
                yield path.read_bytes()
    if what == "sas7bdat":
        yield from sas_variants()
    own = ROOT / "tests" / "fuzz" / "seeds" / target
    for path in sorted(own.rglob("*")) if own.is_dir() else []:
        if path.is_file():
            yield path.read_bytes()


def sas_variants():
    columns = [["ID", 6], ["이름", 12], ["X", ""], ["DAY", "YYMMDD"], ["AT", "DATETIME"], ["S", "TIME", 4]]
    rows = [[str(i), "홍길동" if i % 2 else "Kim", i / 10, None if i % 5 == 0 else 19000 + i, 1.6e9 + i, i] for i in range(24)]
    for wide in (False, True):
        for big in (False, True):
            for packing in (None, "run-length", "ross"):
                for mixed, late in ((False, False), (True, False), (False, True)):
                    yield sas7bdat.data_set(columns, rows, encoding="any" if late else "cp949", wide=wide, big=big, packing=packing, mixed=mixed, late=late, page=2048)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for data in seeds(target):
        for prefix in PREFIXES.get(target, [b""]):
            seed = prefix + data[: 32 << 10]
            (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    print(f"{target}: {len(list(folder.iterdir()))} seeds")


if __name__ == "__main__":
    main()
