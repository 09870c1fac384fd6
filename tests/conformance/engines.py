#!/usr/bin/env python3
"""Every criterion of every pack gives the same numbers, the same state and the same violating keys on DuckDB and on a PostgreSQL server started here.

Two CDMs a pack: the one without faults of criteria.py, and the same with the faults of all its cases planted one after the other (a case whose statements
need what an earlier one removed is left out and counted). Both are copied into the server as they are, with what a conversion leaves beside a CDM.

Usage: engines.py [PACK ...]
"""
import csv
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from criteria import *
from postgres import Server

PG_TYPES = {"VARCHAR": "text", "DOUBLE": "double precision"}
COMPARED = ("state", "violated", "counted", "codes_violated", "codes_counted", "reason")


def escaped(cell):
    return r"\N" if cell is None else cell.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def script(duck):
    """The database as statements for psql."""
    lines = []
    columns = duck.sql("select schema_name, table_name, column_name, data_type from duckdb_columns() where schema_name in ('cdm', 'ledger', 'profile', 'quarantine') and not internal "
                       "order by schema_name, table_name, column_index")
    tables = {}
    for schema, table, column, kind in columns:
        tables.setdefault((schema, table), []).append((column, PG_TYPES.get(kind, kind.lower())))
    lines += [f"create schema {schema};" for schema in sorted({schema for schema, _ in tables})]
    for (schema, table), members in tables.items():
        lines.append(f'create table {schema}."{table}"({", ".join(f"{chr(34)}{name}{chr(34)} {kind}" for name, kind in members)});')
        found = duck.sql(f'select {", ".join(f"{chr(34)}{name}{chr(34)}::varchar" for name, _ in members)} from {schema}."{table}"')
        if found:
            lines.append(f'copy {schema}."{table}" from stdin;')
            lines += ["\t".join(map(escaped, row)) for row in found] + ["\\."]
    return "\n".join(lines) + "\n"


def audited_at(source, pack, out):
    done = run("audit", source, "--pack", pack, "--as-of", DAY, "--with-vocabulary", "--violations", "--violation-limit", "0", "--out", out, "-q", "-j", "1")
    if done.code != 0:
        raise RuntimeError(f"audit ended with {done.code}: {done.err[-400:]}")
    keys = {path.name: sorted(path.read_text(encoding="utf-8").splitlines()) for path in out.glob("violations.*")}
    return {row["criterion"]: row for row in rows(out / "results.csv")}, keys


def compare(c, server, pack, what, database, folder):
    name = re.sub(r"\W", "_", f"{pack}_{what}")
    made = server.sql(f"create database {name};")
    with Duck(database) as duck:
        made = server.sql(script(duck), name) if made.returncode == 0 else made
    if made.returncode != 0:
        c.check(False, f"{pack}, {what}: not copied: {made.stderr[:300]}")
        return
    place = folder / f"{name}.connection"
    place.write_text(f"host={server.folder} user=tester dbname={name}\n")
    ours, our_keys = audited_at(database, pack, folder / f"{name}-duckdb")
    theirs, their_keys = audited_at(f"postgresql:{place}", pack, folder / f"{name}-postgresql")
    for row in (*ours.values(), *theirs.values()):
        row["reason"] = "" if row["state"] == "error" else row["reason"]  # each engine has its own class for a statement it refuses
    differ = [f"{i}: {[ours[i].get(m) for m in COMPARED]} {[theirs.get(i, {}).get(m) for m in COMPARED]}" for i in ours if any(ours[i].get(m) != theirs.get(i, {}).get(m) for m in COMPARED)]
    c.check(not differ, f"{pack}, {what}: DuckDB and PostgreSQL differ in {len(differ)} of {len(ours)}: {'; '.join(differ[:6])}")
    c.equal(sorted(our_keys), sorted(their_keys), f"{pack}, {what}: files of violating keys")
    c.equal([f for f in our_keys if our_keys[f] != their_keys.get(f)][:5], [], f"{pack}, {what}: violating keys")
    states = {state: sum(row["state"] == state for row in ours.values()) for state in ("pass", "fail", "error")}
    print(f"{pack}, {what}: {len(ours)} criteria, {states['pass']} pass, {states['fail']} fail, {states['error']} error; {len(our_keys)} lists of violating keys: "
          f"{len(differ)} differ")


def main():
    c = Checks()
    packs = sys.argv[1:] or sorted(p.parent.name for p in PACKS.glob("*/pack.csv"))
    with work() as folder:
        folder = pathlib.Path(folder)
        server = Server(folder)
        if server.bin is None or not server.start():
            skip("no PostgreSQL server here")
        try:
            for pack in packs:
                base, blocks = read_blocks(pack)
                with Duck(folder / f"{pack}.duckdb") as duck:
                    duck.sql(schema_sql() + (HERE / "base.sql").read_text(encoding="utf-8") + base)
                shutil.copy(folder / f"{pack}.duckdb", folder / f"{pack}-faults.duckdb")
                left = 0
                with Duck(folder / f"{pack}-faults.duckdb") as duck:
                    duck.sql("use cdm")
                    for block in blocks:
                        if block.state != "fail" or re.search(r"\bdrop\b", block.sql):
                            left += block.state == "fail"
                            continue
                        try:
                            duck.sql("begin;" + block.sql + ";commit")
                        except RuntimeError:
                            left += 1
                            duck.sql("rollback")
                if left:
                    print(f"{pack}: {left} cases left out of the CDM with faults")
                compare(c, server, pack, "base", folder / f"{pack}.duckdb", folder)
                compare(c, server, pack, "faults", folder / f"{pack}-faults.duckdb", folder)
        finally:
            server.stop()
    c.end()


if __name__ == "__main__":
    main()
