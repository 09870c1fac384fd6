#!/usr/bin/env python3
"""Asks the program what the published v2-to-FHIR concept maps say about codes of HL7 v2: one message for each code, converted by mapping hl7v2.

Usage: check_v2_tables.py FOLDER VOCABULARY_SNAPSHOT      FOLDER holds the maps as CSV ("HL7 Concept Map_ ..."). $PYOJUN is the program.

ORC-1 and ORC-5 say what becomes of a pharmacy order told before: revoked is cancelled (no row) or discontinued (a row with its end and reason). Of fields (ORC-9, ORC-12,
RXA-3, RXA-6, RXA-10, RXA-15) the maps say which element they are; the CDM column of that element must hold the field.
OBX-11: what FHIR calls final, amended, corrected or preliminary is a row, what it calls entered-in-error or cancelled takes the row away that an
earlier message told, what it has no status for and v2 calls pending or not asked is none. PV1-2, PID-8, RXA-20 likewise. A code the maps leave
open is compared with the meaning the map's own text gives it, written here by hand. Prints differences and the number of comparisons.
"""
import csv
import os
import pathlib
import subprocess
import sys
import tempfile

OPEN_STATUS = {"B": "row", "R": "row", "S": "row", "V": "row", "U": "row", "I": "none", "N": "none", "O": "none"}
STATUS = {"amended": "row", "corrected": "row", "final": "row", "preliminary": "row", "entered-in-error": "gone", "cancelled": "gone"}
CLASS = {"EMER": "9203", "IMP": "9201", "AMB": "9202", "PRENC": "none", "R": "9202", "B": "9201", "C": "0", "N": "none", "U": "0"}
SEX = {"female": "8532", "male": "8507"}
# What the text of table 0119 says becomes of the order itself; codes not listed leave it as it is. DF denies a refill, not the order.
CONTROL = {"CA": "gone", "CR": "gone", "OC": "gone", "UA": "gone", "DC": "discontinued", "DR": "discontinued", "OD": "discontinued",
           "RP": "replaced", "RQ": "replaced", "RU": "replaced"}
REVOKED = ("gone", "discontinued", "replaced")
ORDER_STATUS = {"CA": "gone", "ER": "gone", "DC": "discontinued", "RP": "replaced"}
# Map, field, element, message, table and column, the field's text there.
FIELDS = [
    ("ORC[ServiceRequest]", "ORC-9", "authoredOn", "RDE^O11", "ORC|NW|A{id}|||||||20240107\rRXE||197361^Amlodipine^RXNORM|1||TAB\r", "drug_exposure",
     "drug_exposure_start_date", "2024-01-07"),
    ("ORC[ServiceRequest]", "ORC-12", "requester", "ORU^R01", "ORC|RE|A{id}||||||||||7^Order\r" + "OBR|1||R{id}|24323-8^Panel^LN|||20240105070000\rOBX|1|NM|2947-0^x^LN||1|mmol/L|||||F\r",
     "measurement", "provider_id", "7"),
    ("ORC[MedicationAdministration]", "ORC-12", "performer", "RAS^O17", "ORC|RE|A{id}||||||||||7^Order\rRXA|0|1|20240106||197361^Amlodipine^RXNORM|5|mg\r", "drug_exposure",
     "provider_id", "7"),
    ("ORC[Immunization]", "ORC-12", "performer", "VXU^V04", "ORC|RE|A{id}||||||||||7^Order\rRXA|0|1|20240106||140^Flu^CVX|1|mL\r", "drug_exposure", "provider_id", "7"),
    ("RXA[Immunization]", "RXA-10", "performer", "VXU^V04", "ORC|RE|A{id}||||||||||7^Order\rRXA|0|1|20240106||140^Flu^CVX|1|mL|||9^Nurse\r", "drug_exposure", "provider_id", "9"),
    ("RXA[Immunization]", "RXA-3", "occurrence", "VXU^V04", "ORC|RE|A{id}\rRXA|0|1|20240108||140^Flu^CVX|1|mL\r", "drug_exposure", "drug_exposure_start_date", "2024-01-08"),
    ("RXA[Immunization]", "RXA-6", "doseQuantity", "VXU^V04", "ORC|RE|A{id}\rRXA|0|1|20240108||140^Flu^CVX|0.25|mL\r", "drug_exposure", "quantity", "0.25"),
    ("RXA[Immunization]", "RXA-15", "lotNumber", "VXU^V04", "ORC|RE|A{id}\rRXA|0|1|20240108||140^Flu^CVX|1|mL||||||||LOT7\r", "drug_exposure", "lot_number", "LOT7"),
]
GIVEN = {"completed": "row", "not-done": "none"}

HEAD = "MSH|^~\\&|APP|HOSP|||{time}||{kind}|{id}|P|2.5.1\r"
PID = "PID|1||{id}^^^HOSP^MR||Doe^Jane||19600203|{sex}\r"
RESULT = "OBR|1||R{id}|24323-8^Panel^LN|||20240105070000\rOBX|1|NM|2947-0^x^LN||{value}|mmol/L|||||{status}\r"


def rows_of(folder, words):
    found = [p for p in folder.rglob("*.csv") if words in p.name]
    if len(found) != 1:
        sys.exit(f"{len(found)} files for {words}")
    with open(found[0], encoding="utf-8-sig", newline="") as file:
        return [(row[0].strip(), row[6].strip()) for row in list(csv.reader(file))[2:] if len(row) > 6 and row[0].strip() and row[2].strip()]


