#!/usr/bin/env python3
"""The sample hospital is what its script makes, and its defects are where the list says."""
import csv
import io
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "testdata"))
sys.dont_write_bytecode = True
import make_synthea  # noqa: E402


def main():
    folder, failures = ROOT / "testdata" / "synthea", []
    made = make_synthea.build()
    kept = {path.name for path in folder.glob("*.csv")}
    if kept != set(made):
        failures.append(f"files differ: {sorted(kept ^ set(made))}")
    failures += [f"{name}: not the bytes of make_synthea.py" for name in sorted(kept & set(made)) if (folder / name).read_bytes() != made[name]]
    kinds = {}
    for defect in csv.DictReader(io.StringIO(made["defects.csv"].decode())):
        line = made[defect["file"]].split(b"\n")[int(defect["line"]) - 1]
        kinds[defect["kind"]] = kinds.get(defect["kind"], 0) + 1
        shown = {"bad date": b"2021-13-45" in line or b"yesterday" in line, "unknown patient": make_synthea.NOBODY.encode() in line,
                 "unknown code": b"99999999" in line, "undecodable bytes": b"\xff\xfe" in line,
                 "ragged row": line.count(b",") != made[defect["file"]].split(b"\n")[0].count(b",")}
        if not shown[defect["kind"]]:
            failures.append(f"{defect['file']}:{defect['line']}: no {defect['kind']} here")
    if any(count != 2 for count in kinds.values()) or len(kinds) != 5:
        failures.append(f"two defects of five kinds expected: {kinds}")
    print("\n".join(failures) or f"sample hospital: {len(made)} files, {sum(kinds.values())} planted defects")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
