#!/usr/bin/env python3
"""Persons, visits and diagnoses of the invented Korean hospital, counted from its files without our program and without the generator: the
warehouse tables of vendor A (PTBASM, PTENCT, ODDIAT), the claims of a month (SAM cut by fixed bytes, and their index) and the KR Core FHIR export,
laid over one another by the hospital's own numbers. `count_korea.py HOSPITAL CDM` compares that with the CDM of a run over the three."""
import collections
import csv
import datetime
import json
import pathlib
import re
import sys


def table(path):
    """Rows of a `|` table in CP949; a row of bytes that are none, or of another number of fields, is not there."""
    header, *lines = path.read_bytes().split(b"\n")
    names = header.decode("cp949").split("|")
    for line in lines:
        try:
            cells = line.decode("cp949").split("|")
        except UnicodeDecodeError:
            continue
        if len(cells) == len(names):
            yield dict(zip(names, cells))


def day(text):
    try:
        return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:8])).isoformat()
    except ValueError:
        return None


def plain(code):
    return code.strip().replace(".", "").upper()


def of_warehouse(folder):
    people, visits, diagnoses = {}, {}, set()
    for row in table(folder / "PTBASM.DAT"):
        if day(row["BIRDT"]):
            people[row["PATNO"]] = (row["GNDR"], day(row["BIRDT"]))  # the later record of a number stands
    for row in table(folder / "PTENCT.DAT"):
        if row["CNCLYN"] != "Y" and row["PATNO"] in people:
            visits[row["RCPTNO"]] = (row["PATNO"], row["IOFLAG"], day(row["INDTM"]))
    for row in table(folder / "ODDIAT.DAT"):
        if row["DGFLAG"] != "3" and day(row["DGDT"]):
            diagnoses.add((row["PATNO"], row["RCPTNO"], plain(row["KCDCD"]), day(row["DGDT"])))
    return people, visits, diagnoses


def of_claims(folder):
    """Bytes 1 to 10 claim, 11 to 15 statement, 16 kind; A is 348 bytes long, B is 78 with the class of the diagnosis at 17, its code at 18, its day at 34 (bytes)."""
    index = {(row["CLAIM_NO"], row["SPEC_SNO"]): (row["PT_NO"], row["ENC_NO"]) for row in table(folder / "claim_index.csv")}
    people, visits, diagnoses = {}, {}, set()
    for line in (folder / "202503.sam").read_bytes().split(b"\r\n"):
        patient, visit = index.get((line[:10].decode("ascii"), line[10:15].decode("ascii")) if line[:15].isdigit() else None, (None, None))
        if patient is None:
            continue
        if line[15:16] == b"A" and len(line) == 348:
            number = line[125:138].decode("ascii")
            century = {"1": "19", "2": "19", "5": "19", "6": "19", "3": "20", "4": "20", "7": "20", "8": "20"}[number[6]]
            people[patient] = ("M" if number[6] in "1357" else "F", day(century + number[:6]))
            visits[visit] = (patient, None, None)
        elif line[15:16] == b"B" and len(line) == 78 and line[16:17] != b"3":
            diagnoses.add((patient, visit, plain(line[17:23].decode("ascii")), day(line[27:35].decode("ascii"))))
    return people, visits, diagnoses


def of_fhir(folder):
    def resources(name):
        return [json.loads(line) for line in (folder / f"{name}.ndjson").read_text(encoding="utf-8").splitlines() if line]

    people, visits, diagnoses, numbers, encounters = {}, {}, set(), {}, {}
    for one in resources("Patient"):
        number = next(i["value"] for i in one["identifier"] if i["type"]["coding"][0]["code"] == "MR")
        numbers["Patient/" + one["id"]] = number
        people[number] = ({"male": "M", "female": "F"}[one["gender"]], one["birthDate"])
    for one in resources("Encounter"):
        encounters["Encounter/" + one["id"]] = one["identifier"][0]["value"]
        visits[one["identifier"][0]["value"]] = (numbers[one["subject"]["reference"]], {"AMB": "O", "IMP": "I", "EMER": "E"}[one["class"]["code"]], one["period"]["start"][:10])
    for one in resources("Condition"):
        wrong = any(c["code"] == "entered-in-error" for c in one.get("verificationStatus", {}).get("coding", []))
        when = day(one.get("recordedDate", "").replace("-", ""))
        if not wrong and when:
            diagnoses.add((numbers[one["subject"]["reference"]], encounters.get(one.get("encounter", {}).get("reference")), plain(one["code"]["coding"][0]["code"]), when))
    return people, visits, diagnoses


def of_files(hospital):
    """One hospital out of three: what the warehouse says stands, then FHIR, then claims. And how many of each the three share."""
    three = [of_warehouse(hospital / "vendor-a"), of_fhir(hospital / "fhir"), of_claims(hospital / "claims")]
    people, visits, diagnoses = {}, {}, {}
    for one in reversed(three):
        people.update(one[0])
        visits.update(one[1])
        diagnoses.update({key[:3]: key for key in one[2]})
    shares = [[len(one[k]) for one in three] for k in range(3)]
    return collections.Counter((no, *rest) for no, rest in people.items()), collections.Counter(visits.values()), collections.Counter((p, code, when) for p, _, code, when in diagnoses.values()), shares


def of_cdm(cdm):
    def rows(name):
        with open(cdm / f"{name}.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    of = {row["person_id"]: row["person_source_value"] for row in rows("person")}
    people = collections.Counter((row["person_source_value"], {"8507": "M", "8532": "F"}[row["gender_concept_id"]], f"{int(row['year_of_birth']):04}-{int(row['month_of_birth']):02}-{int(row['day_of_birth']):02}") for row in rows("person"))
    visits = collections.Counter((of[row["person_id"]], {"9202": "O", "9201": "I", "9203": "E"}[row["visit_concept_id"]], row["visit_start_date"]) for row in rows("visit_occurrence"))
    diagnoses = collections.Counter((of[row["person_id"]], plain(row["condition_source_value"]), row["condition_start_date"]) for row in rows("condition_occurrence"))
    # A code of chapter Z may mean a standard concept of the domain Observation.
    diagnoses.update((of[row["person_id"]], plain(row["observation_source_value"]), row["observation_date"]) for row in rows("observation") if re.fullmatch(r"Z[0-9]{2}([.]?[0-9]+)?", row["observation_source_value"]))
    return people, visits, diagnoses


if __name__ == "__main__":
    counted, made = of_files(pathlib.Path(sys.argv[1])), of_cdm(pathlib.Path(sys.argv[2]))
    for what, want, got, shares in zip(("persons", "visits", "diagnoses"), counted, made, counted[3]):
        print(f"{what}: warehouse {shares[0]}, FHIR {shares[1]}, claims {shares[2]}; together {sum(want.values())}, CDM {sum(got.values())}, differing {sum((want - got).values()) + sum((got - want).values())}")
        for key, n in sorted((want - got).items())[:5]:
            print("  missing", key, n)
        for key, n in sorted((got - want).items())[:5]:
            print("  not of the files", key, n)
    sys.exit(any(want != got for want, got in zip(counted, made)))
