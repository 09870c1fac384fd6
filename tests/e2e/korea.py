#!/usr/bin/env python3
"""The invented Korean hospital: every planted defect is found where it was planted and nothing else is, source by source and in one run over all of
them (etc/korea.toml); its sources give one hospital."""
import collections
import csv
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from common import *

sys.path.insert(0, str(ROOT / "tests" / "independent"))
import count_korea  # noqa: E402

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
    encodings = {one["name"]: one["encoding"] for one in report["files"]}
    encodings.pop("claim_index.csv", None)  # ASCII
    c.equal(set(encodings.values()), {"cp949" if source in ("vendor-a", "claims") else "utf-8"}, f"{source}: the report names the encoding of every file")
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
    for name in ("vendor-a", "vendor-b", "claims", "hira", "nsc"):
        devices = table(folder / name, "device_exposure")
        c.check(devices and all(row["device_concept_id"] == "45767945" for row in devices), f"{name}: materials are devices")
    fhir = facts(folder / "fhir")
    c.check({p[:5] for p in fhir[0]} == {p[:5] for p in alone[0]}, "the FHIR export alone names the same persons")


def check_counted(c, hospital, folder, vocab):
    """Persons, visits and diagnoses counted from the files by other code: of the hospital, and of a warehouse that lacks a third of its patients, whom
    claims and FHIR know."""
    less = folder / "less"
    shutil.copytree(hospital, less)
    for name, column in (("PTBASM", 0), ("PTENCT", 1), ("ODDIAT", 0)):
        path = less / "vendor-a" / f"{name}.DAT"
        header, *lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(header + b"".join(line for line in lines if not line.split(b"|")[column].isdigit() or int(line.split(b"|")[column]) % 3 != 1))
    convert([less / "vendor-a", less / "claims", less / "fhir"], folder, vocab, map="korea/combined", name="less-combined")
    for files, cdm in ((hospital, "combined"), (less, "less-combined")):
        *counted, shares = count_korea.of_files(files)
        made = count_korea.of_cdm(folder / cdm)
        for what, want, got, share in zip(("persons", "visits", "diagnoses"), counted, made, shares):
            c.check(share[2] > 200 and (files == hospital or share[0] < share[1]), f"warehouse, FHIR and claims all say {what}: {share}")
            c.equal(sum((want - got).values()) + sum((got - want).values()), 0, f"{cdm}: {what} counted from the files are those of the CDM ({sum(want.values())})")
    shutil.rmtree(less)  # inputs, with numbers


def check_database(c, hospital, folder, vocab):
    """Vendor B's tables in SQLite, under their Korean names, through the mapping of its files."""
    done = convert([hospital / "sql" / "hospital.sql"], folder, vocab, map="korea/vendor-b", name="database")
    c.equal(done.code, 0, f"tables with Korean names convert by SQL: {done.err[-600:]}")
    rows = sum(1 for d in planted(hospital) if d["file"].startswith("vendor-b"))  # planted in the files alone
    for what, got, want in zip(("persons", "visits", "diagnoses"), facts(folder / "database"), facts(folder / "vendor-b")):
        got, want = collections.Counter(got), collections.Counter(want)
        c.equal(sum((got - want).values()), 0, f"{what} of the database are those of the files")
        c.check(sum((want - got).values()) < rows, f"{what} of the files but for planted rows are those of the database")
    for name in ("drug_exposure", "measurement", "procedure_occurrence", "device_exposure", "provider", "care_site", "payer_plan_period"):
        rows = len(table(folder / "database", name))
        c.check(rows > 0, f"{name} has rows")
    c.check((folder / "database.w.fetched" / "patients.jsonl").exists(), "the rows of the queries are kept beside the warehouse")


