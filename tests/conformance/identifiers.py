#!/usr/bin/env python3
"""The criteria of pack privacy find the numbers of people in every form that identifiers.csv lists, and nothing else: dates, codes, results, barcodes.

Every text is a note of one CDM, audited by the real program; the violating keys of P-01-* over notes are compared with the list. The same on PostgreSQL, where
a server can be started: the two engines have functions of their own (schemas/conformance/prelude).
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from criteria import *
from engines import script
from postgres import Server

NAMES = {"r": "rrn", "p": "phone", "e": "email", "c": "card", "d": "document"}


def flagged(source, out, pack, name):
    done = run("audit", source, "--pack", pack, "--as-of", DAY, "--violations", "--violation-limit", "0", "--out", out, "-q", "-j", "1")
    if done.code != 0:
        raise RuntimeError(f"audit ended with {done.code}: {done.err[-400:]}")
    path = out / f"violations.{pack}.{name}.csv"
    return {int(row["note_id"]) for row in rows(path)} if path.exists() else set()


def compare(c, source, folder, cells, what):
    for mark, name in NAMES.items():
        found = flagged(source, folder / f"{what}-{name}", "privacy", f"P-01-{name}-note-note_text")
        wanted = {i for i, cell in enumerate(cells) if mark in cell["flags"]}
        c.equal([cells[i]["text"] for i in sorted(wanted - found)], [], f"{what}: {name} missed")
        c.equal([cells[i]["text"] for i in sorted(found - wanted)], [], f"{what}: {name} seen where there is none")
    found = flagged(source, folder / f"{what}-KS-01", "kr-emr-2025", "KS-01-note-note_text")
    c.equal(found, {i for i, cell in enumerate(cells) if set(cell["flags"]) & set("rpec")}, f"{what}: KS-01")
    print(f"{what}: {len(cells)} cells, {sum(bool(cell['flags']) for cell in cells)} with a number")


def main():
    c = Checks()
    cells = rows(HERE / "identifiers.csv")
    c.check(len(cells) > 100 and any(not cell["flags"] for cell in cells), f"{len(cells)} cells")
    with work() as folder:
        folder = pathlib.Path(folder)
        database = folder / "made.duckdb"
        quoted = [cell["text"].replace("'", "''") for cell in cells]
        with Duck(database) as duck:
            duck.sql(schema_sql() + (HERE / "base.sql").read_text(encoding="utf-8") + "delete from note; insert into note (note_id, person_id, note_date, note_text) values "
                     + ", ".join(f"({i}, 1, date '2023-03-01', '{text}')" for i, text in enumerate(quoted)))
        compare(c, database, folder, cells, "duckdb")
        server = Server(folder)
        if server.bin is None or not server.start():
            print("SKIP: no PostgreSQL server here")
        else:
            try:
                with Duck(database) as duck:
                    made = server.sql("create database identifiers;")
                    made = server.sql(script(duck), "identifiers") if made.returncode == 0 else made
                c.check(made.returncode == 0, f"not copied: {made.stderr[:300]}")
                place = folder / "identifiers.connection"
                place.write_text(f"host={server.folder} user=tester dbname=identifiers\n")
                compare(c, f"postgresql:{place}", folder, cells, "postgresql")
            finally:
                server.stop()
    c.end()


if __name__ == "__main__":
    main()
