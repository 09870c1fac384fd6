#!/usr/bin/env python3
"""Published truth: from the event tables of OHDSI's Synthea27Nj CDM our SQL derives the eras and periods that were published with them.

Rules of that dataset (ETL-Synthea): eras by a 30-day window, a condition without an end lasts to the next day; one observation period a person,
from the first visit's start to the last visit's end. Its drug_era and dose_era are empty, because its vocabulary shard has no CONCEPT_ANCESTOR and no
DRUG_STRENGTH rows: ours has an era only for exposures to ingredients themselves, and each one is derived again here by other means.
"""
import datetime
import sys

from common import *

TABLES = ["PERSON", "PROVIDER", "VISIT_OCCURRENCE", "VISIT_DETAIL", "CONDITION_OCCURRENCE", "DRUG_EXPOSURE", "PROCEDURE_OCCURRENCE", "DEVICE_EXPOSURE",
          "MEASUREMENT", "OBSERVATION", "DEATH"]


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def day(text):
    return datetime.date.fromisoformat(text[:10])


def ingredient_eras(exposures, ingredients):
    """Non-stockpile drug eras, written once more, from the definition."""
    found = {}
    for row in exposures:
        concept = row["drug_concept_id"]
        if concept in ingredients:
            start, end = day(row["drug_exposure_start_date"]), day(row["drug_exposure_end_date"])
            found.setdefault((row["person_id"], concept), []).append((start, max(start, end)))
    eras = set()
    for key, spans in found.items():
        current = None
        for start, end in sorted(spans):
            if current and (start - current[1]).days <= 30:
                current[1], current[2] = max(current[1], end), current[2] + 1
            else:
                if current:
                    eras.add((*key, *current))
                current = [start, end, 1]
        eras.add((*key, *current))
    return eras


def main():
    source, shard = SHARED / "cdm" / "synthea27nj", SHARED / "vocabulary"
    if not (source / "CONDITION_ERA.csv").exists():
        skip(f"the published CDM is not there: {source}")
    c = Checks()
    with work() as folder:
        vocab = vocabulary(folder, shard)
        done = convert([source / f"{name}.csv" for name in TABLES], folder, vocab, map=ROOT / "tests" / "assembly" / "cdm.map")
        if not c.equal(done.code, 0, f"the published tables are read back: {done.err[-500:]}"):
            c.end()
        cdm = pathlib.Path(folder) / "cdm"
        for name in TABLES:
            c.equal(len(table(cdm, name.lower())), len(rows(source / f"{name}.csv")), f"every row of {name}")
        theirs = {r["person_id"]: r["person_source_value"] for r in rows(source / "PERSON.csv")}
        ours = {r["person_id"]: r["person_source_value"] for r in table(cdm, "person")}

        def eras(records, persons):
            return sorted((persons[r["person_id"]], r["condition_concept_id"], r["condition_era_start_date"][:10], r["condition_era_end_date"][:10],
                           r["condition_occurrence_count"]) for r in records)

        def periods(records, persons):
            return sorted((persons[r["person_id"]], r["observation_period_start_date"], r["observation_period_end_date"], r["period_type_concept_id"])
                          for r in records)

        published = eras(rows(source / "CONDITION_ERA.csv"), theirs)
        c.equal(len(published), 469, "published condition eras")
        c.check(eras(table(cdm, "condition_era"), ours) == published, "all condition eras are derived exactly")
        published = periods(rows(source / "OBSERVATION_PERIOD.csv"), theirs)
        c.equal(len(published), 28, "published observation periods")
        c.check(periods(table(cdm, "observation_period"), ours) == published, "all observation periods are derived exactly")

        c.equal(rows(source / "DRUG_ERA.csv"), [], "the dataset was published without drug eras")
        c.equal(rows(source / "DOSE_ERA.csv"), [], "the dataset was published without dose eras")
        with open(shard / "CONCEPT.csv", encoding="utf-8") as file:
            sample = file.readline()
            file.seek(0)
            concepts = list(csv.DictReader(file, delimiter="\t" if "\t" in sample else ","))
        ingredients = {r["concept_id"] for r in concepts if r["concept_class_id"] == "Ingredient" and r["standard_concept"] == "S"}
        want = ingredient_eras(table(cdm, "drug_exposure"), ingredients)
        got = {(r["person_id"], r["drug_concept_id"], day(r["drug_era_start_date"]), day(r["drug_era_end_date"]), int(r["drug_exposure_count"]))
               for r in table(cdm, "drug_era")}
        c.check(got == want, f"drug eras of ingredients: {len(got)} derived, {len(want)} by hand")
        c.equal(table(cdm, "dose_era"), [], "no drug strengths, no dose eras")
        print(f"469 condition eras, 28 observation periods, {len(got)} drug eras compared")
    c.end()


main()
