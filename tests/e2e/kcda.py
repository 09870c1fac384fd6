#!/usr/bin/env python3
"""Exchange documents of the invented hospital, all types in the forms of two products: the hospital's own persons and diagnoses come back, the
pack kr-cda is decided by them, and what is broken on purpose is found."""
import csv
import pathlib
import sys
import tempfile

from common import *

sys.path.insert(0, str(ROOT / "testdata"))
import make_kcda  # noqa: E402
import make_korea  # noqa: E402


def audit(place, warehouse, out):
    done = run("audit", warehouse, "--pack", "kr-cda", "--as-of", "2026-11-26", "--out", place / out, "-q")
    assert done.code == 0, done.err[-600:]
    with open(place / out / "results.csv", encoding="utf-8", newline="") as file:
        return {row["criterion"]: row for row in csv.DictReader(file)}


def check_whole(c, place, vocab, hospital, made):
    done = convert([place / "docs"], place, vocab, map="korea/k-cda", name="docs.cdm")
    c.equal(done.code, 0, f"{len(made)} documents convert: {done.err[-400:]}")
    cdm = place / "docs.cdm"
    c.equal({kind for _, kind, _, _ in made}, {kind for kind, _, _ in make_kcda.TYPES}, "every document type is made")
    c.equal({product for _, _, product, _ in made}, {"a", "b"}, "by both products")
    of = {row["person_id"]: row["person_source_value"] for row in table(cdm, "person")}
    people = {(row["person_source_value"], row["gender_concept_id"], row["year_of_birth"], row["month_of_birth"], row["day_of_birth"]) for row in table(cdm, "person")}
    want = {(no, "8532" if p["female"] else "8507", str(p["birth"].year), str(p["birth"].month), str(p["birth"].day)) for no, p in hospital.people.items()}
    c.check(people == want, "the persons are those of the hospital")
    told = [v for _, kind, _, v in made if kind in ("referral", "transfer", "reply", "summary", "move")]
    want = {(v["person"]["no"], code.replace(".", ""), v["start"].date().isoformat()) for v in told for code in v["codes"]}
    got = {(of[row["person_id"]], row["condition_source_value"], row["condition_start_date"]) for row in table(cdm, "condition_occurrence")}
    got |= {(of[row["person_id"]], row["observation_source_value"], row["observation_date"]) for row in table(cdm, "observation") if row["observation_source_value"] == "Z000"}
    c.check(got == want, f"the diagnoses are those of the visits: {len(got)} of {len(want)}")
    c.check(all(row["condition_concept_id"] != "0" and row["visit_occurrence_id"] for row in table(cdm, "condition_occurrence")), "all are coded and belong to their visit")
    want = {(v["person"]["no"], v["start"].date().isoformat(), v["end"].date().isoformat()) for v in told}
    got = {(of[row["person_id"]], row["visit_start_date"], row["visit_end_date"]) for row in table(cdm, "visit_occurrence")}
    c.check(got == want, "the visits are those the documents are about")
    drugs = [(kind, v) for _, kind, _, v in made if kind in ("referral", "transfer", "reply", "summary")]
    c.equal(len(table(cdm, "drug_exposure")), sum(len({edi for _, edi in v["drugs"]}) for _, v in drugs), "every drug is there, as EDI or KD")
    c.check(all(row["drug_concept_id"] != "0" for row in table(cdm, "drug_exposure")), "and is coded")
    ranges = [row for row in table(cdm, "measurement") if row["measurement_source_value"] in make_korea.LOINC.values()]
    c.check(ranges and all(row["range_low"] != "" and row["range_high"] != "" for row in ranges), "reference ranges come as numbers from both forms")
    c.check(any(row["value_source_value"] == "Negative(-)" for row in table(cdm, "measurement")), "results in words stay words")
    consents = [row["observation_source_value"] for row in table(cdm, "observation") if row["observation_source_value"].startswith("1.2.410.100110.40.2.2.1.")]
    c.equal(len(consents), sum(kind in ("consent", "withdrawal") for _, kind, _, _ in made), "consents and withdrawals")
    results = audit(place, place / "docs.cdm.w", "ready")
    c.equal({k: row["state"] for k, row in results.items() if row["state"] != "pass"}, {"move-assessment": "not_observable"}, "every criterion that documents can decide is decided and holds")


BROKEN = [  # what to replace in documents of a type, which criterion must fail
    ("referral", '<realmCode code="KR"/>', "", "header-realm"),
    ("referral", "<receivedOrganization>", "<x>", None),
    ("reply", 'code="N" codeSystem="2.16.840.1.113883.5.25"', 'nullFlavor="NI"', "header-confidentiality"),
    ("transfer", "+0900", "", "header-time"),
    ("consent", ".40.2.2.2.", ".40.2.9.9.", "consent-policy"),
    ("withdrawal", ".40.2.2.2.", ".40.2.9.9.", "withdrawal-policy"),
    ("move", "<name>가상의원</name>", "", "move-recipient"),
    ("imaging", "<languageCode", "<other", "header-language"),
    ("summary", "<legalAuthenticator>", "<other>", None),
]


def check_broken(c, place, vocab, made):
    """One defect at a time in the documents of one type: its criterion fails, no other does."""
    for number, (kind, old, new, criterion) in enumerate(BROKEN):
        folder = place / f"broken{number}"
        folder.mkdir()
        for name, one, product, _ in made:
            data = (place / "docs" / name).read_bytes()
            if one == kind:
                encoding = "cp949" if product == "b" else "utf-8"
                data = data.decode(encoding).replace(old, new).encode(encoding)
            (folder / name).write_bytes(data)
        done = convert([folder], place, vocab, map="korea/k-cda", name=f"out{number}")
        if criterion is None:  # no longer well-formed: refused, the others convert
            refused = run("quarantine", "list", "--warehouse", place / f"out{number}.w").out.count("R145")
            c.equal(refused, sum(one == kind for _, one, _, _ in made), f"{kind} documents that are not well-formed are refused, each by itself")
            continue
        results = audit(place, place / f"out{number}.w", f"audit{number}")
        c.equal(sorted(k for k, row in results.items() if row["state"] == "fail"), [criterion], f"{kind} documents without {old!r}")


def main():
    c = Checks()
    with tempfile.TemporaryDirectory(prefix="pyojun-kcda-") as place:
        place = pathlib.Path(place)
        hospital = make_korea.Hospital(48)
        made = make_kcda.write(hospital, place / "docs")
        vocab = vocabulary(place)
        check_whole(c, place, vocab, hospital, made)
        check_broken(c, place, vocab, made)
    c.end()


if __name__ == "__main__":
    main()