def elements_of(folder, words, field):
    """The FHIR elements a segment map gives for a field."""
    found = [p for p in folder.rglob("*.csv") if f"_ {words} " in p.name]
    if len(found) != 1:
        sys.exit(f"{len(found)} files for {words}")
    with open(found[0], encoding="utf-8-sig", newline="") as file:
        return [row[9].strip() for row in csv.reader(file) if len(row) > 9 and row[1].strip() == field]


def convert(folder, vocabulary, messages):
    (folder / "in.hl7").write_text("".join(messages), encoding="utf-8", newline="")
    command = [os.environ.get("PYOJUN", "build/pyojun"), "convert", folder / "in.hl7", "--map", "hl7v2", "--vocab", vocabulary, "--to", f"csv:{folder / 'cdm'}",
               "--warehouse", folder / "w", "-q"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(done.stderr[-2000:])
    return {name: list(csv.DictReader(open(folder / "cdm" / f"{name}.csv", encoding="utf-8", newline="")))
            for name in ("person", "provider", "visit_occurrence", "measurement", "drug_exposure")}


def main(tables, vocabulary):
    tables = pathlib.Path(tables)
    messages, wanted, number = [], {}, 0

    def tell(what, code, outcome, parts, sex="F"):
        nonlocal number
        number += 1
        wanted[str(number)] = (what, code, outcome)
        for time, kind, text in parts:
            messages.append(HEAD.format(time=time, kind=kind, id=f"m{len(messages)}") + PID.format(id=number, sex=sex) + text.format(id=number))

    for code, target in rows_of(tables, "ObservationResultStatusCodes"):
        outcome = STATUS.get(target) or OPEN_STATUS.get(code, "?")
        earlier = ("20240105", "ORU^R01", RESULT.format(id="{id}", value="140", status="F"))
        tell("OBX-11", code, outcome, ([earlier] if outcome == "gone" else []) + [("20240106", "ORU^R01", RESULT.format(id="{id}", value="141", status=code))])
    for code, target in rows_of(tables, "PatientClass[EncounterClass]"):
        tell("PV1-2", code, CLASS.get(target, "?"), [("20240106", "ADT^A04", f"PV1|1|{code}|W1" + "|" * 16 + "V{id}" + "|" * 25 + "20240106080000\r")])
    for code, target in rows_of(tables, "AdministrativeSex"):
        tell("PID-8", code, SEX.get(target, "0"), [("20240106", "ADT^A04", "")], sex=code)
    for code, target in rows_of(tables, "CompletionStatus"):
        outcome = GIVEN.get(target) or {"PA": "row"}.get(code, "?")
        tell("RXA-20", code, outcome, [("20240106", "VXU^V04", "ORC|RE||A{id}\rRXA|0|1|20240106080000||140^Flu^CVX|1|mL" + "|" * 13 + f"{code}\r")])
    order = ("20240105", "RDE^O11", "ORC|NW|A{id}|||||||20240105\rRXE|^^^20240105|197361^Amlodipine^RXNORM|1||TAB\r")
    for what, words, meanings, place in (("ORC-1", "OrderControlCode[", CONTROL, "{code}|A{{id}}||"), ("ORC-5", "OrderStatus ", ORDER_STATUS, "SC|A{{id}}|||{code}")):
        for code, target in rows_of(tables, words):
            outcome = meanings.get(code, "row")
            if (target in ("revoked", "entered-in-error")) != (outcome in REVOKED) and target and code not in ("CA", "DF", "RQ"):
                print(f"{what} {code}: the published map means {target}, this test {outcome}")
                return 1
            tell(what, code, outcome, [order, ("20240106", "RDE^O11", "ORC|" + place.format(code=code) + "\rRXE|^^^20240105|197361^Amlodipine^RXNORM|1||TAB\r")])
    for words, field, element, kind, text, table, column, value in FIELDS:
        if not any(one.startswith(element) for one in elements_of(tables, words, field)):
            print(f"{field}: the published map {words} has no {element}")
            return 1
        tell(f"{words} {field}", column, value, [("20240106", kind, text)])
    with tempfile.TemporaryDirectory() as folder:
        found = convert(pathlib.Path(folder), vocabulary, messages)
    ids = {row["person_id"]: row["person_source_value"] for row in found["person"]}
    got = {}
    for row in found["person"]:
        got["PID-8", row["person_source_value"]] = row["gender_concept_id"]
    for what, name, column in (("OBX-11", "measurement", None), ("RXA-20", "drug_exposure", None), ("PV1-2", "visit_occurrence", "visit_concept_id")):
        for row in found[name]:
            got[what, ids[row["person_id"]]] = row[column] if column else "row"
    for row in found["drug_exposure"]:
        for what in ("ORC-1", "ORC-5"):
            got[what, ids[row["person_id"]]] = row["stop_reason"] or "row"
    providers = {row["provider_id"]: row["provider_source_value"] for row in found["provider"]}
    for words, field, _, _, _, table, column, _ in FIELDS:
        for row in found[table]:
            got[f"{words} {field}", ids[row["person_id"]]] = providers.get(row[column], "") if column == "provider_id" else row[column]
    wrong = 0
    for key, (what, code, outcome) in wanted.items():
        have = got.get((what, key), "none")
        if have != ("none" if outcome == "gone" else outcome):
            wrong += 1
            print(f"{what} {code}: the published map means {outcome}, the program gives {have}")
    print(f"{len(wanted)} codes and fields compared, {wrong} differences")
    return 1 if wrong or len(wanted) < 30 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
