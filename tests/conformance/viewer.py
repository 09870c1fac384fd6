#!/usr/bin/env python3
"""dqd.json as DataQualityDashboard's viewer reads it: which members its scripts take (loadResults.js, dqDashboardComponent.js, dqMetadataComponent.js and
dqMetadataHeading.js of 2.8, camel case), of which type, and that its table of passed, failed, not applicable and error adds up to ours."""
import datetime
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from criteria import *

TEXT, NUMBER, FLAG = (str,), (int, float), "flag"
NEEDED = {"checkId": TEXT, "checkName": TEXT, "checkDescription": TEXT, "checkLevel": TEXT, "category": TEXT, "context": TEXT, "cdmTableName": TEXT, "sqlFile": TEXT,
          "queryText": TEXT, "failed": FLAG, "passed": FLAG, "isError": FLAG, "notApplicable": FLAG}
SOMETIMES = {"subcategory": TEXT, "cdmFieldName": TEXT, "conceptId": (str, int), "unitConceptId": (str, int), "numViolatedRows": NUMBER, "pctViolatedRows": NUMBER, "numDenominatorRows": NUMBER,
             "thresholdValue": NUMBER, "notApplicableReason": TEXT, "error": TEXT, "executionTime": TEXT, "warning": TEXT, "notesValue": TEXT}
METADATA = {"cdmSourceName", "sourceDescription", "cdmHolder", "sourceReleaseDate", "cdmReleaseDate", "cdmVersion", "vocabularyVersion", "dqdVersion"}
OVERVIEW = {"countTotal", "countPassed", "countErrorFailed", "countThresholdFailed", "countOverallFailed", "percentPassed", "percentFailed"} | {
    f"count{what}{category}" for what in ("Total", "Failed", "Passed") for category in ("Plausibility", "Conformance", "Completeness")}
LEVELS, CONTEXTS, CATEGORIES = {"TABLE", "FIELD", "CONCEPT"}, {"Verification", "Validation"}, {"Plausibility", "Conformance", "Completeness"}


def fits(value, kind):
    return value in (0, 1) and not isinstance(value, bool) if kind == FLAG else isinstance(value, kind) and not isinstance(value, bool)


def check_rows(c, checks):
    c.check(len({r["checkId"] for r in checks}) == len(checks), "checkId is there once")
    for name, kind in NEEDED.items():
        wrong = [r.get("checkId") for r in checks if not fits(r.get(name), kind)]
        c.equal(wrong[:3], [], f"CheckResults.{name}")
    for name, kind in SOMETIMES.items():
        wrong = [r["checkId"] for r in checks if name in r and not fits(r[name], kind)]
        c.equal(wrong[:3], [], f"CheckResults.{name}, where it is")
    c.equal(sorted({k for r in checks for k in r} - set(NEEDED) - set(SOMETIMES) - {"severity"}), [], "members the viewer does not know")
    c.check({r["checkLevel"] for r in checks} == LEVELS and {r["context"] for r in checks} == CONTEXTS and {r["category"] for r in checks} == CATEGORIES, "levels, contexts, categories")
    c.check(all("cdmFieldName" in r for r in checks if r["checkLevel"] != "TABLE") and all("conceptId" in r for r in checks if r["checkLevel"] == "CONCEPT"), "fields and concepts have their names")
    c.check(all(0 <= r["pctViolatedRows"] <= 1 for r in checks if "pctViolatedRows" in r), "pctViolatedRows is a share: the viewer multiplies by 100 itself")
    c.check(all(r["passed"] + r["failed"] + (r["isError"] or r["notApplicable"]) >= 1 and r["passed"] + r["failed"] <= 1 for r in checks), "every check has a state")
    c.check(all(r["notApplicable"] == ("notApplicableReason" in r) for r in checks), "NOT APPLICABLE has its reason")


def check_totals(c, data, ours):
    checks, overview = data["CheckResults"], {k: v[0] for k, v in data["Overview"].items()}
    count = lambda **want: sum(all(r[k] == v for k, v in want.items()) for r in checks)
    # As the viewer's table counts: passed, not applicable, error and failed of each category.
    c.equal((overview["countTotal"], overview["countThresholdFailed"] + overview["countErrorFailed"]), (len(checks), count(failed=1)), "totals")
    c.equal([overview[f"countPassed{k}"] for k in sorted(CATEGORIES)], [count(category=k, passed=1) for k in sorted(CATEGORIES)], "passed by category")
    c.equal([overview[f"countTotal{k}"] for k in sorted(CATEGORIES)], [count(category=k) for k in sorted(CATEGORIES)], "totals by category")
    passed, total = count(passed=1) + count(notApplicable=1), len(checks)
    c.equal(ours["viewer_percent_pass"], int(100 * passed / total + 0.5), "the viewer's percentage")
    errors = sum(r["isError"] for r in checks)
    c.equal(ours["viewer_corrected_percent_pass"], int(100 * count(passed=1) / (total - errors - count(notApplicable=1)) + 0.5), "the viewer's corrected percentage")


def main():
    c = Checks()
    with work() as folder:
        folder = pathlib.Path(folder)
        with Duck(folder / "made.duckdb") as duck:
            duck.sql(schema_sql() + (HERE / "base.sql").read_text(encoding="utf-8") + "drop table specimen; update person set year_of_birth = 1700 where person_id = 1;")
        done = run("audit", folder / "made.duckdb", "--pack", "omop-dqd", "--as-of", DAY, "--out", folder / "out", "-q")
        c.equal(done.code, 0, "audit")
        data = json.loads((folder / "out" / "dqd.json").read_text(encoding="utf-8"))
        c.equal(set(data), {"startTimestamp", "endTimestamp", "executionTime", "executionTimeSeconds", "CheckResults", "Metadata", "Overview"}, "members of the file")
        for name in ("startTimestamp", "endTimestamp"):
            c.check(isinstance(data[name], list) and len(data[name]) == 1 and datetime.datetime.fromisoformat(data[name][0].replace("Z", "+00:00")), f"{name} is an array of one time")
        c.check(isinstance(data["executionTime"], list) and isinstance(data["executionTime"][0], str) and fits(data["executionTimeSeconds"][0], NUMBER), "execution time")
        c.check(isinstance(data["Metadata"], list) and len(data["Metadata"]) == 1 and METADATA <= set(data["Metadata"][0]), "Metadata is one row of cdm_source")
        c.check(all(isinstance(v, str) for v in data["Metadata"][0].values()), "Metadata holds texts")
        c.check(OVERVIEW <= set(data["Overview"]) and all(isinstance(v, list) and len(v) == 1 and fits(v[0], NUMBER) for v in data["Overview"].values()), "Overview holds arrays of one number")
        check_rows(c, data["CheckResults"])
        check_totals(c, data, json.loads((folder / "out" / "conformance.json").read_text(encoding="utf-8"))["packs"][0]["dqd"])
    c.end()


if __name__ == "__main__":
    main()
