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
    c.equal(sorted({k for r in checks for k in r} - set(NEEDED) - set(SOMETIMES)), [], "members the viewer does not know")
    c.check({r["checkLevel"] for r in checks} == LEVELS and {r["context"] for r in checks} == CONTEXTS and {r["category"] for r in checks} == CATEGORIES, "levels, contexts, categories")
    c.check(all("cdmFieldName" in r for r in checks if r["checkLevel"] != "TABLE") and all("conceptId" in r for r in checks if r["checkLevel"] == "CONCEPT"), "fields and concepts have their names")
    c.check(all(0 <= r["pctViolatedRows"] <= 1 for r in checks if "pctViolatedRows" in r), "pctViolatedRows is a share: the viewer multiplies by 100 itself")
    c.check(all(r["passed"] + r["failed"] + (r["isError"] or r["notApplicable"]) >= 1 and r["passed"] + r["failed"] <= 1 for r in checks), "every check has a state")
    c.check(all(r["notApplicable"] == (r["notApplicableReason"] != "") for r in checks), "NOT APPLICABLE has its reason")


def check_totals(c, data, ours):
    checks, overview = data["CheckResults"], {k: v[0] for k, v in data["Overview"].items()}
    count = lambda **want: sum(all(r[k] == v for k, v in want.items()) for r in checks)
    # As the viewer's table counts: passed, not applicable, error and failed of each category.
    c.equal((overview["countTotal"], overview["countThresholdFailed"], overview["countErrorFailed"]), (len(checks), count(failed=1), count(isError=1)), "totals")
    c.equal([overview[f"countPassed{k}"] for k in sorted(CATEGORIES)], [count(category=k, passed=1) for k in sorted(CATEGORIES)], "passed by category")
    c.equal([overview[f"countTotal{k}"] for k in sorted(CATEGORIES)], [count(category=k) for k in sorted(CATEGORIES)], "totals by category")
    passed, total = count(passed=1) + count(notApplicable=1), len(checks)
    c.equal(ours["viewer_percent_pass"], int(100 * passed / total + 0.5), "the viewer's percentage")
    errors = sum(r["isError"] for r in checks)
    c.equal(ours["viewer_corrected_percent_pass"], int(100 * count(passed=1) / (total - errors - count(notApplicable=1)) + 0.5), "the viewer's corrected percentage")


# --- what the viewer's own code computes and shows (inst/shinyApps/www of DataQualityDashboard 2.8: loadResults.js, dqDashboardComponent.js, dqMetadata*.js)

def shown_status(r):
    """The column STATUS: an error hides that the check is not applicable too."""
    return "ERROR" if r.get("isError") == 1 else "NOT APPLICABLE" if r.get("notApplicable") == 1 else "FAIL" if r.get("failed") == 1 else "PASS"


def shown_counts(checks):
    """Pass, fail and total of one cell of the overview; both columns count a check that is an error and not applicable."""
    passed = sum((r["passed"] == 1 or r["notApplicable"] == 1) if "passed" in r else r["failed"] == 0 for r in checks)
    failed = sum((r["failed"] == 1 or r["isError"] == 1) if "passed" in r else r["failed"] == 1 for r in checks)
    return passed, failed, len(checks)


def shown_texts(r):
    """Everything a row and its opened details put into the page, by the viewer's names; "undefined" is what the viewer writes for a member that is not there."""
    text = lambda name, otherwise="undefined": str(r[name]) if name in r else otherwise
    threshold = f" (Threshold={r['thresholdValue']}%)" if "thresholdValue" in r else ""
    share = r.get("pctViolatedRows")
    return {"status": shown_status(r), "table": text("cdmTableName"), "field": text("cdmFieldName", "None"), "check": text("checkName"), "category": text("category"),
            "subcategory": r.get("subcategory") or "None", "level": text("checkLevel"), "notes": text("notesValue", ""), "description": text("checkDescription") + threshold,
            "percent": f"{share * 100:.2f}%" if share else "0%", "concept": text("conceptId", ""), "unit": text("unitConceptId", ""), "id": text("checkId"), "violated": text("numViolatedRows"),
            "rows": text("numDenominatorRows"), "time": text("executionTime"), "reason": text("notApplicableReason"), "query": text("queryText"), "error": r.get("error") or ""}


def check_view(c, data, ours, states):
    checks = data["CheckResults"]
    texts = [shown_texts(r) for r in checks]
    c.equal({t["status"] for t in texts}, {"PASS", "FAIL", "NOT APPLICABLE", "ERROR"}, "the sample shows every status")
    wanted = {"pass": {"PASS"}, "fail": {"FAIL"}, "not_applicable": {"NOT APPLICABLE", "ERROR"}, "error": {"ERROR"}}
    c.equal([t["id"] for t in texts if t["status"] not in wanted[states[t["id"]]]][:3], [], "the status shown is the state of results.csv")
    # The viewer writes these into the page as they are: without them a reader would see "undefined", and a "<" that opens a tag would swallow text.
    always = [name for name in texts[0] if name not in ("violated", "rows")]
    c.equal([(t["id"], n) for t in texts for n in always if t[n] == "undefined"][:3], [], "members that would be shown as undefined")
    c.equal([t["id"] for t in texts if t["status"] in ("PASS", "FAIL") and "undefined" in (t["violated"], t["rows"])][:3], [], "counts that would be shown as undefined")
    c.equal([t["id"] for t in texts if max(map(len, t["query"].split("\n"))) > 400][:3], [], "queries that would push the page apart")
    c.equal([(t["id"], n) for t in texts for n in t if re.search(r"<[A-Za-z/!?]", t[n])][:3], [], "texts that would be taken for tags")
    passed, failed, total = shown_counts(checks)
    parts = [shown_counts([r for r in checks if r["context"] == context and r["category"] == category]) for context in sorted(CONTEXTS) for category in sorted(CATEGORIES)]
    c.equal(tuple(map(sum, zip(*parts))), (passed, failed, total), "the cells of the overview add up")
    c.equal(f"{int(100 * passed / total + 0.5)}%", f"{ours['viewer_percent_pass']}%", "the percentage on the overview")
    absent, errors = sum(r["notApplicable"] == 1 for r in checks), sum(r["isError"] == 1 for r in checks)
    c.equal(int(100 * (passed - absent) / (total - errors - absent) + 0.5), ours["viewer_corrected_percent_pass"], "the corrected percentage below it")
    metadata = data["Metadata"][0]
    c.check(metadata["cdmSourceName"] and metadata["dqdVersion"], "the heading has a name and a version")


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
        ours = json.loads((folder / "out" / "conformance.json").read_text(encoding="utf-8"))["packs"][0]["dqd"]
        check_totals(c, data, ours)
        check_view(c, data, ours, {row["criterion"]: row["state"] for row in rows(folder / "out" / "results.csv")})
    c.end()


if __name__ == "__main__":
    main()
