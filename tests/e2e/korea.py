#!/usr/bin/env python3
"""The invented Korean hospital: every planted defect is found where it was planted and nothing else is; three sources give one hospital."""
import collections
import csv
import pathlib
import re
import subprocess
import sys
import tempfile

from common import *

SOURCES = {"vendor-a": "korea/vendor-a", "vendor-b": "korea/vendor-b", "claims": "korea/hira-claim", "fhir": "korea/kr-core", "hira": "korea/hira-tables", "nsc": "korea/nhis-nsc"}


def entries(warehouse):
    done = run("quarantine", "list", "--warehouse", warehouse, "--json")
    assert done.code == 0, done.err
    return [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]


def planted(folder):
    with open(folder / "defects.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_source(c, source, hospital, folder, vocab):
    defects = [d for d in planted(hospital) if d["file"].split("/")[0] == source]
    done = convert([hospital / source], folder, vocab, map=SOURCES[source], name=source)
    c.check(done.code in (0, 3), f"{source} converts: {done.code} {done.err[-600:]}")
    if done.summary is None:
        return
    report = json.loads((folder / f"{source}.r" / "report.json").read_text(encoding="utf-8"))
    c.check(report["summary"]["balanced"], f"{source}: the books balance")
    want = collections.Counter((d["file"].split("/")[1], int(d["line"]), d["code"]) for d in defects if d["found_by"] == "quarantine")
    got = collections.Counter({(e["file"].split("/")[-1], e["line"], e["code"]): 1 for e in entries(folder / f"{source}.w")})
    c.equal(sorted(got - want), [], f"{source}: nothing is in quarantine that was not planted")
    c.equal(sorted(want - got), [], f"{source}: every planted defect is in quarantine at its line")
    filters = collections.Counter()
    for row in report["filters"]:
        filters[row["reason"]] += row["records"]
    for reason, n in collections.Counter(d["code"] for d in defects if d["found_by"] == "filter").items():
        c.equal(filters[reason], n, f"{source}: `{reason}` counts what was planted")
    grades = collections.Counter()
    for row in report["coverage"]:
        for grade, n in row["rows"].items():
            grades[grade] += n
    # The sample vocabulary holds every Korean code the generator uses, but not every LOINC code of a checkup.
    unknown = {(row["grade"], row["code"]) for row in report["unmapped"]["top"] if row["vocabulary"] in ("KCD7", "EDI", "KDC")}
    planted_grades = [d["code"].split() for d in defects if d["found_by"] == "grade"]
    for grade, code in planted_grades:
        if grade == "unknown":
            c.check((grade, code) in unknown, f"{source}: {code} is an unknown code")
    c.equal(sum(1 for grade, _ in unknown if grade == "unknown"), sum(1 for grade, _ in planted_grades if grade == "unknown"), f"{source}: no other code is unknown")
    c.equal(grades["truncated"], sum(1 for grade, _ in planted_grades if grade == "truncated"), f"{source}: shortened codes")
    duplicates = sum(row["duplicates"] for row in report["balance"] if row["rule"] == "labs")
    c.equal(duplicates, sum(1 for d in defects if d["found_by"] == "duplicate"), f"{source}: results delivered twice")


def check_notes(c, hospital):
    for defect in planted(hospital):
        if defect["found_by"] != "note":
            continue
        source, name = defect["file"].split("/")
        for path in sorted((hospital / source).iterdir()):
            done = run("inspect", path, "--map", SOURCES[source])
            c.equal(defect["code"] in done.out, path.name == name, f"inspect finds garbled Korean in the planted file alone")


def persons(cdm):
    return {row["person_id"]: row["person_source_value"] for row in table(cdm, "person")}


def facts(cdm):
    """Persons, visits and diagnoses without ids and without the source's own words."""
    of = persons(cdm)
    people = {(row["person_source_value"], row["gender_concept_id"], row["year_of_birth"], row["month_of_birth"], row["day_of_birth"], row["race_concept_id"]) for row in table(cdm, "person")}
    visits = collections.Counter((of[row["person_id"]], row["visit_concept_id"], row["visit_start_date"], row["visit_end_date"]) for row in table(cdm, "visit_occurrence"))
    code = lambda text: text.replace(".", "").upper()
    conditions = collections.Counter((of[row["person_id"]], row["condition_concept_id"], row["condition_start_date"], code(row["condition_source_value"])) for row in table(cdm, "condition_occurrence"))
    return people, visits, conditions


def check_combined(c, hospital, folder, vocab):
    done = convert([hospital / "vendor-a", hospital / "claims", hospital / "fhir"], folder, vocab, map="korea/combined", name="combined")
    c.check(done.code in (0, 3), f"three sources convert in one run: {done.code} {done.err[-600:]}")
    if done.summary is None:
        return
    alone, all_three, other = facts(folder / "vendor-a"), facts(folder / "combined"), facts(folder / "vendor-b")
    for what, one, two in zip(("persons", "visits", "diagnoses"), alone, all_three):
        c.check(one == two, f"warehouse, claims and FHIR together give the {what} of the warehouse: {len(one)} and {len(two)}")
    for what, one, two in zip(("persons", "visits", "diagnoses"), alone, other):
        c.check(one == two, f"vendor A and vendor B give the same {what}: {len(one)} and {len(two)}")
    fhir = facts(folder / "fhir")
    c.check({p[:5] for p in fhir[0]} == {p[:5] for p in alone[0]}, "the FHIR export alone names the same persons")


def check_no_number(c, hospital, folder):
    """No registration number, whole or with a dash, and no name is in anything that was written but the inputs."""
    numbers = set()
    with open(hospital / "vendor-b" / "환자_202503.csv", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            number = row["주민등록번호"]
            numbers |= {number.encode(), number.replace("-", "").encode()}
    c.check(len(numbers) > 100 and all(re.fullmatch(rb"[0-9]{6}-?[0-9*]{7}", number) for number in numbers), "the numbers looked for are numbers")
    for path in sorted(folder.rglob("*")):
        if path.is_file() and hospital not in path.parents:
            data = path.read_bytes()
            c.check(not any(number in data for number in numbers), f"no registration number in {path.suffix or 'a file'} output")


def main():
    c = Checks()
    with tempfile.TemporaryDirectory(prefix="pyojun-korea-") as place:
        place = pathlib.Path(place)
        hospital, folder = place / "hospital", place / "out"
        subprocess.run([sys.executable, ROOT / "testdata" / "make_korea.py", hospital], check=True, capture_output=True)
        vocab = vocabulary(place)
        folder.mkdir()
        for source in SOURCES:
            check_source(c, source, hospital, folder, vocab)
        check_notes(c, hospital)
        check_combined(c, hospital, folder, vocab)
        check_no_number(c, hospital, folder)
    c.end()


if __name__ == "__main__":
    main()
