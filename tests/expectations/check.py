#!/usr/bin/env python3
"""Compares published CDM tables with rows derived by hand (expectations/<set>/<patient>.csv, see README.md).

Usage: check.py CSV_FOLDER [SET]     SET: folder of expectations beside this file, default synthea
Every expected row must be there, and no row of a listed table may be left over. Prints table names and counts, exits 1 on a difference.
"""
import csv
import pathlib
import sys

csv.field_size_limit(1 << 24)

# table -> (date column, concept column, source column)
COLUMNS = {
    "person": (None, "gender_concept_id", "gender_source_value"),
    "death": ("death_date", None, None),
    "visit_occurrence": ("visit_start_date", "visit_concept_id", "visit_source_value"),
    "condition_occurrence": ("condition_start_date", "condition_concept_id", "condition_source_value"),
    "drug_exposure": ("drug_exposure_start_date", "drug_concept_id", "drug_source_value"),
    "procedure_occurrence": ("procedure_date", "procedure_concept_id", "procedure_source_value"),
    "device_exposure": ("device_exposure_start_date", "device_concept_id", "device_source_value"),
    "measurement": ("measurement_date", "measurement_concept_id", "measurement_source_value"),
    "observation": ("observation_date", "observation_concept_id", "observation_source_value"),
    "payer_plan_period": ("payer_plan_period_start_date", None, "payer_source_value"),
    "cost": ("event_date", "cost_type_concept_id", "cost_domain_id"),
}
EVENTS = {"Visit": "visit_occurrence", "Drug": "drug_exposure", "Procedure": "procedure_occurrence", "Measurement": "measurement",
          "Observation": "observation", "Condition": "condition_occurrence", "Device": "device_exposure"}


def same(expected, found):
    if expected == found:
        return True
    if expected == "" and found == "0":  # a concept column nobody filled
        return True
    try:
        return float(expected) == float(found)
    except ValueError:
        return expected.replace(" ", "T") == found.replace(" ", "T").removesuffix(".000000").removesuffix(".000")


class Published:
    def __init__(self, folder):
        self.folder, self.tables = pathlib.Path(folder), {}

    def rows(self, table):
        if table not in self.tables:
            path = next((p for p in (self.folder / f"{table}.csv", self.folder / f"{table.upper()}.csv") if p.exists()), None)
            if path is None:
                self.tables[table] = []
            else:
                with path.open(encoding="utf-8", newline="") as file:
                    self.tables[table] = list(csv.DictReader(file))
        return self.tables[table]

    def index(self, table):
        key = ("index", table)
        if key not in self.tables:
            self.tables[key] = {row[f"{table}_id"]: row for row in self.rows(table)}
        return self.tables[key]

    def of_person(self, table, person_id):
        if table != "cost":
            return [row for row in self.rows(table) if row["person_id"] == person_id]
        found = []
        for row in self.rows("cost"):
            event_table = EVENTS[row["cost_domain_id"]]
            event = self.index(event_table).get(row["cost_event_id"])
            if event and event["person_id"] == person_id:
                found.append({**row, "event_date": event[COLUMNS[event_table][0]]})
        return found

    def value(self, row, name):
        """A column of the row, or of a row it refers to: visit is the visit's start, care_site and provider their source values."""
        if name.startswith("location."):
            return self.index("location").get(row["location_id"], {}).get(name[9:], "")
        if name == "visit":
            return self.index("visit_occurrence").get(row["visit_occurrence_id"], {}).get("visit_start_datetime", "")
        if name in ("care_site", "provider"):
            return self.index(name).get(row[f"{name}_id"], {}).get(f"{name}_source_value", "")[:8]
        return row[name]


def fits(published, table, expected, row):
    for column, want in zip(COLUMNS[table], (expected["date"], expected["concept"], expected["source"])):
        if column and want and not same(want, row[column]):
            return False
    for check in filter(None, expected["checks"].split("|")):
        name, want = check.split("=", 1)
        if not same(want, published.value(row, name)):
            return False
    return True


def assign(published, table, expected, rows):
    """Pairs expectations with rows (a matching in a bipartite graph); returns what stays unpaired on either side."""
    edges = [[j for j, row in enumerate(rows) if fits(published, table, want, row)] for want in expected]
    owner = {}

    def place(i, seen):
        for j in edges[i]:
            if j not in seen:
                seen.add(j)
                if j not in owner or place(owner[j], seen):
                    owner[j] = i
                    return True
        return False

    missing = [want for i, want in enumerate(expected) if not place(i, set())]
    return missing, len(rows) - len(owner)


def check(published, path):
    expected = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            expected.setdefault(row["table"], []).append(row)
    people = [row["person_id"] for row in published.rows("person") if row["person_source_value"].startswith(path.stem)]
    if len(people) != 1:
        return [f"{path.stem}: {len(people)} persons"], 0
    problems, good = [], 0
    for table in COLUMNS:
        rows, wanted = published.of_person(table, people[0]), expected.get(table, [])
        missing, extra = assign(published, table, wanted, rows)
        good += len(wanted) - len(missing)
        for want in missing:
            problems.append(f"{path.stem} {table}: not found: {want['date']} {want['concept']} {want['source']} {want['checks']}")
        if extra:
            problems.append(f"{path.stem} {table}: {extra} rows that nobody expects")
    return problems, good


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    published = Published(sys.argv[1])
    folder = pathlib.Path(__file__).parent / (sys.argv[2] if len(sys.argv) == 3 else "synthea")
    problems, good = [], 0
    for path in sorted(folder.glob("*.csv")):
        found, fine = check(published, path)
        problems += found
        good += fine
    print("\n".join([*problems, f"{good} hand-derived rows found, {len(problems)} differences"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
