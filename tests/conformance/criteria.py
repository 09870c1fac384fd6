#!/usr/bin/env python3
"""Every criterion of every pack has one case that passes and one that fails, and each of them is audited here by the real program.

The CDM is made from base.sql; PACK.sql beside it holds the pack's cases, in blocks that begin with a comment line:

  -- base                                     statements for every case of this pack
  -- fail: id, id                             a fresh copy of the base, these statements, and the criteria named are then in that state;
                                              globs are allowed. Also pass, not_applicable, not_observable
  -- fail: {table}-mapped for list.csv:column statements and ids once for every row of the pack's list whose column is not empty; {x} is its cell

Passing on the base counts as a passing case. A criterion that data cannot show (`observable,no`, kind `stated`) needs a reason in the pack instead.
Packs with DataQualityDashboard's rules are asked by check, not by criterion: two thousand of theirs come from 27 checks.

The violating keys that a failing case lists are held against what its statements did: rows that were added or changed, found by comparing the database with the
base, so the expectation does not come from the program. Where a fault lies in another table than the keys (a person removed, a concept changed) there is
nothing to compare with, and the keys have to be rows that exist. How many were compared is said at the end of a pack.

Every failing criterion lists as many keys as its numerator says (a column `rows` counts for as many as it says). What is about a whole has none: the kinds in
WHOLE, and rows of a pack with the label `counts=whole`. Criteria over distinct values (kind values-mapped) list the rows that carry them.

Usage: criteria.py [PACK ...]
"""
import concurrent.futures
import fnmatch
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from common import *
from duck import Duck

HERE = pathlib.Path(__file__).resolve().parent
PACKS = ROOT / "schemas" / "conformance"
STATES = ("pass", "fail", "not_applicable", "not_observable")
DAY = "2026-01-15"
WHOLE = ("table-exists", "field-exists", "min-rows")
TYPES = {"integer": "bigint", "number": "double", "date": "date", "datetime": "timestamp", "text": "varchar"}


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def schema_sql():
    """The tables of the CDM in schema cdm, and those a conversion leaves: the statements are taken from where the program makes them."""
    tables = {}
    for row in rows(ROOT / "schemas" / "omop-5.4" / "columns.csv"):
        tables.setdefault(row["table"], []).append(f'"{row["column"]}" {TYPES[row["type"]]}')
    out = ["create schema cdm; create schema ledger; create schema profile; create schema quarantine;"]
    out += [f'create table cdm."{name}"({", ".join(columns)});' for name, columns in tables.items()]
    source = (ROOT / "lib" / "warehouse" / "ledger.cpp").read_text(encoding="utf-8")
    made = re.findall(r"create table (?:ledger|profile|quarantine)\.\w+\([^;]*\);", source)
    assert len(made) >= 9, "the tables of lib/warehouse/ledger.cpp"
    return "\n".join(out + made) + "\nuse cdm;\n"


class Block:
    def __init__(self, state, ids, sql, line):
        self.state, self.ids, self.sql, self.line = state, ids, sql, line


def fill(text, row):
    return re.sub(r"\{(\w+)\}", lambda m: row.get(m.group(1), m.group(0)), text)


def read_blocks(pack):
    """The base statements of a pack and its blocks, lists expanded."""
    path = HERE / f"{pack}.sql"
    base, blocks, current = "", [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else [], 1):
        head = re.match(r"-- (base|" + "|".join(STATES) + r")\b:?\s*(.*)$", line)
        if head:
            current = Block(head.group(1), head.group(2), "", number)
            blocks.append(current)
        elif current is not None and not line.startswith("--"):
            current.sql += line + "\n"
    out = []
    for block in blocks:
        if block.state == "base":
            base += block.sql
            continue
        ids, _, each = block.ids.partition(" for ")
        if each:
            name, _, column = each.strip().partition(":")
            lines = [row for row in rows(PACKS / pack / name) if not column or row[column]]
            block.sql = "\n".join(fill(block.sql, row) for row in lines)
            block.ids = [fill(one.strip(), row) for row in lines for one in ids.split(",")]
        else:
            block.ids = [one.strip() for one in ids.split(",")]
        out.append(block)
    return base, out


