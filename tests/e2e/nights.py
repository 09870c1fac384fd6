#!/usr/bin/env python3
"""Thirty nights over a made-up hospital, as delta CSV and as messages: every night ends in exactly the CDM that one clean conversion of all
that was delivered so far gives, ids stay, and the books balance.

The hospital delivers new, corrected, cancelled, merged, late, duplicated, damaged, renamed, replaced and vanishing files. Usage:
nights.py [NIGHTS [SEED...]]"""
import csv
import gzip
import json
import os
import pathlib
import random
import shutil
import sys
import time

from common import Checks, run, table, tree_hash, vocabulary, work

MAPPING = '''mapping test/nights "Nights"
cdm omop-5.4
source delta
dialect
  file persons "persons*.csv"
  file visits "visits*.csv"
  file labs "labs*.csv"
  file notes "notes*.csv"

list finding "cough" -> 254761, "fever" -> 437663

rule persons
  from persons
  into person
    key ID
    alias OLD
    version V
    delete when ACTION = "D"
    person_source_value := ID
    year_of_birth := integer(YEAR)
    gender_concept_id := 8507
    race_concept_id := 0
    ethnicity_concept_id := 0
rule visits
  from visits
  into visit_occurrence
    key ID
    version V
    delete when ACTION = "D"
    person_id := person(PERSON)
    visit_concept_id := 9201
    visit_start_date := date(DAY)
    visit_end_date := date(DAY)
    visit_type_concept_id := 32817
    visit_source_value := ID
rule labs
  from labs
  into measurement
    key ID
    version V
    delete when ACTION = "D"
    person_id := person(PERSON)
    visit_occurrence_id := visit_occurrence(VISIT)
    measurement_concept_id := 0
    measurement_date := date(DAY)
    measurement_type_concept_id := 32817
    value_as_number := number(VALUE)
    measurement_source_value := ID
  also observation
    key "seen", PERSON
    person_id := person(PERSON)
    observation_concept_id := 0
    observation_date := date(DAY)
    observation_type_concept_id := 32817
    observation_source_value := PERSON
rule notes
  from notes
  into condition_occurrence
    person_id := person(PERSON)
    condition_concept_id := list(finding, TEXT) ? 0
    condition_start_date := date(DAY)
    condition_type_concept_id := 32817
    condition_source_value := TEXT
'''
FIELDS = {"persons": ["ID", "OLD", "YEAR", "V", "ACTION"], "visits": ["ID", "PERSON", "DAY", "V", "ACTION"],
          "labs": ["ID", "PERSON", "VISIT", "DAY", "VALUE", "V", "ACTION"], "notes": ["PERSON", "DAY", "TEXT"]}
# What a row is called by, without its id.
NAMES = {"person": "person_source_value", "visit_occurrence": "visit_source_value", "measurement": "measurement_source_value",
         "observation": "observation_source_value"}
TABLES = ["person", "visit_occurrence", "measurement", "observation", "condition_occurrence", "observation_period", "condition_era"]
# Derived person by person, for those that look different, and numbered by these columns.
DERIVED = {"observation_period": ("person_id", "observation_period_start_date"),
           "condition_era": ("person_id", "condition_concept_id", "condition_era_start_date")}


