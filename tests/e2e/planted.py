#!/usr/bin/env python3
"""A made-up CDM with faults planted for every kind of DQD check, and every one of the 2,374 checks counted again here in plain Python,
row by row. The CDM is made from a fixed seed; nothing of it is anybody's data."""
import csv
import datetime
import json
import pathlib
import random
from collections import Counter

from common import *

PACK = ROOT / "schemas" / "conformance" / "omop-dqd"
DAY = datetime.date(2026, 11, 25)
FREE = {"note_nlp", "dose_era", "metadata"}  # tables that are not delivered, and one that is empty
CONCEPTS = {0: ("Metadata", "Undefined", None, None), 8507: ("Gender", "Gender", "S", None), 8532: ("Gender", "Gender", "S", None), 9201: ("Visit", "Visit", "S", None),
            201826: ("Condition", "Clinical Finding", "S", None), 4000001: ("Condition", "Clinical Finding", None, None), 4000002: ("Condition", "Clinical Finding", "S", "U"),
            1125315: ("Drug", "Ingredient", "S", None), 1125316: ("Drug", "Clinical Drug", "S", None), 3004249: ("Measurement", "Lab Test", "S", None), 8876: ("Unit", "Unit", "S", None)}


def rows(name):
    with open(PACK / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def schema():
    tables = {}
    with open(ROOT / "schemas" / "omop-5.4" / "columns.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            tables.setdefault(row["table"], []).append((row["column"], row["type"]))
    return tables


def make(draw, tables, checks):
    """About 40 rows a table, every value drawn from a few right and wrong ones."""
    units = [int(u) for r in checks if r["right_unit"] for u in r["units"].split()[:1]]
    concepts = {}
    for r in checks:
        concepts.setdefault((r["table"], r["field"]), []).append(int(r["concept"].split(",")[0]))
    cdm = {}
    for table, columns in tables.items():
        if table in FREE or table.startswith("cohort") or table in ("concept", "concept_ancestor"):
            continue
        cdm[table] = []
        for number in range(1 if table == "cdm_source" else 40):
            row = {}
            for column, kind in columns:
                if column == table + "_id":
                    row[column] = max(1, number + 1 - (draw.random() < 0.05))
                elif draw.random() < 0.12:
                    row[column] = None
                elif column == "person_id":
                    row[column] = draw.randint(1, 42)
                elif column.endswith("visit_occurrence_id") or column.endswith("visit_detail_id"):
                    row[column] = draw.randint(1, 43)
                elif column.endswith("concept_id") or column.endswith("concept_id_1") or column.endswith("concept_id_2"):
                    mine = concepts.get((table, column), [])
                    row[column] = draw.choice(list(CONCEPTS) + [999999] + draw.sample(mine, min(len(mine), 6)) + (units[:5] + [0, 0, 8876] if column.startswith("unit") else []))
                elif kind == "integer":
                    row[column] = draw.choice([-1, 0, 1, 2, 5, 13, 32, 400, 1849, 1950, 1980, 2027, 2028])
                elif kind == "number":
                    row[column] = draw.choice([-1.5, 0.0, 0.5, 1.0, 250.25])
                elif kind == "date":
                    row[column] = draw.choice([datetime.date(1849, 1, 1), datetime.date(1949, 12, 31)] + [DAY + datetime.timedelta(days=d) for d in (-9000, -68, -61, -60, -8, -7, 0, 1, 2)])
                elif kind == "datetime":
                    row[column] = datetime.datetime.combine(DAY, datetime.time(10, 30)) + datetime.timedelta(days=draw.choice([-30000, -9000, -61, -60, -7, 0, 1, 2]))
                else:
                    row[column] = draw.choice(["a", "b", "B", "c,d", 'quote " inside'])
            cdm[table].append(row)
    cdm["metadata"] = []
    cdm["death"] = cdm["death"][:12]
    for row in cdm["visit_occurrence"][:30]:
        row["visit_start_date"] = DAY - datetime.timedelta(days=draw.choice([60, 68, 0]))
    cdm["concept"] = [dict(concept_id=k, concept_name="x", domain_id=d, vocabulary_id="None", concept_class_id=c, standard_concept=s, concept_code=str(k),
                           valid_start_date=DAY, valid_end_date=DAY, invalid_reason=i) for k, (d, c, s, i) in CONCEPTS.items()]
    first = [r["concept"].split(",")[0] for r in checks if r["descendants"]]
    cdm["concept_ancestor"] = [dict(ancestor_concept_id=int(a), descendant_concept_id=d, min_levels_of_separation=1, max_levels_of_separation=1) for a in first for d in (201826, 4000001)]
    return cdm


def write(cdm, tables, folder):
    folder.mkdir()
    for table, content in cdm.items():
        with open(folder / f"{table}.csv", "w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow([c for c, _ in tables[table]])
            for row in content:
                out.writerow(["" if row[c] is None else row[c] for c, _ in tables[table]])


def day(value):
    return value.date() if isinstance(value, datetime.datetime) else value


def valid(y, m, d):
    try:
        return datetime.date(y, m, d)
    except (ValueError, TypeError):
        return None


class Counts:
    """What each check should find: violated and counted by the definitions, with rows as dictionaries."""

    def __init__(self, cdm):
        self.cdm = cdm
        self.person = Lookup(cdm["person"], "person_id")
        self.death = Lookup(cdm["death"], "person_id")
        self.visit = Lookup(cdm["visit_occurrence"], "visit_occurrence_id")

    def limit(self, text):
        return {"tomorrow": DAY + datetime.timedelta(days=1), "next year": DAY.year + 1}.get(text) or (datetime.date.fromisoformat(text) if "-" in text[1:] else float(text))

    def born(self, p, month, dayless):
        if p["birth_datetime"] is not None:
            return p["birth_datetime"].date()
        if month == 6:
            return valid(p["year_of_birth"], 6, 1)
        return valid(p["year_of_birth"], 1 if p["month_of_birth"] is None else p["month_of_birth"], 1 if p["day_of_birth"] is None else p["day_of_birth"])

    def field(self, name, r):
        t, f = r["table"], r["field"]
        content = self.cdm[t]
        values = [x[f] for x in content]
        filled = [v for v in values if v is not None]
        every = len(content)
        concept = lambda v: CONCEPTS.get(v) if v else None
        week = datetime.timedelta(days=7)
        later = lambda v, d: d["death_date"] is not None and day(v) > d["death_date"] + datetime.timedelta(days=60)
        if name in ("required", "filled"):
            return values.count(None), every
        if name == "integer":
            return 0, every
        if name == "key":
            return sum(n for n in Counter(filled).values() if n > 1), every
        if name == "refers":
            known = {x[r["to_field"]] for x in self.cdm.get(r["to_table"], [])}
            return sum(v not in known for v in filled), every
        if name == "in_domain":
            return sum(bool(concept(v)) and concept(v)[0] != r["domain"] for v in filled), every
        if name == "in_class":
            return sum(bool(concept(v)) and concept(v)[1] != r["class"] for v in filled), every
        if name == "standard":
            return sum(bool(concept(v)) and (concept(v)[2] != "S" or concept(v)[3] is not None) for v in filled), len(filled)
        if name in ("mapped", "source_mapped"):
            source = [x[r["source"]] if r["source"] else None for x in content]
            return sum(v == 0 or (v is None and s is not None) for v, s in zip(values, source)), sum(v is not None or s is not None for v, s in zip(values, source))
        if name == "values_mapped":
            return len({x[f] for x in content if x[r["concept"]] == 0}), len(set(values))
        if name in ("not_below", "not_above"):
            limit = self.limit(r["low"] if name == "not_below" else r["high"])
            values = [day(v) if isinstance(limit, datetime.date) else v for v in filled]
            return sum(v < limit if name == "not_below" else v > limit for v in values), len(filled)
        if name == "after_birth_year":
            return sum(self.born(p, 6, 1) is not None and self.born(p, 6, 1) > day(x[f]) for x in content if x[f] is not None for p in self.person[x["person_id"]]), every
        if name == "after":
            return sum(x[f] is not None and x[r["after_field"]] is not None and day(x[r["after_field"]]) > day(x[f]) for x in content), every
        if name == "in_life":
            return (sum(later(x[f], d) for x in content if x[f] is not None for d in self.death[x["person_id"]]), sum(bool(self.death[x["person_id"]]) for x in content))
        if name == "before_death":
            pairs = [(x[f], d) for x in content if x[f] is not None for d in self.death[x["person_id"]]]
            return sum(later(v, d) for v, d in pairs), len(pairs)
        if name == "in_visit":
            pairs = [(x[f], v) for x in content for v in self.visit[x["visit_occurrence_id"]]]
            out = lambda d, v: d is not None and ((v["visit_start_date"] is not None and d < v["visit_start_date"] - week) or (v["visit_end_date"] is not None and d > v["visit_end_date"] + week))
            return sum(out(d, v) for d, v in pairs), len(pairs)
        if name == "after_birth":
            return sum(self.born(p, 1, 1) is not None and day(x[f]) < self.born(p, 1, 1) for x in content if x[f] is not None for p in self.person[x["person_id"]]), len(filled)
        if name == "before_end":
            both = [(day(x[f]), day(x[r["end_field"]])) for x in content if x[f] is not None and x[r["end_field"]] is not None]
            return sum(a > b for a, b in both), len(both)
        raise KeyError(name)

    def concept(self, name, r):
        t, f = r["table"], r["field"]
        ids = {int(x) for x in r["concept"].split(",")}
        if name == "descendants":
            mine = [x for x in self.cdm[t] for a in self.cdm["concept_ancestor"] if a["descendant_concept_id"] == x[f] and a["ancestor_concept_id"] in ids]
        else:
            mine = [x for x in self.cdm[t] if x[f] in ids]
        if name == "right_unit":
            allowed = {int(u) for u in r["units"].split()}
            counted = [x for x in mine if x["unit_concept_id"] != 0]
            return sum(x["unit_concept_id"] is not None and x["unit_concept_id"] not in allowed for x in counted), len(counted)
        gender = int(r["gender"])
        return sum(p["gender_concept_id"] is not None and p["gender_concept_id"] != gender for x in mine for p in self.person[x["person_id"]]), len(mine)

    def table(self, name, t):
        people = [x["person_id"] for x in self.cdm["person"]]
        if name == "persons":
            there = {x["person_id"] for x in self.cdm[t]}
            return sum(p not in there or p is None for p in people), len(people)
        if name == "eras":
            those = {x["person_id"] for x in self.cdm["condition_occurrence"] if x["condition_concept_id"] not in (None, 0)}
            there = {x["person_id"] for x in self.cdm[t]} - {None}
            return sum(p not in there for p in those), len(those)
        periods = self.cdm[t]
        one = datetime.timedelta(days=1)
        bad = set()
        for p in periods:
            for q in periods:
                if p["person_id"] is None or p["person_id"] != q["person_id"] or p["observation_period_id"] == q["observation_period_id"]:
                    continue
                a, b, c, d = p["observation_period_start_date"], p["observation_period_end_date"], q["observation_period_start_date"], q["observation_period_end_date"]
                if (None not in (a, b, c, d) and a <= d and b >= c) or (b and c and b + one == c) or (d and a and d + one == a):
                    bad.add(p["person_id"])
        return len(bad), len({p["person_id"] for p in periods} - {None})


class Lookup:
    def __init__(self, content, key):
        self.found = {}
        for row in content:
            if row[key] is not None:
                self.found.setdefault(row[key], []).append(row)

    def __getitem__(self, key):
        return self.found.get(key, [])


def expected(cdm):
    """check id -> (violated, counted), for every check over tables that are delivered and not empty."""
    counts, out = Counts(cdm), {}
    for criterion in rows("criteria.csv"):
        file, _, column = criterion["for"].partition(":")
        if not column:
            continue
        for r in rows(file):
            if r[column] == "" or r.get("only") or not cdm.get(r["table"]):
                continue
            ident = criterion["id"].replace("{table}", r["table"]).replace("{field}", r.get("field", "")).replace("{concept}", r.get("concept", ""))
            needs = [r.get("source"), r.get("concept") if column == "values_mapped" else None]
            if file == "tables.csv":
                out[ident] = counts.table(column, r["table"])
            elif file == "concepts.csv":
                out[ident] = counts.concept(column, r)
            elif r["field"] in cdm[r["table"]][0] and all(not n or n in cdm[r["table"]][0] for n in needs) and not (column == "refers" and r["to_table"] not in cdm):
                out[ident] = counts.field(column, r)
    return out


def main():
    c = Checks()
    tables = schema()
    kinds = Counter()
    with work() as folder:
        folder = pathlib.Path(folder)
        for seed in (1, 2, 3):
            cdm = make(random.Random(seed), tables, rows("concepts.csv"))
            if seed == 3:  # unique keys: then every join is shared
                for table, key in (("person", "person_id"), ("visit_occurrence", "visit_occurrence_id")):
                    cdm[table] = list({x[key]: x for x in cdm[table] if x[key] is not None}.values())
                cdm["death"] = list({x["person_id"]: x for x in cdm["death"]}.values())
            write(cdm, tables, folder / f"cdm{seed}")
            out = folder / f"out{seed}"
            done = run("audit", folder / f"cdm{seed}", "--pack", "omop-dqd", "--as-of", DAY, "--out", out, "-q")
            c.equal(done.code, 0, f"audit ({done.err[-300:]})")
            got = {r["checkId"]: r for r in json.loads((out / "dqd.json").read_text(encoding="utf-8"))["CheckResults"]}
            differ = []
            for check, want in expected(cdm).items():
                row = got.get(check, {})
                if (row.get("numViolatedRows"), row.get("numDenominatorRows")) != want:
                    differ.append((check, (row.get("numViolatedRows"), row.get("numDenominatorRows")), want))
                if want[0] > 0:
                    kinds[row.get("checkName")] += 1
            c.equal(differ[:5], [], f"seed {seed}: checks whose counts differ ({len(differ)} of {len(expected(cdm))})")
            if seed == 3:
                run("audit", folder / "cdm3", "--pack", "omop-dqd", "--as-of", DAY, "--out", out, "-q", "--set", "negative_integers=violate")
                got = {r["checkId"]: r for r in json.loads((out / "dqd.json").read_text(encoding="utf-8"))["CheckResults"]}
                wrong = [r["field"] for r in rows("fields.csv") if r["integer"] and not r["only"] and cdm.get(r["table"]) and
                         got[f"field_cdmdatatype_{r['table']}_{r['field']}"]["numViolatedRows"] != sum(x[r["field"]] is not None and x[r["field"]] < 0 for x in cdm[r["table"]])]
                c.equal(wrong, [], "negative whole numbers, counted as PostgreSQL does")
            # Without value: a table that is not delivered, and what depends on it.
            c.equal((got["table_cdmtable_note_nlp"]["failed"], got["field_cdmfield_note_nlp_note_id"]["notApplicable"]), (1, 1), "a missing table")
            c.equal(got["field_isrequired_metadata_metadata_concept_id"]["notApplicableReason"], "Table METADATA is empty.", "an empty table")
    for name in {r["check"] for r in rows("criteria.csv")} - {"cdmTable", "cdmField", "cdmDatatype"}:
        c.check(kinds[name] > 0, f"{name} found a planted fault")
    c.end()


if __name__ == "__main__":
    main()
