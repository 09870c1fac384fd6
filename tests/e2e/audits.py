#!/usr/bin/env python3
"""Audits of databases that others made: the statement beside each result gives its numbers, and a PostgreSQL role sees what it may see.

1. Every `query` of a report, run by itself in the database that was audited, gives the two numbers beside it (all packs, DuckDB).
2. PostgreSQL, started here: columns of other types than the CDM's, tables and columns the role may not read, schemas that are not there or closed,
   and a pack that wants to read more than the CDM.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "conformance"))
from criteria import *
from postgres import Server

PACK = {"pack.csv": "key,value\ntitle,A pack\n",
        "criteria.csv": """id,title,category,kind,table,field,args,critical
year,Years that are none,c,integer,person,year_of_birth,,
born,Births without a day,c,not-null,person,birth_datetime,,
young,Born after 2000,c,rows,person,,violated=t.year_of_birth > 2000,
notes,Notes without a day,c,not-null,note,note_date,,yes
note-there,No table note,c,table-exists,note,,,
class,Visits without a class,c,not-null,visit_occurrence,visit_concept_id,,
start,Visits without a start,c,not-null,visit_occurrence,visit_start_date,,
death-there,No table death,c,table-exists,death,,,
"""}


def write(folder, files):
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def queries(c, folder):
    """A CDM without faults, and the same with planted ones; what a statement shows is what it is worth."""
    ran = 0
    for pack in sorted(p.parent.name for p in PACKS.glob("*/pack.csv")):
        base, _ = read_blocks(pack)
        database = folder / f"{pack}.duckdb"
        with Duck(database) as duck:
            duck.sql(schema_sql() + (HERE.parent / "conformance" / "base.sql").read_text(encoding="utf-8") + base)
            duck.sql("update cdm.person set gender_concept_id = null where person_id = (select min(person_id) from cdm.person); drop table cdm.note_nlp")
        out = folder / f"{pack}.out"
        done = run("audit", database, "--pack", pack, "--as-of", DAY, "--with-vocabulary", "--out", out, "-q")
        c.equal(done.code, 0, f"{pack}: audited")
        data = json.loads((out / "conformance.json").read_text(encoding="utf-8"))
        wrong = []
        with Duck(database) as duck:
            duck.sql("use cdm;" + (PACKS / "prelude" / "duckdb.sql").read_text(encoding="utf-8"))
            for one in data["packs"][0]["criteria"]:
                if one["violated"] is None or one["state"] == "not_observable":
                    continue
                try:
                    found = [tuple(int(cell or 0) for cell in row) for row in duck.sql(one["query"])]
                except RuntimeError as error:
                    found = str(error)[:80]
                ran += 1
                if found != [(one["violated"], one["counted"])]:
                    wrong.append(f"{one['id']}: {found} for {one['violated']}/{one['counted']}")
        c.equal(wrong[:3], [], f"{pack}: statements and results ({len(wrong)} differ)")
    print(f"{ran} statements give the numbers beside them")
    c.check(ran > 2500, "statements of every pack ran")


def fill_server(server):
    return server.sql("""
