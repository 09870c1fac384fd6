#!/usr/bin/env python3
"""Two sample certification reports of the invented Korean hospital: one that is ready, one that is not. They are made anew here and compared byte
for byte with docs/samples/korea. `korea_reports.py --write` makes them after a change that was meant. And what the generator breaks for the score
is exactly what fails: no criterion more, none less."""
import csv
import pathlib
import shutil
import subprocess
import sys
import tempfile

from common import *

SAMPLES = ROOT / "docs" / "samples" / "korea"
REPORTED = ["kr-emr-2025", "kr-cdi-2"]
CHECKED = REPORTED + ["my-healthway-1", "k-cure", "kr-cda", "privacy"]
# Files of an audit that the samples keep; the rest are lists for machines.
KEPT = ("conformance.json", "report.html")
FIXED = {"SOURCE_DATE_EPOCH": "1767225600"}  # 2026-01-01


def hospital(place, state):
    """The hospital, converted: its warehouse. Names are relative, so no report holds a path of this machine."""
    subprocess.run([sys.executable, ROOT / "testdata" / "make_korea.py", place / state, "300", state], check=True, capture_output=True)
    done = run("convert", f"{state}/vendor-a", f"{state}/claims", f"{state}/fhir", "--map", "korea/combined", "--vocab", "vocab.snapshot", "--to", f"csv:{state}.cdm", "--source-name", "표준 가상병원",
               "--warehouse", f"{state}.warehouse", "-q", cwd=place, env=FIXED)
    assert done.code in (0, 3), done.err[-600:]
    return f"{state}.warehouse"


def audit(place, warehouse, packs, out, *more):
    done = run("audit", warehouse, "--pack", ",".join(packs), "--out", out, "-q", *more, cwd=place, env=FIXED)
    assert done.code == 0, done.err[-600:]
    with open(place / out / "results.csv", encoding="utf-8", newline="") as file:
        return {(row["pack"], row["criterion"]): row for row in csv.DictReader(file)}


def verdict(place, out, pack):
    report = json.loads((place / out / "conformance.json").read_text(encoding="utf-8"))
    found = next(p for p in report["packs"] if p["id"] == pack)
    return found["score"], found["verdict"]


def check_planted(c, place, results):
    """Failures beyond those of the hospital without defects, against the generator's list."""
    def planted_in(state):
        with open(place / state / "defects.csv", encoding="utf-8", newline="") as file:
            return {tuple(code.split("/", 1)) for row in csv.DictReader(file) if row["found_by"] == "score" for code in row["code"].split()}

    planted = planted_in("many")
    failed = {state: {key for key, row in results[state].items() if row["state"] in ("fail", "error")} for state in results}
    c.check(len(planted) > 40, f"the generator plants defects for the score: {len(planted)}")
    c.equal(sorted(planted - (failed["many"] - failed["none"])), [], "every defect planted for the score fails its criterion")
    c.equal(sorted(failed["many"] - failed["none"] - planted), [], "no other criterion fails")
    c.equal(sorted(failed["few"] - failed["none"]), sorted(planted_in("few")), "the few broken rows are in quarantine, counts and notes; no criterion fails for them but the planted one")
    c.equal(sorted(planted_in("few")), [("kr-emr-2025", "KF-02-conflict")], "two persons under one number are never few enough")
    for pack in REPORTED:
        c.equal(sorted(key for key in failed["none"] if key[0] == pack and key[1] != "KS-03"), [], f"the hospital without defects fails nothing of {pack}")


# Fields whose text the rules leave behind: there is nothing to look into.
LEFT_BEHIND = ("KS-01-observation-value_as_string", "KS-01-note-note_title", "KS-01-note-note_text", "KS-01-location-address_1", "KS-01-provider-provider_name",
               "KS-05-condition_occurrence-stop_reason", "KS-05-drug_exposure-stop_reason", "KS-05-note-note_title", "KS-05-note_nlp-snippet", "KS-05-observation-value_as_string",
               "KS-05-observation-value_source_value")


def check_decided(c, results):
    """Every criterion that data can decide is decided by the hospital's data; kr-cda, which asks exchange documents, by theirs (korea.py)."""
    for pack in ("kr-emr-2025", "kr-cdi-2", "my-healthway-1", "k-cure"):
        with open(ROOT / "schemas" / "conformance" / pack / "criteria.csv", encoding="utf-8", newline="") as file:
            stated = {row["id"] for row in csv.DictReader(file) if row["kind"] == "stated"}
        undecided = [criterion for (one, criterion), row in results.items() if one == pack and row["state"] not in ("pass", "fail")]
        c.equal(sorted(set(undecided) - stated - set(LEFT_BEHIND)), [], f"{pack}: nothing is undecided for want of data")


def compare(c, place, out, name, write):
    target = SAMPLES / name
    if write:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for kept in KEPT:
            if (place / out / kept).exists():
                shutil.copy(place / out / kept, target / kept)
        return
    files = {path.name for path in target.iterdir()} if target.exists() else set()
    c.equal(files, {kept for kept in KEPT if (place / out / kept).exists()}, f"the files of docs/samples/korea/{name}")
    for file in sorted(files):
        c.check((target / file).read_bytes() == (place / out / file).read_bytes(), f"docs/samples/korea/{name}/{file} is what the program makes (korea_reports.py --write makes it anew)")


def main():
    c = Checks()
    write = "--write" in sys.argv
    with tempfile.TemporaryDirectory(prefix="pyojun-korea-") as place:
        place = pathlib.Path(place)
        vocabulary(place)
        results = {}
        for state in ("none", "few", "many"):
            warehouse = hospital(place, state)
            results[state] = audit(place, warehouse, CHECKED, f"{state}.all")
            audit(place, warehouse, REPORTED, f"{state}.audit", "--lang", "ko")
        check_planted(c, place, results)
        check_decided(c, results["none"])
        for pack in REPORTED:
            score, words = verdict(place, "none.audit", pack)
            c.check(score >= 95 and words == "ready", f"the hospital without defects is ready for {pack}: {score} {words}")
        score, words = verdict(place, "many.audit", "kr-emr-2025")
        c.check(words.startswith("not ready"), f"the broken hospital is not ready: {score} {words}")
        clinic = audit(place, "none.warehouse", ["kr-emr-2025"], "clinic", "--set", "institution=clinic")
        c.equal(clinic["kr-emr-2025", "KF-07"]["state"], "not_applicable", "criteria of inpatient care do not apply to a clinic")
        compare(c, place, "none.audit", "ready", write)
        compare(c, place, "many.audit", "not-ready", write)
        numbers = {person.split(b"|")[2] for person in (place / "many" / "vendor-a" / "PTBASM.DAT").read_bytes().splitlines()[1:]}
        for path in sorted(SAMPLES.rglob("*.*")):
            c.check(not any(n and n[:8] in path.read_bytes() for n in numbers), f"no registration number in {path.name}")
    c.end()


if __name__ == "__main__":
    main()
