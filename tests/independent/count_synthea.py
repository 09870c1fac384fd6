#!/usr/bin/env python3
"""Counts what is in a Synthea CSV export, read without our program: for comparison with its ledger.

Usage: count_synthea.py FOLDER     prints JSON:
  files        name -> records (rows below the header, sound or not), sound, ragged, undecodable
  patients     distinct ids; deaths; encounters: distinct ids, and by class
  references   name -> rows whose patient is not in patients.csv
  bad_dates    name -> sound rows of a known patient whose start is not a date
  observations numeric, text, addresses (LOINC 56799-0), no encounter
  codes        name -> distinct codes
"""
import csv
import datetime
import io
import json
import pathlib
import sys

STARTS = ("START", "DATE", "START_YEAR", "START_DATE")


def records(path):
    """(fields, undecodable) per record. Bytes are read as Latin-1 so that no record is lost, then decoded field by field."""
    data = path.read_bytes()
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    for row in csv.reader(io.StringIO(data.decode("latin-1"), newline="")):
        if not row:
            continue
        try:
            yield [field.encode("latin-1").decode("utf-8") for field in row], False
        except UnicodeDecodeError:
            yield row, True


def is_date(text):
    try:
        if "T" in text:
            datetime.datetime.strptime(text.rstrip("Z"), "%Y-%m-%dT%H:%M:%S")
        elif len(text) == 4:
            int(text)
        else:
            datetime.date.fromisoformat(text)
        return True
    except ValueError:
        return False


def table(path):
    rows = iter(records(path))
    header = [name.upper() for name in next(rows)[0]]
    out = {"records": 0, "sound": 0, "ragged": 0, "undecodable": 0}
    sound = []
    for fields, undecodable in rows:
        out["records"] += 1
        if len(fields) != len(header):
            out["ragged"] += 1
        elif undecodable:
            out["undecodable"] += 1
        else:
            out["sound"] += 1
            sound.append(dict(zip(header, fields)))
    return out, sound


def count(folder):
    result = {"files": {}, "references": {}, "bad_dates": {}, "codes": {}}
    tables = {}
    for path in sorted(pathlib.Path(folder).glob("*.csv")):
        if path.name == "defects.csv":
            continue
        result["files"][path.name], tables[path.stem] = table(path)
    people = {row["ID"] for row in tables.get("patients", [])}
    result["patients"] = {"distinct": len(people), "deaths": sum(bool(row["DEATHDATE"]) for row in tables.get("patients", []))}
    encounters = {row["ID"]: row for row in tables.get("encounters", [])}
    classes = {}
    for row in encounters.values():
        classes[row["ENCOUNTERCLASS"]] = classes.get(row["ENCOUNTERCLASS"], 0) + 1
    result["encounters"] = {"distinct": len(encounters), "by_class": dict(sorted(classes.items()))}
    for name, rows in tables.items():
        column = next((c for c in ("PATIENT", "PATIENTID") if rows and c in rows[0]), None)
        if column:
            result["references"][name] = sum(row[column] not in people for row in rows)
            start = next((c for c in STARTS if c in rows[0]), None)
            if start:
                result["bad_dates"][name] = sum(row[column] in people and not is_date(row[start]) for row in rows)
        if rows and "CODE" in rows[0]:
            result["codes"][name] = len({row["CODE"] for row in rows})
    seen = tables.get("observations", [])
    result["observations"] = {"numeric": sum(r["TYPE"].lower() == "numeric" for r in seen), "text": sum(r["TYPE"].lower() != "numeric" for r in seen),
                              "addresses": sum(r["CODE"] == "56799-0" for r in seen), "no_encounter": sum(not r["ENCOUNTER"] for r in seen)}
    result["reactions"] = sum(bool(r.get(c)) for r in tables.get("allergies", []) for c in ("REACTION1", "REACTION2"))
    result["payments"] = sum(r["TYPE"] == "PAYMENT" for r in tables.get("claims_transactions", []))
    result["second_payers"] = sum(bool(r.get("SECONDARY_PAYER")) for r in tables.get("payer_transitions", []))
    return result


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    json.dump(count(sys.argv[1]), sys.stdout, indent=1, ensure_ascii=False)
    print()