def check_job(c, place, hospital, folder):
    """Every source in one command: one set of persons, visits and diagnoses; every planted defect in quarantine, and nothing else."""
    (place / "etc").mkdir()
    shutil.copy(ROOT / "etc" / "korea.toml", place / "etc" / "korea.toml")
    done = run("run", place / "etc" / "korea.toml", "--json")
    c.check(done.code in (0, 3), f"`pyojun run etc/korea.toml` converts every source: {done.code} {done.err[-600:]}")
    if done.code not in (0, 3):
        return
    sources = {line.split('"')[1] for line in (ROOT / "etc" / "korea.toml").read_text(encoding="utf-8").splitlines() if line.startswith("name = ")}
    c.equal(sorted(sources), ["database", "documents", "emr", "hira", "nsc", "vendor-b"], "the job names every source")
    c.equal(sorted(p.name for p in hospital.iterdir() if p.is_dir()), sorted(["vendor-a", "vendor-b", "claims", "fhir", "kcda", "sql", "hira", "nsc"]), "every form of the hospital is in the job")
    cdm = place / "korea.cdm"
    parts = [facts(folder / name) for name in ("vendor-a", "hira", "nsc")]
    for k, what in enumerate(("persons", "visits", "diagnoses")):
        want = sum((collections.Counter(part[k]) for part in parts), collections.Counter())
        got = collections.Counter(facts(cdm)[k])
        if what == "persons":  # of the hospital and of the cohort some say the same, but are two rows
            got = collections.Counter({key: min(n, 1) for key, n in got.items()})
            want = collections.Counter({key: min(n, 1) for key, n in want.items()})
        c.check(got == want, f"all sources together give the {what} of the warehouse and of the research tables: {sum(got.values())}, {sum(want.values())}")
    c.equal(len(table(cdm, "person")), sum(len(table(folder / name, "person")) for name in ("vendor-a", "hira", "nsc")), "a person of the hospital is one row")
    for name in ("measurement", "procedure_occurrence", "device_exposure", "specimen", "provider", "payer_plan_period", "death", "episode"):
        c.equal(len(table(cdm, name)), sum(len(table(folder / part, name)) for part in ("vendor-a", "hira", "nsc")), f"what several sources say of {name} is there once")
    consents = [row for row in table(cdm, "observation") if row["observation_source_value"].startswith("1.2.410.100110.40.2.2.1.")]
    c.equal(len(consents), 12, "what only the documents say is taken: consents and withdrawals")
    defects = [d for d in planted(hospital) if d["found_by"] == "quarantine"]
    # A visit of nobody that both vendors deliver is one row: the one that stays is told.
    want = {(d["file"].split("/")[1], int(d["line"]), d["code"]) for d in defects if not (d["code"] == "C050" and d["file"].startswith("vendor-b"))}
    got = {(e["file"].split("/")[-1], e["line"], e["code"]) for e in entries(place / "korea.warehouse")}
    c.equal(sorted(got - want), [], "all sources: nothing is in quarantine that was not planted")
    c.equal(sorted(want - got), [], "all sources: every planted defect is in quarantine at its line")
    report = json.loads((place / "korea.report" / "report.json").read_text(encoding="utf-8"))
    c.check(report["summary"]["balanced"], "all sources: the books balance")
    filters = collections.Counter()
    for row in report["filters"]:
        filters[row["reason"]] += row["records"]
    for reason in ("the record is in the warehouse", "the result is in the warehouse", "the prescription is in the warehouse"):
        c.check(filters[reason] > 0, f"what is left to the warehouse is counted: {reason}")


def check_evidence(c, folder):
    """The generator's registration numbers have wrong check digits: told as a count by file, of births before October 2020, and refused nowhere."""
    report = json.loads((folder / "vendor-b.r" / "report.json").read_text(encoding="utf-8"))
    told = [f for f in report["findings"] if f["code"] == "C101"]
    c.equal(len(told), 1, "one file has registration numbers")
    people = [p for p in table(folder / "vendor-b", "person") if p["race_concept_id"] == "38003585" and (int(p["year_of_birth"]), int(p["month_of_birth"])) < (2020, 10)]
    c.check(told and told[0]["count"] >= len(people) > 200, f"check digits that do not fit: {told[0]['count'] if told else 0} of {len(people)}")


def check_no_number(c, hospital, folder):
    """No registration number, whole or with a dash, and no name is in anything that was written but the inputs."""
    numbers = set()
    with open(hospital / "vendor-b" / "환자_202503.csv", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            number = row["주민등록번호"]
            numbers |= {number.encode(), number.replace("-", "").encode()}
    c.check(len(numbers) > 100 and all(re.fullmatch(rb"[0-9]{6}-?[0-9*]{7}", number) for number in numbers), "the numbers looked for are numbers")
    for path in sorted(folder.rglob("*")):
        if path.is_file() and hospital not in path.parents and "vocab.snapshot" not in path.parts:
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
        check_counted(c, hospital, folder, vocab)
        check_database(c, hospital, folder, vocab)
        check_evidence(c, folder)
        check_no_number(c, hospital, folder)
        check_job(c, place, hospital, folder)
        check_no_number(c, hospital, place)
    c.end()


if __name__ == "__main__":
    main()
