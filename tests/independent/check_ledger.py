#!/usr/bin/env python3
"""Compares a conversion of a Synthea export (report.json and published CSV tables) with counts made without our program.

Usage: check_ledger.py EXPORT_FOLDER REPORT_JSON CSV_FOLDER [VOCABULARY_FOLDER]

1. Every line of the balance adds up: in = mapped + filtered + duplicates + quarantined.
2. The reader saw as many records in each file as Python's csv module, and refused those that are ragged or not UTF-8.
3. Persons, visits, deaths, insurance periods, care sites, providers and payments are as many as the export has.
4. With a vocabulary (files of an Athena download): rows per event table are as many as codes, targets and domains make.
Prints one line per difference and the number of comparisons; exits 1 when there is a difference.
"""
import csv
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
import count_synthea  # noqa: E402

csv.field_size_limit(1 << 24)
TABLES = {"Condition": "condition_occurrence", "Drug": "drug_exposure", "Procedure": "procedure_occurrence", "Device": "device_exposure",
          "Measurement": "measurement", "Specimen": "specimen"}
EVENTS = [*TABLES.values(), "observation"]
# file -> (vocabulary, code column, default domain, domains that are allowed or None)
SOURCES = {
    "conditions": ("SNOMED", "CODE", "Condition", None), "medications": ("RxNorm", "CODE", "Drug", None), "procedures": ("SNOMED", "CODE", "Procedure", None),
    "immunizations": ("CVX", "CODE", "Drug", None), "careplans": ("SNOMED", "CODE", "Observation", {"Observation", "Procedure"}),
    "devices": ("SNOMED", "CODE", "Device", None), "supplies": ("SNOMED", "CODE", "Device", None),
}
COSTS = {"medications": "TOTALCOST", "procedures": "BASE_COST", "immunizations": "BASE_COST", "encounters": "TOTAL_CLAIM_COST"}


class Vocabulary:
    def __init__(self, folder):
        self.codes, self.standard, self.targets, wanted = {}, {}, {}, {}
        for row in self.rows(folder, "CONCEPT.csv"):
            key = (row["vocabulary_id"], row["concept_code"])
            if key not in self.codes or not row["invalid_reason"]:
                self.codes[key] = row["concept_id"]
            self.standard[row["concept_id"]] = (row["domain_id"], row["standard_concept"] == "S" and not row["invalid_reason"])
        for row in self.rows(folder, "CONCEPT_RELATIONSHIP.csv"):
            if row["relationship_id"] == "Maps to" and not row["invalid_reason"]:
                wanted.setdefault(row["concept_id_1"], set()).add(row["concept_id_2"])
        for concept, found in wanted.items():
            self.targets[concept] = sorted(t for t in found if self.standard.get(t, ("", False))[1])

    @staticmethod
    def rows(folder, name):
        with (pathlib.Path(folder) / name).open(encoding="utf-8-sig", newline="") as file:
            tabs = "\t" in file.readline()
            file.seek(0)
            if tabs:
                yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            else:
                yield from csv.DictReader(file)

    def domains(self, vocabulary, code, default):
        """One domain per row that the code makes."""
        concept = self.codes.get((vocabulary, code))
        if concept is None:
            return [default]
        found = self.targets.get(concept) or ([concept] if self.standard[concept][1] else [])
        return [self.standard[t][0] for t in found] or [self.standard[concept][0] or default]


def table_of(domain, default, allowed):
    return TABLES.get(default if allowed and domain not in allowed else domain, "observation")


