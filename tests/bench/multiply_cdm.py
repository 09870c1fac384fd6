#!/usr/bin/env python3
"""Copies a CDM in CSV form several times: every copy has persons, visits and rows of its own.

Usage: multiply_cdm.py FROM TO COPIES. TO is a folder for CSV files, or a file that ends in .duckdb: tables of the CDM's types in schema cdm."""
import csv
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Ids that are shifted from copy to copy; everything else (providers, sites, concepts) is shared.
SHIFTED = {"person_id", "visit_occurrence_id", "preceding_visit_occurrence_id", "visit_detail_id", "preceding_visit_detail_id", "parent_visit_detail_id"}
EVENTS = {"person", "observation_period", "visit_occurrence", "visit_detail", "condition_occurrence", "drug_exposure", "procedure_occurrence", "device_exposure", "measurement",
          "observation", "death", "note", "specimen", "payer_plan_period", "cost", "drug_era", "dose_era", "condition_era", "episode"}
STEP = 10_000_000  # above every id of the sample
TYPES = {"integer": "bigint", "number": "double", "date": "date", "datetime": "timestamp", "text": "varchar"}


def shifted(table, names):
    return [name in SHIFTED or name == table + "_id" for name in names] if table in EVENTS else [False] * len(names)


def to_csv(source, target, copies):
    target.mkdir(parents=True, exist_ok=True)
    rows = 0
    for path in sorted(source.glob("*.csv")):
        with open(path, newline="", encoding="utf-8") as file:
            header, *body = csv.reader(file)
        moved = [i for i, yes in enumerate(shifted(path.stem.lower(), [name.lower() for name in header])) if yes]
        with open(target / path.name, "w", newline="", encoding="utf-8") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(header)
            for copy in range(copies if moved else 1):
                for row in body:
                    row = list(row)
                    for i in moved:
                        if row[i]:
                            row[i] = int(row[i]) + copy * STEP
                    out.writerow(row)
                    rows += 1
    return rows


def to_duckdb(source, target, copies):
    sys.path.insert(0, str(ROOT / "tests" / "conformance"))
    from duck import Duck
    with open(ROOT / "schemas" / "omop-5.4" / "columns.csv", newline="", encoding="utf-8") as file:
        types = {(row["table"], row["column"]): TYPES[row["type"]] for row in csv.DictReader(line for line in file if not line.startswith("#"))}
    target.unlink(missing_ok=True)
    rows = 0
    with Duck(target) as duck:
        duck.sql("set preserve_insertion_order = false; set memory_limit = '4GB'; create schema cdm;")
        for path in sorted(source.glob("*.csv")):
            table = path.stem.lower()
            with open(path, newline="", encoding="utf-8") as file:
                names = [name.lower() for name in next(csv.reader(file))]
            moved = shifted(table, names)
            columns = ", ".join(f"'{name}': '{types.get((table, name), 'varchar')}'" for name in names)
            values = ", ".join(f'"{name}" + c * {STEP} as "{name}"' if yes else f'"{name}"' for name, yes in zip(names, moved))
            duck.sql(f"create table cdm.{table} as select {values} from read_csv('{path}', auto_detect=false, header=true, delim=',', quote='\"', escape='\"', columns={{{columns}}}), "
                     f"range({copies if any(moved) else 1}) copies(c)")
            rows += int(duck.sql(f"select count(*) from cdm.{table}")[0][0])
    return rows


def main():
    source, target, copies = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    print((to_duckdb if target.suffix == ".duckdb" else to_csv)(source, target, copies))


if __name__ == "__main__":
    main()
