#!/usr/bin/env python3
"""Databases as targets and sources, against a real PostgreSQL started here (an unprivileged user, a socket of its own) and SQLite.

What was published is read back and compared with what the csv publisher wrote from the same warehouse; then changed and published again; then read as
a source. The assembly SQL runs in PostgreSQL, word for word, and must derive the same rows.
"""
import pathlib
import shutil
import sqlite3

from common import *
from postgres import Server

SCHEMA = ROOT / "schemas" / "omop-5.4"


def columns():
    found = {}
    for row in csv.DictReader(open(SCHEMA / "columns.csv", encoding="utf-8")):
        found.setdefault(row["table"], []).append(row)
    return found


def cdm_tables():
    return [r["table"] for r in csv.DictReader(open(SCHEMA / "tables.csv", encoding="utf-8")) if r["schema"] == "cdm"]


def plain(value, kind):
    """One spelling for a value from CSV, PostgreSQL and SQLite."""
    if value in (None, ""):
        return ""
    if kind == "number":
        return repr(float(value))
    return str(value).removesuffix(" 00:00:00") if kind == "datetime" else str(value)


def content(records, kinds):
    return sorted(tuple(plain(value, kind) for value, kind in zip(record, kinds)) for record in records)


def csv_content(folder, name, kinds):
    with open(pathlib.Path(folder) / f"{name}.csv", newline="", encoding="utf-8") as file:
        return content(list(csv.reader(file))[1:], kinds)


def postgres_content(server, schema, name, kinds):
    import io
    done = server.sql(f"copy {schema}.{name} to stdout with (format csv)")
    return content(list(csv.reader(io.StringIO(done.stdout))), kinds)


def compare(c, server, folder, schema, what):
    for name in cdm_tables():
        kinds = [column["type"] for column in columns()[name]]
        c.check(postgres_content(server, schema, name, kinds) == csv_content(folder, name, kinds), f"{what}: {name}")


def sqlite_round_trip(c, inputs, folder, vocab):
    file = folder / "cdm.sqlite"
    done = convert(inputs, folder, vocab, "--to", f"sqlite:{file}", name="lite")
    c.check(done.code in (0, 3), f"sqlite publishes: {done.err[-300:]}")
    database = sqlite3.connect(file)
    for name in cdm_tables():
        kinds = [column["type"] for column in columns()[name]]
        c.check(content(database.execute(f"select * from {name}"), kinds) == csv_content(folder / "lite", name, kinds), f"sqlite: {name}")
    c.check(database.execute("select count(*) from pyojun_balance").fetchone()[0] > 0, "sqlite: the books are there")
    database.close()
    (folder / "letter.sqlite").write_text("a letter, not a database")
    refused = convert(inputs, folder, vocab, "--to", f"sqlite:{folder / 'letter.sqlite'}", name="refused")
    c.check("P004" in refused.err and (folder / "letter.sqlite").read_text().startswith("a letter"), "sqlite: somebody's file is left alone")


def publish_twice(c, server, inputs, folder, vocab, env):
    done = convert(inputs, folder, vocab, "--to", "postgresql:hospital#cdm,constraints,indexes", name="first", env=env)
    c.check(done.code in (0, 3), f"postgresql publishes: {done.err[-300:]}")
    compare(c, server, folder / "first", "cdm", "postgresql")
    c.check(int(server.sql("select count(*) from cdm.pyojun_balance").stdout or 0) > 0, "postgresql: the books are there")
    keys = server.sql("select count(*) from pg_constraint where connamespace = 'cdm'::regnamespace and contype in ('p', 'f')").stdout
    c.check(int(keys or 0) > 50, "postgresql: keys were made")
    # Again, unchanged: nothing is written. Then one file fewer: only the difference is.
    before = server.sql("select count(*) from cdm.measurement where xmin::text <> ''; select min(xmin::text) || max(xmin::text) from cdm.measurement").stdout
    done = convert(inputs, folder, vocab, "--to", "postgresql:hospital#cdm,constraints,indexes", name="again", env=env)
    c.check(done.code in (0, 3), f"postgresql publishes again: {done.err[-300:]}")
    after = server.sql("select count(*) from cdm.measurement where xmin::text <> ''; select min(xmin::text) || max(xmin::text) from cdm.measurement").stdout
    c.equal(after, before, "postgresql: unchanged rows are not written again")
    fewer = [p for p in inputs if p.name != "procedures.csv"]
    done = convert(fewer, folder, vocab, "--to", "postgresql:hospital#cdm,constraints,indexes", name="fewer", env=env)
    c.check(done.code in (0, 3), f"postgresql publishes a difference: {done.err[-300:]}")
    compare(c, server, folder / "fewer", "cdm", "postgresql after a change")