def audited(pack, database, folder):
    """State, reason and check of every criterion; the violating keys are asked for too, so that their statements run."""
    out = folder / "out"
    done = run("audit", database, "--pack", pack, "--as-of", DAY, "--violations", "--out", out, "-q", "-j", "1")
    if done.code != 0:
        raise RuntimeError(f"audit ended with {done.code}: {done.err[-400:]}")
    found = {row["criterion"]: row for row in rows(out / "results.csv")}
    for ident, row in found.items():
        listed = out / ("violations." + re.sub(r"[^A-Za-z0-9._-]", "_", f"{pack}.{ident}")[:189] + ".csv")
        row["keys"] = rows(listed) if listed.exists() else None
        row["lines"] = len(listed.read_text(encoding="utf-8").splitlines()) - 1 if listed.exists() else 0  # a missing key of one column is an empty line
    for told in json.loads((out / "conformance.json").read_text(encoding="utf-8"))["packs"][0]["criteria"]:
        found[told["id"]]["kind"] = told["kind"]
    return found


PRIMARY = {row["column"]: row["table"] for row in rows(ROOT / "schemas" / "omop-5.4" / "columns.csv") if row["column"] == row["table"] + "_id"}


def planted(duck, prepared):
    """Key column -> (keys of the rows that were added or changed, keys of all rows), for tables that have rows."""
    duck.sql(f"attach '{prepared}' as before (read_only)")
    out = {}
    for column, table in PRIMARY.items():
        all_keys = {row[0] or "" for row in duck.sql(f'select "{column}" from cdm."{table}"')} if duck.sql(f"select 1 from duckdb_tables() where database_name = current_database() and table_name = '{table}'") else set()
        if all_keys:
            shapes = {tuple(duck.sql(f"select column_name, data_type from duckdb_columns() where database_name = {name} and table_name = '{table}' order by column_index")) for name in ("current_database()", "'before'")}
            changed = set()  # of a table that has other columns now, nothing is known
            if len(shapes) == 1:
                changed = {row[0] or "" for row in duck.sql(f'select "{column}" from (select * from cdm."{table}" except select * from before.cdm."{table}")')}
            out[column] = (changed, all_keys)
    duck.sql("detach before")
    return out


def one_case(pack, prepared, sql, folder):
    folder.mkdir()
    database = folder / "made.duckdb"
    shutil.copy(prepared, database)
    if sql.strip():
        with Duck(database) as duck:
            duck.sql("use cdm;" + sql)
    found = audited(pack, database, folder)
    if sql.strip():
        with Duck(database) as duck:
            found["planted"] = planted(duck, prepared)
    shutil.rmtree(folder)
    return found


def unobservable(pack):
    """Ids the pack itself says data cannot show, with their reasons."""
    out = {}
    for row in rows(PACKS / pack / "criteria.csv"):
        if row.get("observable") == "no" or row["kind"] == "stated":
            if row.get("for"):
                name, _, column = row["for"].partition(":")
                for entry in rows(PACKS / pack / name):
                    if not column or entry[column]:
                        out[fill(row["id"], entry)] = fill(row.get("reason") or "", entry)
            else:
                out[row["id"]] = row.get("reason") or ""
    return out


def about_wholes(pack):
    return {row["id"] for row in rows(PACKS / pack / "criteria.csv") if "counts=whole" in (row.get("labels") or "")}


def check_number_of_keys(c, pack, block, found, wholes):
    """Every criterion that fails in this case, named or not, lists its violating rows."""
    for ident, row in found.items():
        if row["state"] != "fail":
            continue
        keys, violated = row["keys"] or [], int(row["violated"])
        listed = sum(int(key["rows"]) for key in keys) if keys and "rows" in keys[0] else row["lines"]
        if row["kind"] in WHOLE or ident in wholes:
            c.check(not keys, f"{pack}.sql:{block.line}: {ident} is about a whole and lists keys")
        elif row["kind"] == "values-mapped":
            c.check(listed >= violated, f"{pack}.sql:{block.line}: {ident} lists {listed} rows for {violated} values")
        else:
            c.check(listed == violated, f"{pack}.sql:{block.line}: {ident} lists {listed} keys and counts {violated}")


