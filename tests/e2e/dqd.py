#!/usr/bin/env python3
"""DataQualityDashboard compatibility: the pack's rows against the published check files, and every check's numbers on Synthea27Nj against
what DQD 2.8.4's own SQL found on PostgreSQL. Without the shared data it says so and is skipped."""
import csv
import json
import pathlib

from common import *

PACK = ROOT / "schemas" / "conformance" / "omop-dqd"
CDM, VOCABULARY, GOLDEN = SHARED / "cdm" / "synthea27nj", SHARED / "vocabulary", SHARED / "dqd"
DAY = "2026-11-25"


def rows(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def published(c):
    """Thresholds and switches of the published files, row by row, against ours."""
    folder = SHARED / "omop" / "dqd-2.8.4"
    if not folder.exists():
        c.skip("no published check files")
        return
    ours = {(r["table"], r["field"]): r for r in rows(PACK / "fields.csv")}
    theirs = rows(folder / "OMOP_CDMv5.4_Field_Level.csv")
    c.equal(len(ours), len(theirs), "fields")
    columns = {"isRequired": "required", "isPrimaryKey": "key", "isForeignKey": "refers", "isStandardValidConcept": "standard", "measureValueCompleteness": "filled",
               "standardConceptRecordCompleteness": "mapped", "sourceConceptRecordCompleteness": "source_mapped", "sourceValueCompleteness": "values_mapped",
               "plausibleDuringLife": "in_life", "withinVisitDates": "in_visit", "plausibleAfterBirth": "after_birth", "plausibleBeforeDeath": "before_death",
               "plausibleStartBeforeEnd": "before_end"}
    differ = 0
    for r in theirs:
        mine = ours[r["cdmTableName"].lower(), r["cdmFieldName"].strip('"').lower()]
        for theirs_name, name in columns.items():
            want = r[theirs_name + "Threshold"] if r[theirs_name] == "Yes" else ""
            differ += mine[name] != want
        differ += (mine["integer"] != "") != (r["cdmDatatype"] == "integer")
        differ += mine["domain"] != (r["fkDomain"] if r["isForeignKey"] == "Yes" else "")
        differ += (mine["low"] != "") != (r["plausibleValueLow"].strip() != "") or (mine["high"] != "") != (r["plausibleValueHigh"].strip() != "")
    c.equal(differ, 0, "cells that differ from the published field checks")
    ours = {(r["table"], r["field"], r["concept"]) for r in rows(PACK / "concepts.csv")}
    theirs = {(r["cdmTableName"].lower(), r["cdmFieldName"].lower(), r["conceptId"].replace(" ", "")) for r in rows(folder / "OMOP_CDMv5.4_Concept_Level.csv")
              if r["plausibleGender"].strip() or r["plausibleGenderUseDescendants"].strip() or r["plausibleUnitConceptIdsThreshold"].strip()}
    c.equal(ours ^ theirs, set(), "concept checks")


def audited(folder, *more):
    out = pathlib.Path(folder) / "out"
    done = run("audit", CDM, "--vocabulary", VOCABULARY, "--pack", "omop-dqd", "--as-of", DAY, "--out", out, "-q", *more)
    return done, out


def agree(c, out, golden):
    data = json.loads((out / "dqd.json").read_text(encoding="utf-8"))
    ours = {r["checkId"]: r for r in data["CheckResults"]}
    c.equal(set(ours) ^ set(golden), set(), "check ids")
    differ = []
    for check, want in golden.items():
        got = ours.get(check)
        if got is None:
            continue
        same = (str(got.get("numViolatedRows", "")), str(got.get("numDenominatorRows", ""))) == (want["num_violated_rows"], want["num_denominator_rows"])
        same = same and str(got.get("thresholdValue", "")) == want["threshold_value"]
        for key, column in (("failed", "failed"), ("passed", "passed"), ("isError", "is_error"), ("notApplicable", "not_applicable")):
            same = same and str(got[key]) == want[column]
        same = same and got.get("notApplicableReason", "").replace(" ", "") == want["not_applicable_reason"].replace(" ", "")
        if not same:
            differ.append(check)
    c.equal(differ[:10], [], f"checks that differ from the golden results ({len(differ)})")
    return data


def overview(c, data):
    want = json.loads((GOLDEN / "overview.json").read_text(encoding="utf-8"))["one_row_per_check_id"]["Overview"]
    for key, value in want.items():
        c.equal(data["Overview"][key], [value], f"Overview.{key}")
    c.check(all(isinstance(data[key], list) for key in ("startTimestamp", "endTimestamp", "executionTime", "executionTimeSeconds", "CheckResults", "Metadata")), "scalars in arrays")


def main():
    c = Checks()
    published(c)
    if not GOLDEN.exists() or not CDM.exists():
        c.skip("no golden results of DataQualityDashboard here")
        c.end()
    golden = {r["check_id"]: r for r in rows(GOLDEN / "dqd_golden.csv")}
    with work() as folder:
        done, out = audited(folder)
        c.equal(done.code, 0, f"audit ({done.err[-300:]})")
        agree(c, out, golden)
        done, out = audited(folder, "--set", "negative_integers=violate")  # as PostgreSQL counts; no negative number is in this CDM
        data = agree(c, out, golden)
        overview(c, data)
        dqd = json.loads((out / "conformance.json").read_text(encoding="utf-8"))["packs"][0]["dqd"]
        c.equal((dqd["overview_percent_passed"], dqd["viewer_percent_pass"], dqd["viewer_corrected_percent_pass"], dqd["plain_percent"]), (98.06, 98, 97, 96.51), "the four percentages")
        first = {p.name: p.read_bytes() for p in out.iterdir()}
        audited(folder, "--set", "negative_integers=violate", "-j", "1")
        c.check({p.name: p.read_bytes() for p in out.iterdir()} == first, "same bytes with one thread")
        done, out = audited(folder, "--with-vocabulary")
        c.equal(len(json.loads((out / "dqd.json").read_text(encoding="utf-8"))["CheckResults"]), 2533, "checks with the vocabulary tables")
    c.end()


if __name__ == "__main__":
    main()