def unnamed_release(c, server, inputs, folder, env):
    """A vocabulary without the row "None" names no release; cdm_source.vocabulary_version may still not be empty."""
    plain = folder / "unnamed"
    shutil.copytree(ROOT / "testdata" / "vocabulary", plain)
    lines = (plain / "VOCABULARY.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (plain / "VOCABULARY.csv").write_text("".join(line for line in lines if not line.startswith("None\t")), encoding="utf-8")
    (folder / "unnamed.vocab").mkdir()
    done = convert(inputs, folder, vocabulary(folder / "unnamed.vocab", plain), "--to", "postgresql:hospital#unnamed", name="unnamed.cdm", env=env)
    c.check(done.code in (0, 3), f"postgresql: a vocabulary without a release: {done.err[-300:]}")
    c.equal(server.sql("select vocabulary_version from unnamed.cdm_source").stdout.strip(), "unknown", "postgresql: its release is unknown")


def refusals(c, server, inputs, folder, vocab, env):
    server.sql("create schema theirs; create table theirs.person(person_id integer); insert into theirs.person values (42)")
    done = convert(inputs, folder, vocab, "--to", "postgresql:hospital#theirs", name="theirs", env=env)
    c.check("P022" in done.err and done.code != 0, "postgresql: somebody's tables are refused before anything is read")
    c.equal(server.sql("select person_id from theirs.person").stdout.strip(), "42", "postgresql: and left alone")
    done = convert(inputs, folder, vocab, "--to", "postgresql:nobody-knows#cdm", name="unknown", env=env)
    c.check("P020" in done.err, "postgresql: an unknown service")
    done = convert(inputs, folder, vocab, "--to", "postgresql:host=/tmp password=secret", name="argv", env=env)
    c.check(done.code != 0 and "P002" in done.err, "postgresql: no login on the command line")
    login = folder / "login.dsn"
    login.write_text(f"host={server.folder}\nuser=tester\ndbname=postgres\n")
    login.chmod(0o644)
    done = convert(inputs, folder, vocab, "--to", f"postgresql:{login}#dsn", name="open", env=env)
    c.check("P021" in done.err, "postgresql: a connection file that others may read is refused")
    login.chmod(0o600)
    done = convert(inputs, folder, vocab, "--to", f"postgresql:{login}#dsn", name="dsn", env=env)
    c.check(done.code in (0, 3), f"postgresql: a connection file works: {done.err[-200:]}")
    # A statement that fails takes everything back, and the server's words stay with the server.
    server.sql("alter table dsn.person add constraint nobody check (person_id < 0) not valid")
    smaller = [p for p in inputs if p.name not in ("procedures.csv",)]
    before = server.sql("select count(*) from dsn.procedure_occurrence").stdout
    people = folder / "people"
    people.mkdir()
    for path in smaller:
        shutil.copy(path, people / path.name)
    text = (people / "patients.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (people / "patients.csv").write_text("".join(text[:1] + text[2:]), encoding="utf-8")
    done = convert(sorted(people.glob("*.csv")), folder, vocab, "--to", f"postgresql:{login}#dsn", name="failed", env=env)
    c.check("P005" in done.err and "nobody" not in done.err.replace("nobody-knows", ""), f"postgresql: a message without server text: {done.err[-300:]}")
    c.equal(server.sql("select count(*) from dsn.procedure_occurrence").stdout, before, "postgresql: nothing of the failed run is there")


def statements(name):
    return (SCHEMA / "assemble" / name).read_text(encoding="utf-8")


def other_role(c, server, inputs, folder, vocab, env):
    """A role that owns nothing but may write into a schema made for it; one that may not is found out before anything is read."""
    server.sql("create role loader login; create schema loaded; grant all on schema loaded to loader; create role reader login; grant all on schema loaded to reader;")
    logins = {}
    for role in ("loader", "reader"):
        logins[role] = folder / f"{role}.dsn"
        logins[role].write_text(f"host={server.folder}\nuser={role}\ndbname=postgres\n")
        logins[role].chmod(0o600)
    done = convert(inputs, folder, vocab, "--to", f"postgresql:{logins['loader']}#loaded", name="loaded", env=env)
    c.check(done.code in (0, 3), f"a role without the right to make schemas publishes into its own: {done.err[-300:]}")
    compare(c, server, folder / "loaded", "loaded", "the loader's schema")
    done = convert(inputs, folder, vocab, "--to", f"postgresql:{logins['reader']}#loaded", name="loaded-2", env=env)
    c.check(done.code == 1 and "P005" in done.err and not (folder / "loaded-2").exists(), f"tables of another role: {done.code} {done.err[-300:]}")
    server.sql("create schema views; create view views.person as select 1 as a;")
    done = convert(inputs, folder, vocab, "--to", "postgresql:hospital#views", name="views", env=env)
    c.check("P022" in done.err, f"a view by the name of a table of the CDM: {done.err[-300:]}")


def same_sql(c, server, folder):
    """Eras and periods by the same files in PostgreSQL, from the events of the published schema."""
    defaults = [r for r in csv.DictReader(open(SCHEMA / "assemble" / "settings.csv", encoding="utf-8"))]
    types = {"number": "integer", "concept": "integer", "date": "date"}
    row = ", ".join(f"{repr(r['default']) if r['default'] else 'null'}::{types.get(r['kind'], 'text')} as {r['name']}" for r in defaults)
    script = [f"create schema derived; create schema assemble; create table assemble.settings as select {row};",
              "create table assemble.change(rule text, tab text, id integer, col text, value text, step integer);",
              "create table assemble.removal(rule text, tab text, id integer, kept_id integer, step integer);",
              "create table assemble.item(name text, place integer, number integer);",
              "create table assemble.made(tab text, owner integer, day date, id integer);",
              "create table assemble.next_id(tab text, id integer);",
              "insert into assemble.next_id values ('visit_occurrence', 1000000), ('visit_detail', 1000000);",
              "create table assemble.ingredient(drug_concept_id integer, ingredient_concept_id integer);",
              "set search_path = assemble, public;", statements("prelude/postgresql.sql"), statements("05-rows.sql"), statements("06-visitless.sql")]
    tested = {"observation_period": "30-observation_period-ehr.sql", "condition_era": "40-condition_era.sql"}
    for name, file in tested.items():
        script += [f"create table derived.{name} (like cdm.{name});", statements(file)]
    # The others have to be accepted; what they do is compared where there is something to compare.
    for file in ("10-end_before_start-repair.sql", "12-visit_same_day.sql", "16-visit_of_event-enclosing.sql", "18-preceding_visit.sql",
                 "20-drug_plausible.sql", "22-drug_end.sql", "24-duplicate_facts.sql"):
        script.append(statements(file))
    for name, file in (("death", "28-death.sql"), ("drug_era", "42-drug_era.sql"), ("visit_detail", "14-visit_stitch.sql"),
                       ("visit_detail", "15-emergency_inpatient.sql"), ("visit_occurrence", "17-visit_of_event-new.sql")):
        script += [f"create table if not exists derived.{name} (like cdm.{name}); alter table derived.{name} alter person_id set not null;", statements(file)]
    done = server.sql("\n".join(script))
    if not c.equal(done.returncode, 0, f"PostgreSQL takes the assembly files: {done.stderr[-400:]}"):
        return
    for name in tested:
        kinds = [column["type"] for column in columns()[name]]
        c.check(postgres_content(server, "derived", name, kinds) == csv_content(folder / "fewer", name, kinds), f"PostgreSQL derives the same {name}")


def read_back(c, server, inputs, folder, vocab, env):
    """The sample as tables of three databases, read as SQL sources: the same CDM as from the files."""
    import io
    lite = sqlite3.connect(folder / "source.sqlite")
    scripts = []
    names = []
    for path in inputs:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        records = list(csv.reader(io.StringIO(text)))
        width, name = len(records[0]), path.stem
        kept = [[value or None for value in r] for r in records[1:] if len(r) == width]
        names.append((name, records[0]))
        fields = ", ".join(f'"{f}" text' for f in records[0])
        lite.execute(f"create table {name} ({fields})")
        lite.executemany(f"insert into {name} values ({', '.join('?' * width)})", kept)
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([["" if v is None else v for v in r] for r in kept])
        scripts.append(f"create table emr.{name} ({fields});\n\\copy emr.{name} from stdin with (format csv)\n{out.getvalue()}\\.\n")
    lite.commit()
    lite.close()
    done = server.sql("create schema emr;\n" + "".join(scripts))
    c.equal(done.returncode, 0, f"the sample goes into PostgreSQL: {done.stderr[-300:]}")
    results = {}
    for engine, place, prefix in (("postgresql", "hospital", "emr."), ("sqlite", "source.sqlite", "")):
        source = folder / f"{engine}.sql"
        lines = [f"-- The hospital's views.\n-- connect: {engine} {place}\n"]
        lines += [f"-- query: {name}\nselect * from {prefix}{name};\n" for name, _ in names]
        source.write_text("\n".join(lines))
        done = convert([source], folder, vocab, name=f"from-{engine}", env=env)
        if c.check(done.code in (0, 3), f"{engine} is read: {done.err[-300:]}"):
            results[engine] = {t: len(table(folder / f"from-{engine}", t)) for t in cdm_tables()}
            c.check(results[engine]["person"] > 0 and results[engine]["measurement"] > 0, f"{engine}: rows arrive")
    c.equal(results.get("postgresql"), results.get("sqlite"), "PostgreSQL and SQLite give the same CDM")
    bad = folder / "bad.sql"
    bad.write_text("-- connect: postgresql hospital\n-- query: patients\nselect nothing from nowhere;\n")
    done = convert([bad], folder, vocab, name="bad", env=env)
    c.check("R202" in done.err and "nowhere" not in done.err, f"a refused query: {done.err[-300:]}")


def korean_tables(c, server, folder, vocab, env):
    """A Korean hospital's tables, some names in Korean, some folded to lower case, columns of their own types, through the mapping of its files."""
    done = server.sql("""create schema kr;
create table kr."환자" ("환자번호" text, "환자명" text, "주민등록번호" varchar(14), "성별" text);
insert into kr."환자" values ('1', '홍가상', '800101-1234567', '남'), ('2', '김가상', '0503024234567', null);
create table kr.visits (enc_no integer, pt_no text, "내원구분" text, in_dt timestamp, "퇴원일시" date);
insert into kr.visits values (1, '1', '외래', '2025-03-01 09:00:00', '2025-03-01'), (2, '2', '입원', '2025-03-02 21:05:00', null);
""")
    c.equal(done.returncode, 0, f"Korean names in PostgreSQL: {done.stderr[-300:]}")
    source = folder / "korean.sql"
    source.write_text('-- connect: postgresql hospital\n-- query: patients\nselect * from kr."환자" order by 1;\n-- query: encounters\nselect * from kr.visits order by 1;\n', encoding="utf-8")
    done = convert([source], folder, vocab, map="korea/vendor-b", name="korean", env=env)
    if not c.check(done.code == 0, f"Korean tables of PostgreSQL convert: {done.err[-300:]}"):
        return
    people = {(p["person_source_value"], p["gender_concept_id"], p["year_of_birth"], p["month_of_birth"], p["day_of_birth"]) for p in table(folder / "korean", "person")}
    c.equal(people, {("1", "8507", "1980", "1", "1"), ("2", "8532", "2005", "3", "2")}, "persons of Korean tables")
    visits = {(v["visit_concept_id"], v["visit_start_datetime"], v["visit_end_date"]) for v in table(folder / "korean", "visit_occurrence")}
    c.equal(visits, {("9202", "2025-03-01 09:00:00", "2025-03-01"), ("9201", "2025-03-02 21:05:00", "2025-03-02")}, "visits of Korean tables")
    for path in (folder / "korean.w.fetched").iterdir():
        c.check(b"234567" not in path.read_bytes(), "no registration number is kept of a query's rows")


def main():
    c = Checks()
    inputs = sorted(p for p in SAMPLE.glob("*.csv") if p.name != "defects.csv")
    with work() as name:
        folder = pathlib.Path(name)
        vocab = vocabulary(folder)
        sqlite_round_trip(c, inputs, folder, vocab)
        server = Server(folder, "fsync = off\n")
        if server.bin is None or shutil.which("psql") is None:
            print("SKIP: PostgreSQL is not installed; only SQLite was tested")
            c.skipped += 1
            return c.end()
        try:
            if not server.start():
                print("SKIP: PostgreSQL does not start here; only SQLite was tested")
                c.skipped += 1
                return c.end()
            services = folder / "services.conf"
            services.write_text(f"[hospital]\nhost={server.folder}\nuser=tester\ndbname=postgres\n")
            env = {"PGSERVICEFILE": str(services)}
            publish_twice(c, server, inputs, folder, vocab, env)
            unnamed_release(c, server, inputs, folder, env)
            refusals(c, server, inputs, folder, vocab, env)
            other_role(c, server, inputs, folder, vocab, env)
            same_sql(c, server, folder)
            read_back(c, server, inputs, folder, vocab, env)
            korean_tables(c, server, folder, vocab, env)
        finally:
            server.stop()
    c.end()


main()
