#!/usr/bin/env python3
"""Prints what a case wants to see of a conversion, nothing that changes from run to run.

show.py FILE.csv COLUMN...     these columns, one row a line, parts between bars; ids that are other tables' keys are stable, so they may be asked for
show.py assembly REPORT.json   what rules of assembly did: rule, table, rows changed, left out, added
show.py books REPORT.json      a line for each rule that saw something, then the filters with their reasons
"""
import csv
import json
import sys


def books(path):
    report = json.load(open(path, encoding="utf-8"))
    for line in report["balance"]:
        if line["rule"] and line["in"]:
            parts = [f"{line[name]} {name}" for name in ("in", "mapped", "filtered", "duplicates", "quarantined") if line[name]]
            print(f"{line['file']} {line['rule']}: " + ", ".join(parts))
    for line in report["filters"]:
        print(f"{line['rule']}: {line['records']} {line['reason']}")


def table(path, columns):
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            print(" | ".join(row[name] for name in columns).rstrip())


def assembly(path):
    for line in json.load(open(path, encoding="utf-8"))["assembly"]:
        parts = [f"{line[name]} {name}" for name in ("changed", "removed", "added") if line[name]]
        print(f"{line['rule']}, {line['table']}: " + ", ".join(parts))


if sys.argv[1] in ("books", "assembly"):
    {"books": books, "assembly": assembly}[sys.argv[1]](sys.argv[2])
else:
    table(sys.argv[1], sys.argv[2:])