def check_keys(c, pack, block, ident, row, changed):
    """The violating keys of one failing criterion; True when they were held against rows that the case changed."""
    keys = row["keys"]
    if not keys:
        return False
    column = next(iter(keys[0]))
    listed = {one[column] for one in keys}
    fresh, existing = changed.get(column, (set(), None))
    if existing is not None:
        c.check(listed <= existing | {""}, f"{pack}.sql:{block.line}: {ident} lists keys that no row has: {sorted(listed - existing)[:5]}")
    if not fresh or len(keys[0]) > 1:
        return False
    c.check(listed <= fresh, f"{pack}.sql:{block.line}: {ident} lists {sorted(listed - fresh)[:5]}, which the case did not touch")
    return True


def judge(c, pack, block, found, seen):
    """Compares a block's expectation with what the audit found, and notes which criteria had which state."""
    changed = found.pop("planted", {})
    check_number_of_keys(c, pack, block, found, about_wholes(pack))
    for pattern in block.ids:
        ids = fnmatch.filter(found, pattern)
        c.check(ids, f"{pack}.sql:{block.line}: there is no criterion {pattern}")
        wrong = [f"{i} is {found[i]['state']} ({found[i]['violated']}/{found[i]['counted']} {found[i]['reason']})" for i in ids if found[i]["state"] != block.state]
        c.check(not wrong, f"{pack}.sql:{block.line}: want {block.state}: {'; '.join(wrong[:5])}")
        for i in ids:
            if found[i]["state"] == block.state:
                seen[block.state].add(i)
                if block.state == "fail":
                    seen["listed"].update([i] if found[i]["keys"] else [])
                    seen["compared"].update([i] if check_keys(c, pack, block, i, found[i], changed) else [])


def check_pack(c, pack, folder, pool):
    base, blocks = read_blocks(pack)
    prepared = folder / f"{pack}.duckdb"
    with Duck(prepared) as duck:
        duck.sql(schema_sql() + (HERE / "base.sql").read_text(encoding="utf-8") + base)
    jobs = [pool.submit(one_case, pack, prepared, block.sql, folder / f"{pack}-{i}") for i, block in enumerate(blocks)]
    found = one_case(pack, prepared, "", folder / f"{pack}-base")
    seen = {state: set() for state in (*STATES, "listed", "compared")}
    seen["pass"] |= {i for i, row in found.items() if row["state"] == "pass"}
    refused = sorted(i for i, row in found.items() if row["state"] == "error" and not row["reason"].endswith("is missing"))
    c.equal(refused, [], f"{pack}: criteria whose statement is refused on the base")
    for block, job in zip(blocks, jobs):
        try:
            judge(c, pack, block, job.result(), seen)
        except RuntimeError as failure:
            c.check(False, f"{pack}.sql:{block.line}: {failure}")
    stated = unobservable(pack)
    for ident, reason in stated.items():
        c.check(found[ident]["state"] == "not_observable" and reason and found[ident]["reason"] == reason, f"{pack}: {ident} cannot be seen in data, and the pack gives no reason")
    dqd = any(row.get("key") == "evaluation" and row.get("value") == "dqd" for row in rows(PACKS / pack / "pack.csv"))
    name = (lambda i: found[i]["check"]) if dqd else (lambda i: i)
    wanted = {name(i) for i in found if i not in stated}
    for state in ("pass", "fail"):
        lacking = sorted(wanted - {name(i) for i in seen[state]})
        c.check(not lacking, f"{pack}: no case in which these {state} ({len(lacking)} of {len(wanted)}): {', '.join(lacking[:60])}")
    print(f"{pack}: {len(wanted)} {'checks' if dqd else 'criteria'} asked to pass and to fail, {len(stated)} cannot be seen in data, {len(blocks)} cases; keys listed for {len(seen['listed'])}, "
          f"of which {len(seen['compared'])} were compared with the rows the case changed")


def main():
    c = Checks()
    packs = sys.argv[1:] or sorted(p.parent.name for p in PACKS.glob("*/pack.csv"))
    with work() as folder, concurrent.futures.ThreadPoolExecutor(2) as pool:
        for pack in packs:
            check_pack(c, pack, pathlib.Path(folder), pool)
    c.end()


if __name__ == "__main__":
    main()