create schema own; create schema hidden; create schema empty;
create table own.person(person_id text, gender_concept_id numeric, year_of_birth varchar(20), birth_datetime text);
insert into own.person values ('1', 8507, '1950', '1950-02-03 04:05:06'), ('2', 8532, 'unknown', 'some day'), ('3', 8507, '1970.5', ''), ('4', 8507, ' 2001 ', '2001-02-30');
create table own.note(note_id integer, note_date date); insert into own.note values (1, null);
create table own.visit_occurrence(visit_occurrence_id bigint, visit_concept_id integer, visit_start_date bigint);
insert into own.visit_occurrence values (1, 9202, 20200131), (2, 9202, 20201301), (3, null, null);
create table hidden.person(person_id integer); create table own.death(person_id integer, death_date date);
create role auditor login; grant usage on schema own, empty to auditor;
grant select on own.person, own.death to auditor; grant select (visit_occurrence_id, visit_start_date) on own.visit_occurrence to auditor;""")


def in_place(c, server, folder):
    made = fill_server(server)
    c.equal(made.stderr, "", "postgresql: made")
    place = folder / "auditor.connection"
    place.write_text(f"host={server.folder} user=auditor dbname=postgres\n")
    pack = write(folder / "types", PACK)

    def audit(*more):
        return run("audit", f"postgresql:{place}", "--pack", pack, "--as-of", DAY, *more)

    done = audit("--schema", "own", "--out", folder / "own")
    c.equal(done.code, 0, f"postgresql: audited: {done.err[-300:]}")
    found = {row["criterion"]: (row["state"], row["violated"], row["counted"], row["reason"]) for row in rows(folder / "own" / "results.csv")}
    c.equal(found["year"], ("fail", "2", "4", ""), "text where the CDM has integers")
    c.equal(found["born"], ("fail", "3", "4", ""), "text where the CDM has a time")
    c.equal(found["young"], ("fail", "1", "4", ""), "text compared as a number")
    c.equal(found["notes"], ("not_observable", "", "", "no right to read note"), "a table the role may not read")
    c.equal(found["note-there"][:3], ("pass", "0", "1"), "it is there all the same")
    c.equal(found["class"], ("not_observable", "", "", "no right to read visit_occurrence.visit_concept_id"), "a column the role may not read")
    c.equal(found["start"], ("fail", "2", "3", ""), "a number where the CDM has a day")
    data = json.loads((folder / "own" / "conformance.json").read_text(encoding="utf-8"))
    shown = next(one["query"] for one in data["packs"][0]["criteria"] if one["id"] == "note-there")
    c.equal(server.sql("set role auditor; " + shown.strip().rstrip(";") + ";").stdout.strip(), "0|1", "its statement says so to the role, too")
    c.equal({(m["table"], m["column"]): m["values"] for m in data["misfits"]},
            {("person", "year_of_birth"): 2, ("person", "birth_datetime"): 2, ("visit_occurrence", "visit_start_date"): 1}, "values that do not fit")
    c.equal([one["name"] for one in data["closed"]], ["note", "visit_occurrence.visit_concept_id"], "what is closed")
    c.equal(data["packs"][0]["critical_not_observable"], 1, "a critical criterion that was not seen is counted")
    c.check("A037" in done.err and "note, visit_occurrence.visit_concept_id" in done.err and "GRANT SELECT" in done.err, f"the remedy is told: {done.err[-300:]}")
    c.check("A035" in done.err and "unknown" not in done.err + done.out and "some day" not in done.err + done.out, "counts are told, values are not")

    for schema, code in (("nosuch", "A038"), ("hidden", "A038"), ("own,nosuch", "A038"), ("empty", "A031")):
        done = audit("--schema", schema)
        c.check(done.code in (1, 2) and code in done.err, f"--schema {schema}: {done.code} {done.err[-200:]}")
    c.equal(audit().code, 0, "without --schema the one that may be used is found")
    hostile = write(folder / "hostile", {"pack.csv": PACK["pack.csv"], "criteria.csv": "id,title,kind,args,applies\na,A,query,\"count=select count(*), 1 from person\",\"set_config('x.y', '1', false) = '1'\"\n"})
    done = run("audit", f"postgresql:{place}", "--pack", hostile, "--schema", "own")
    c.check(done.code == 2 and "A042" in done.err and "criteria.csv:2" in done.err, f"a pack that changes settings: {done.err[-200:]}")


def main():
    c = Checks()
    with work() as folder:
        folder = pathlib.Path(folder)
        queries(c, folder)
        server = Server(folder)
        if server.bin is None or not server.start():
            print("SKIP audits in PostgreSQL: no server here")
        else:
            try:
                in_place(c, server, folder)
            finally:
                server.stop()
    c.end()


if __name__ == "__main__":
    main()
