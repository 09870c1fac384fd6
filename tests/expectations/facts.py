#!/usr/bin/env python3
"""Key facts read off single documents by a person, against the CDM our program makes of each document alone.

Usage: facts.py SET FOLDER MAPPING VOCABULARY_SNAPSHOT      SET: folder of expectations beside this file (hl7v2, ccda)
`SET/facts.csv` has the columns file, table, fact. `table` may be several, joined by `|`: where the vocabulary has no concept, a fact's table
is the mapping's default. `fact` is `rows=N`, or `no` and conditions that no row may meet, or conditions joined by `|` that one row must meet, a row of its own for every line: `name=value`
(numbers compare as numbers, empty means empty or 0), `name~text` (contains). Beside column names: date, source_value, concept, value, unit,
value_source and quantity stand for that column of whichever event table the row is in. Prints files, tables and fact numbers, never values.
"""
import csv
import pathlib
import subprocess
import sys
import tempfile

csv.field_size_limit(1 << 24)
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from common import PYOJUN, table  # noqa: E402

DATES = {"drug_exposure": "drug_exposure_start_date", "condition_occurrence": "condition_start_date", "visit_occurrence": "visit_start_date",
         "procedure_occurrence": "procedure_date", "measurement": "measurement_date", "observation": "observation_date",
         "device_exposure": "device_exposure_start_date", "note": "note_date", "specimen": "specimen_date"}


def short(name):
    return name.removesuffix("_occurrence").removesuffix("_exposure")


def column(table_name, name):
    if name == "date":
        return DATES[table_name]
    if name in ("source_value", "concept"):
        return f"{short(table_name)}_{'concept_id' if name == 'concept' else name}"
    return {"value": "value_as_number", "unit": "unit_source_value", "value_source": "value_source_value"}.get(name, name)


def same(want, found):
    if want == found or (want == "" and found == "0"):
        return True
    try:
        return float(want) == float(found)
    except ValueError:
        return False


def meets(row, table_name, fact):
    for part in fact.split("|"):
        contains = "~" in part and ("=" not in part or part.index("~") < part.index("="))
        name, want = part.split("~" if contains else "=", 1)
        found = row.get(column(table_name, name))
        if found is None:
            return False
        if not (want in found if contains else same(want, found)):
            return False
    return True


def judge(folder, facts):
    """Numbers (from 1, within the file) of the facts that do not hold."""
    rows, used, wrong = {}, set(), []
    for number, (tables, fact) in enumerate(facts, 1):
        found = []
        for name in tables.split("|"):
            if name not in rows:
                path = pathlib.Path(folder) / f"{name}.csv"
                rows[name] = table(folder, name) if path.exists() else []
            found += [(name, i) for i in range(len(rows[name]))]
        if fact.startswith("rows="):
            if len(found) != int(fact[5:]):
                wrong.append((number, tables, f"{len(found)} rows"))
            continue
        if fact.startswith("no "):
            if any(meets(rows[name][i], name, fact[3:]) for name, i in found):
                wrong.append((number, tables, "a row that must not be"))
            continue
        match = next((at for at in found if (at, tables) not in used and meets(rows[at[0]][at[1]], at[0], fact)), None)
        if match is None:
            wrong.append((number, tables, "no such row"))
        else:
            used.add((match, tables))
    return wrong


def main():
    name, folder, mapping, vocabulary = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    facts = {}
    with (pathlib.Path(__file__).resolve().parent / name / "facts.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            facts.setdefault(line["file"], []).append((line["table"], line["fact"]))
    checked = failed = 0
    for document, wanted in facts.items():
        source = next(iter(sorted(p for p in folder.rglob("*") if p.is_file() and document in (p.name, p.stem, str(p.relative_to(folder))))), None)
        if source is None:
            print(f"{document}: the file is not there")
            failed += 1
            continue
        with tempfile.TemporaryDirectory() as work:
            cdm = pathlib.Path(work) / "cdm"
            done = subprocess.run([PYOJUN, "convert", source, "--map", mapping, "--vocab", vocabulary, "--to", f"csv:{cdm}", "--warehouse",
                                   pathlib.Path(work) / "w"], capture_output=True)
            if done.returncode not in (0, 3):
                print(f"{document}: convert exits {done.returncode}")
                failed += len(wanted)
                continue
            wrong = judge(cdm, wanted)
        for number, tables, why in wrong:
            print(f"{document}: fact {number} ({tables}): {why}")
        checked += len(wanted)
        failed += len(wrong)
    print(f"{len(facts)} documents, {checked} facts checked, {failed} wrong")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
