#!/usr/bin/env python3
"""The SQL of every criterion of every pack keeps to what DuckDB, PostgreSQL and Spark SQL share: its words are looked at one by one, so that a statement
with anything else is seen here and not on the day somebody wants to run it elsewhere. docs/conformance/packs.md says what a prelude for Spark needs."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from criteria import *

PEOPLE = {"has_registration_number", "has_telephone", "has_email", "has_card_number", "has_identity_document", "is_drug_barcode"}
PRELUDE = {"add_days", "days_between", "safe_date", "year_of", "matches", "is_whole", "as_number", "as_day"} | PEOPLE  # defined for each engine in schemas/conformance/prelude
SHARED_FUNCTIONS = {"count", "coalesce", "sum", "min", "max", "lower", "upper", "length", "substring", "trim", "cast", "exists", "round", "abs", "nullif", "concat", "floor", "replace", "extract", "row_number"}
SYNTAX = {"in", "and", "or", "not", "from", "join", "on", "as", "select", "when", "then", "else", "where", "by", "values", "distinct", "all", "union", "between", "is", "having", "varchar", "over", "partition"}
TYPES = {"date", "timestamp", "integer", "bigint", "double", "varchar", "decimal"}
# Spellings of one engine only.
FORBIDDEN = {"::": "a cast by two colons", " ilike ": "ilike", " qualify ": "qualify", " filter (": "filter (where ..)", " similar to ": "similar to", " using (": "using", "~": "a regular expression operator",
             "[": "an array or list", "->": "a JSON operator", "$": "a parameter", ";": "two statements", "`": "a quoted name of Spark", " lateral ": "lateral"}
# Evidence tables have columns named like words of SQL; they are quoted, which Spark reads in ANSI mode with double-quoted identifiers only.
QUOTED = {'"in"', '"rows"', '"table"', '"column"', '"offset"', '"at"'}


def looked_at(sql):
    """What is not shared, of one statement."""
    bare = re.sub(r"'(?:[^']|'')*'", "''", sql)
    found = [what for text, what in FORBIDDEN.items() if text in bare.lower()]
    found += [f"the function {name}" for name in {m.lower() for m in re.findall(r"\b([A-Za-z_][A-Za-z_0-9]*)\s*\(", bare)} - PRELUDE - SHARED_FUNCTIONS - SYNTAX - TYPES]
    found += [f"the type {name}" for name in {m.lower() for m in re.findall(r"\bas\s+([a-z]+)\s*(?:\([0-9, ]+\))?\s*\)", bare)} & {"text", "int", "int4", "float", "real", "numeric", "string", "datetime"}]
    found += [f"the name {name}" for name in set(re.findall(r'"[^"]*"', bare)) - QUOTED]
    return sorted(found)


def aliases(sql):
    """Names of derived tables that look like functions: `) v(n)`."""
    return {m for m in re.findall(r"\)\s+(?:as\s+)?([a-z_]+)\s*\(", re.sub(r"'(?:[^']|'')*'", "''", sql.lower()))}


def main():
    c = Checks()
    c.equal(looked_at("select count(x::integer), regexp_matches(a, 'b') from t"), ["a cast by two colons", "the function regexp_matches"], "the test sees what is not shared")
    for engine in ("duckdb", "postgresql"):
        text = (PACKS / "prelude" / f"{engine}.sql").read_text(encoding="utf-8")
        made = set(re.findall(r"(?:macro|function) (?:pg_temp\.)?(\w+)\(", text))
        c.check(made >= PRELUDE, f"the prelude of {engine} lacks {sorted(PRELUDE - made)}")
    packs = sorted(p.parent.name for p in PACKS.glob("*/pack.csv"))
    statements = quoted = 0
    with work() as folder:
        folder = pathlib.Path(folder)
        with Duck(folder / "made.duckdb") as duck:
            duck.sql(schema_sql() + (HERE / "base.sql").read_text(encoding="utf-8"))
        done = run("audit", folder / "made.duckdb", "--pack", ",".join(packs), "--with-vocabulary", "--as-of", DAY, "--out", folder / "out", "-q")
        c.check(done.code == 0, f"audit: {done.err[-300:]}")
        for pack in json.loads((folder / "out" / "conformance.json").read_text(encoding="utf-8"))["packs"]:
            odd = {}
            for criterion in pack["criteria"]:
                for sql in filter(None, (criterion.get("query", ""), criterion.get("keys_query", ""))):
                    statements += 1
                    quoted += '"' in re.sub(r"'[^']*'", "", sql)
                    wrong = [w for w in looked_at(sql) if w.removeprefix("the function ") not in aliases(sql)]
                    if wrong:
                        odd[criterion["id"]] = wrong
            c.equal(dict(list(odd.items())[:5]), {}, f"{pack['id']}: criteria whose SQL is not shared ({len(odd)})")
    c.check(statements > 2500, f"{statements} statements were looked at")
    print(f"{statements} statements of {len(packs)} packs, {quoted} with quoted names")
    c.end()


if __name__ == "__main__":
    main()