class Hospital:
    """Deliveries of a night as files in a folder. `late` holds files that are written down but come some nights later."""

    def __init__(self, folder, seed, messages):
        self.folder, self.random, self.messages = pathlib.Path(folder), random.Random(seed), messages
        self.folder.mkdir(parents=True)
        self.late, self.number, self.delivered = [], 0, []

    def day(self):
        return f"2024-{self.random.randint(1, 12):02d}-{self.random.randint(1, 28):02d}"

    def row(self, kind):
        r = self.random
        person, visit = f"p{r.randint(1, 40)}", f"v{r.randint(1, 90)}"
        version = str(r.randint(1, 4)) if r.random() < 0.3 else ""
        action = "D" if r.random() < 0.06 else ""
        if kind == "persons":
            old = f"p{r.randint(1, 40)}" if r.random() < 0.08 else ""
            return [person, old, r.choice(["1950", "1971", "1980", "bad"]) if r.random() < 0.2 else "1966", version, action]
        if kind == "visits":
            return [visit, person, self.day() if r.random() > 0.04 else "2024-13-01", version, action]
        if kind == "labs":
            return [f"l{r.randint(1, 200)}", person, visit if r.random() < 0.7 else "", self.day(), str(r.randint(1, 99)) if r.random() > 0.04 else "x", version, action]
        return [person, self.day(), r.choice(["cough", "fever"])]

    def write(self, path, rows):
        if path.suffix == ".gz":
            plain = path.with_suffix("")
            self.write(plain, rows)
            packed = gzip.compress(plain.read_bytes(), mtime=0)
            plain.unlink()
            damaged = self.random.random() < 0.4  # cut short on its way
            path.write_bytes(packed[:self.random.randint(1, len(packed) - 1)] if damaged else packed)
            return
        if self.messages:
            with open(path, "w", encoding="utf-8") as file:
                for kind, row in rows:
                    record = {name: value for name, value in zip(FIELDS[kind], row) if value != ""}
                    file.write(json.dumps({"kind": kind, "record": record}) + "\n")
                if self.random.random() < 0.1:
                    file.write('{"kind": "labs", "record": {')  # cut short
            return
        with open(path, "w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(FIELDS[rows[0][0]])
            out.writerows(row for _, row in rows)
            if self.random.random() < 0.1:
                file.write("only,one")

    def deliver(self):
        self.number += 1
        name = f"{self.random.randint(100, 999)}-{self.number:04d}"  # names do not sort by the night they come in
        if self.messages:
            kinds = [None]
        else:
            kinds = [self.random.choice(list(FIELDS)) for _ in range(self.random.randint(1, 3))] + ["persons"] * (self.number < 4)
        for at, kind in enumerate(dict.fromkeys(kinds)):
            rows = []
            for _ in range(self.random.randint(1, 25)):
                which = kind or self.random.choice(list(FIELDS))
                rows.append((which, self.row(which)))
            path = self.folder / (f"batch-{name}-{at}.jsonl" if self.messages else f"{kind}-{name}.csv")
            if self.random.random() < 0.2:
                path = path.with_name(path.name + ".gz")
            target = self.folder.parent / "late" / path.name if self.random.random() < 0.15 else path
            target.parent.mkdir(exist_ok=True)
            self.write(target, rows)
            if target is not path:
                self.late.append((target, path))
            else:
                self.delivered.append(path)

    def night(self):
        """What happens before a run. Answers the names that vanish."""
        for _ in range(self.random.randint(0, 2)):
            self.deliver()
        for waiting in list(self.late):
            if self.random.random() < 0.3:
                os.rename(*waiting)
                self.delivered.append(waiting[1])
                self.late.remove(waiting)
        there = [path for path in self.delivered if path.exists()]
        if there and self.random.random() < 0.3:  # a file is delivered again with other content
            path = self.random.choice(there)
            kind = None if self.messages else path.name.split("-")[0]
            kinds = [kind or self.random.choice(list(FIELDS)) for _ in range(self.random.randint(1, 20))]
            self.write(path, [(which, self.row(which)) for which in kinds])
        if there and self.random.random() < 0.2:  # the same content under another name
            path = self.random.choice(there)
            stem, suffix = path.name.split(".", 1)
            twin = path.with_name(f"{stem}-again{self.number}.{suffix}")
            shutil.copyfile(path, twin)
            self.delivered.append(twin)
        if there and self.random.random() < 0.15:
            os.utime(self.random.choice(there))
        if len(there) > 3 and self.random.random() < 0.15:  # cleared away; its rows stay
            path = self.random.choice(there)
            path.unlink()


def convert(inputs, mapping, vocab, folder, messages):
    more = ["--from", "records"] if messages else []
    return run("convert", inputs, "--map", mapping, "--vocab", vocab, "--to", f"csv:{folder}/cdm", "--warehouse", f"{folder}/w", "--keep-vanished", "--json",
               "-j", "2", *more)


def rows_by_name(cdm):
    """Every table as sorted rows in which ids are replaced by what they stand for."""
    out, names, ids = {}, {}, {}
    for name, column in NAMES.items():
        rows = table(cdm, name)
        names[f"{name}_id"] = {row[f"{name}_id"]: row[column] for row in rows}
        ids[name] = {row[column]: row[f"{name}_id"] for row in rows}
    for name in TABLES:
        rows = []
        for row in table(cdm, name):
            row.pop(f"{name}_id", None) if name not in NAMES else None
            rows.append(tuple((column, names.get(column, {}).get(value, value) if value else "") for column, value in sorted(row.items())))
        out[name] = sorted(rows)
    return out, ids


def simulate(c, top, vocab, mapping, nights, seed, messages):
    label = f"{'messages' if messages else 'delta'} seed {seed}"
    base = pathlib.Path(top) / label.replace(" ", "-")
    hospital = Hospital(base / "in", seed, messages)
    everything = base / "all"  # the last content of every name
    everything.mkdir()
    known, quiet, merged = {}, 0, set()
    while not list(hospital.folder.iterdir()):
        hospital.deliver()
    for night in range(1, nights + 1):
        hospital.night()
        for path in hospital.folder.iterdir():
            shutil.copyfile(path, everything / path.name)
        done = convert(hospital.folder, mapping, vocab, base, messages)
        if not c.check(done.code in (0, 3), f"{label} night {night}: exit {done.code}: {done.err[-400:]}"):
            return
        c.check(done.summary["balanced"], f"{label} night {night}: the books balance")
        clean = base / "clean"
        shutil.rmtree(clean, ignore_errors=True)
        clean.mkdir()
        whole = convert(everything, mapping, vocab, clean, messages)
        if not c.check(whole.code in (0, 3), f"{label} night {night}: the clean run: exit {whole.code}: {whole.err[-400:]}"):
            return
        got, ids = rows_by_name(base / "cdm")
        want, _ = rows_by_name(clean / "cdm")
        for name in TABLES:
            if not c.check(got[name] == want[name], f"{label} night {night}: {name} is what a clean run gives"):
                missing = [row for row in want[name] if row not in got[name]][:3]
                extra = [row for row in got[name] if row not in want[name]][:3]
                print("  missing", missing, "\n  extra", extra)
                return
        for name, columns in DERIVED.items():
            rows = table(base / "cdm", name)
            c.equal([int(row[f"{name}_id"]) for row in rows], list(range(1, len(rows) + 1)), f"{label} night {night}: {name} is numbered from 1")
            places = [tuple(int(row[column]) if row[column].isdigit() else row[column] for column in columns) for row in rows]
            c.equal(places, sorted(places), f"{label} night {night}: {name} is in order")
        c.equal(run("verify", base / "cdm").code, 0, f"{label} night {night}: what is published is what its MANIFEST says")
        for field in ("candidates", "mapped", "filtered", "duplicates", "quarantined", "rows"):
            c.equal(done.summary[field], whole.summary[field], f"{label} night {night}: {field} in the books")
        for name, column in NAMES.items():
            for key, value in ids[name].items():
                if name == "person" or name == "visit_occurrence":
                    merged.add(key) if known.get((name, key), value) != value else None
                    continue
                c.equal(value, known.setdefault((name, key), value), f"{label} night {night}: the id of a {name} stays")
            if name in ("person", "visit_occurrence"):
                known.update({(name, key): value for key, value in ids[name].items()})
        before = tree_hash(base / "cdm")
        again = convert(hospital.folder, mapping, vocab, base, messages)
        c.equal(again.code in (0, 3) and tree_hash(base / "cdm"), before, f"{label} night {night}: the same night again changes nothing")
        c.equal(again.summary["night"]["fresh"] + again.summary["night"]["changed"], 0, f"{label} night {night}: and reads nothing")
    # A merge may give a person the other one's id; without merges no id moves.
    print(f"{label}: {nights} nights, {len(list(everything.iterdir()))} files, ids moved by merges: {len(merged)}")


def main():
    nights = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    seeds = [int(seed) for seed in sys.argv[2:]] or [1]
    c = Checks()
    with work() as top:
        vocab = vocabulary(top)
        mapping = pathlib.Path(top) / "nights.map"
        mapping.write_text(MAPPING)
        for seed in seeds:
            for messages in (False, True):
                simulate(c, top, vocab, mapping, nights, seed, messages)
    c.end()


if __name__ == "__main__":
    main()
