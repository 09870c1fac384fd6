#!/usr/bin/env python3
"""Copies a CDM in CSV form several times: every copy has persons, visits and rows of its own. Usage: multiply_cdm.py FROM TO COPIES"""
import csv
import pathlib
import sys

# Ids that are shifted from copy to copy; everything else (providers, sites, concepts) is shared.
SHIFTED = {"person_id", "visit_occurrence_id", "preceding_visit_occurrence_id", "visit_detail_id", "preceding_visit_detail_id", "parent_visit_detail_id"}
EVENTS = {"person", "observation_period", "visit_occurrence", "visit_detail", "condition_occurrence", "drug_exposure", "procedure_occurrence", "device_exposure", "measurement",
          "observation", "death", "note", "specimen", "payer_plan_period", "cost", "drug_era", "dose_era", "condition_era", "episode"}
STEP = 10_000_000  # above every id of the sample


def main():
    source, target, copies = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    target.mkdir(parents=True, exist_ok=True)
    rows = 0
    for path in sorted(source.glob("*.csv")):
        table = path.stem.lower()
        with open(path, newline="", encoding="utf-8") as file:
            header, *body = csv.reader(file)
        names = [name.lower() for name in header]
        shifted = [i for i, name in enumerate(names) if name in SHIFTED or name == table + "_id"] if table in EVENTS else []
        with open(target / path.name, "w", newline="", encoding="utf-8") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(header)
            for copy in range(copies if shifted else 1):
                for row in body:
                    row = list(row)
                    for i in shifted:
                        if row[i]:
                            row[i] = int(row[i]) + copy * STEP
                    out.writerow(row)
                    rows += 1
    print(rows)


if __name__ == "__main__":
    main()