def event_rows(tables, people, vocabulary):
    """Rows per event table, and rows of cost."""
    rows, costs = dict.fromkeys(EVENTS, 0), 0

    def add(system, code, default, allowed=None):
        for domain in vocabulary.domains(system, code, default):
            rows[table_of(domain, default, allowed)] += 1

    def usable(row):
        start = next(row[c] for c in count_synthea.STARTS if c in row)
        return row["PATIENT"] in people and count_synthea.is_date(start)

    for name, (system, column, default, allowed) in SOURCES.items():
        for row in filter(usable, tables.get(name, [])):
            add(system, row[column], default, allowed)
            costs += bool(row.get(COSTS.get(name, "")))
    for row in filter(usable, tables.get("observations", [])):
        if row["TYPE"].lower() == "numeric":
            add("LOINC", row["CODE"], "Measurement")
        elif row["CODE"] != "56799-0":
            add("LOINC", row["CODE"], "Observation")
    for row in filter(usable, tables.get("allergies", [])):
        system = "SNOMED" if row.get("SYSTEM", "").upper() in ("", "SNOMED-CT", "SNOMED") else row["SYSTEM"]
        if vocabulary.domains(system, row["CODE"], "Observation")[0] == "Drug":
            rows["observation"] += 1  # one statement, the drug is its value
        else:
            add(system, row["CODE"], "Observation", {"Observation", "Condition"})
        for column in ("REACTION1", "REACTION2"):
            if row.get(column):
                add("SNOMED", row[column], "Condition")
    costs += sum(bool(row.get("TOTAL_CLAIM_COST")) for row in tables.get("encounters", []) if row["PATIENT"] in people)
    costs += sum(row["TYPE"] == "PAYMENT" for row in tables.get("claims_transactions", []))
    return rows, costs


class Comparison:
    def __init__(self):
        self.done, self.differences = 0, []

    def same(self, what, expected, found):
        self.done += 1
        if expected != found:
            self.differences.append(f"{what}: expected {expected}, found {found}")


def check_balance(c, report, counts):
    seen, refused = {}, {}
    for line in report["balance"]:
        c.same(f"balance of {line['file']} {line['rule'] or 'reader'}", line["in"], line["mapped"] + line["filtered"] + line["duplicates"] + line["quarantined"])
        if line["rule"] == "":
            name = line["file"].rsplit("/", 1)[-1].rsplit("!", 1)[-1]
            seen[name] = seen.get(name, 0) + line["in"]
            refused[name] = refused.get(name, 0) + line["quarantined"]
    for name, found in counts["files"].items():
        c.same(f"records read of {name}", found["records"], seen.get(name, 0))
        c.same(f"records refused of {name}", found["ragged"] + found["undecodable"], refused.get(name, 0))


def check_tables(c, export, counts, folder, vocabulary):
    def published(table):
        path = folder / f"{table}.csv"
        if not path.exists():
            return 0
        with path.open(encoding="utf-8", newline="") as file:
            return sum(1 for _ in csv.reader(file)) - 1

    tables = {path.stem: count_synthea.table(path)[1] for path in sorted(export.glob("*.csv")) if path.name != "defects.csv"}
    people = {row["ID"] for row in tables.get("patients", [])}
    c.same("person", counts["patients"]["distinct"], published("person"))
    c.same("visit_occurrence", len({row["ID"] for row in tables.get("encounters", []) if row["PATIENT"] in people}), published("visit_occurrence"))
    c.same("death", counts["patients"]["deaths"], published("death"))
    periods = [row for row in tables.get("payer_transitions", []) if row["PATIENT"] in people]
    c.same("payer_plan_period", len(periods) + sum(bool(row.get("SECONDARY_PAYER")) for row in periods), published("payer_plan_period"))
    c.same("care_site", len({row["ID"] for row in tables.get("organizations", [])}), published("care_site"))
    c.same("provider", len({row["ID"] for row in tables.get("providers", [])}), published("provider"))
    places = {tuple(row[k] for k in ("CITY", "COUNTY", "STATE", "ZIP")) for row in tables.get("patients", [])}
    c.same("location", len(places) + len(tables.get("organizations", [])), published("location"))
    if vocabulary:
        rows, costs = event_rows(tables, people, Vocabulary(vocabulary))
        for table, expected in rows.items():
            c.same(table, expected, published(table))
        c.same("cost", costs, published("cost"))


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    export, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[3])
    report = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="utf-8"))
    counts, c = count_synthea.count(export), Comparison()
    check_balance(c, report, counts)
    check_tables(c, export, counts, folder, sys.argv[4] if len(sys.argv) == 5 else None)
    print("\n".join([*c.differences, f"{c.done} comparisons, {len(c.differences)} differences"]))
    return 1 if c.differences else 0


if __name__ == "__main__":
    sys.exit(main())
