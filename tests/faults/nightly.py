#!/usr/bin/env python3
"""Faults of nights (promises R2, R4, R5, R7, R9, R15 of docs/reliability.md): kill sweep over an incremental run, files that are renamed, touched,
cut or put back, a corrected mapping, budgets, two instances. `--step N` takes every Nth call of the sweep (default 7; 1 is the whole sweep); names choose among the tests."""
import ctypes
import gzip
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from common import *
from nights import MAPPING, TABLES, rows_by_name

STEP = int(sys.argv[sys.argv.index("--step") + 1]) if "--step" in sys.argv else 7
PERSONS = "ID,OLD,YEAR,V,ACTION\n"
LABS = "ID,PERSON,VISIT,DAY,VALUE,V,ACTION\n"


class Site:
    """A folder with exports, a mapping and a job."""

    def __init__(self, folder, vocab, mapping=MAPPING, target="csv:cdm"):
        self.folder, self.target = pathlib.Path(folder), target
        (self.folder / "in").mkdir(parents=True)
        self.job(vocab)
        (self.folder / "site.map").write_text(mapping)
        self.write("persons-1.csv", PERSONS + "".join(f"p{i},,1960,,\n" for i in range(1, 9)))
        self.write("persons-2.csv", PERSONS + "p3,,1970,2,\np9,p8,1980,,\npX,,bad,,\n")
        self.write("labs-1.csv", LABS + "".join(f"l{i},p{i % 11},,2024-01-0{i % 9 + 1},{i},,\n" for i in range(1, 40)))

    def job(self, vocab, more=""):
        (self.folder / "job.toml").write_text(f'''vocabulary = "{vocab}"
warehouse = "w"
targets = ["{self.target}"]
metrics = "m.prom"
log = "log.jsonl"
jobs = 2
[[source]]
name = "emr"
path = "in"
map = "site.map"
{more}''')

    def write(self, name, text):
        (self.folder / "in" / name).write_text(text)

    def second_night(self):
        self.write("labs-2.csv", LABS + "l3,p4,,2024-02-01,77,9,\nl50,p10,,2024-02-02,5,,\nl4,,,,,,D\n")
        self.write("persons-2.csv", PERSONS + "p3,,1971,2,\np10,,1955,,\n")

    def run(self, *more, **kw):
        return run("run", self.folder / "job.toml", "--json", *more, **kw)

    def cdm(self):
        return tree_hash(self.folder / "cdm")

    def leftovers(self):
        return [p.name for p in self.folder.rglob("*") if ".work" in p.name]


def copied(site, to):
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(site.folder, to, symlinks=True)
    twin = object.__new__(Site)
    twin.folder, twin.target = pathlib.Path(to), site.target
    return twin


def kill_sweep(c, top, vocab):
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        c.skip("strace is not there or may not trace")
        return
    base = Site(top / "sweep", vocab)
    c.equal(base.run().code, 0, "sweep: the first night")
    before = base.cdm()
    base.second_night()
    undisturbed = copied(base, top / "sweep-clean")
    c.equal(undisturbed.run().code, 0, "sweep: the second night")
    want = undisturbed.cdm()
    c.check(want != before, "sweep: the second night changes something")
    listed = run("quarantine", "list", "--warehouse", undisturbed.folder / "w").out
    kills = 0
    for call in ("write,pwrite64", "copy_file_range", "fsync,fdatasync", "rename,renameat,renameat2", "unlink,unlinkat", "openat"):
        for n in range(1, 3000, 1 if STEP == 1 or call.startswith("rename") else STEP * (12 if call == "openat" else 1)):
            site = copied(base, top / "sweep-killed")
            done = site.run(prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={n}"])
            survived = done.code == 0
            c.check(site.cdm() in (before, want), f"kill at {call} {n}: what is published is one night or the other")
            again = site.run()
            c.equal(again.code, 0, f"kill at {call} {n}: the rerun: {again.err[-200:]}")
            c.equal(site.cdm(), want, f"kill at {call} {n}: the rerun gives the undisturbed bytes")
            c.equal(run("quarantine", "list", "--warehouse", site.folder / "w").out, listed, f"kill at {call} {n}: the quarantine is the same")
            c.equal(site.leftovers(), [], f"kill at {call} {n}: leftovers are swept")
            kills += not survived
            if survived:
                break
    print(f"kill sweep: {kills} kills")


def by_content(c, top, vocab):
    site = Site(top / "content", vocab)
    first = site.run()
    c.equal(first.summary["night"]["fresh"], 3, "three new files")
    want = site.cdm()

    def night(what, label, same=True, code=0):
        done = site.run()
        c.equal(done.code, code, f"{label}: {done.err[-200:]}")
        for fate, count in what.items():
            c.equal(done.summary["night"][fate], count, f"{label}: {fate}")
        if same:
            c.equal(site.cdm(), want, f"{label}: the same bytes")
        return done

    again = night({"unchanged": 3, "fresh": 0}, "nothing new")
    c.check(again.summary["unchanged"] and again.summary["records"] == 0, "nothing new: nothing is read")
    os.utime(site.folder / "in" / "labs-1.csv")
    night({"unchanged": 3}, "touched")
    os.rename(site.folder / "in" / "labs-1.csv", site.folder / "in" / "labs-1b.csv")
    moved = night({"copy": 1, "unchanged": 2, "vanished": 1}, "renamed")
    c.check("labs-1.csv" in moved.err, "renamed: the name that vanished is told")
    night({"unchanged": 3, "vanished": 0}, "renamed, the night after: told once")
    text = (site.folder / "in" / "persons-1.csv").read_text()
    site.write("persons-1.csv", text + "p77,,1950,,\n")
    night({"changed": 1, "unchanged": 2}, "appended", same=False)
    c.check(any(row["person_source_value"] == "p77" for row in table(site.folder / "cdm", "person")), "appended: the row is there")
    site.write("persons-1.csv", PERSONS + "p1,,1960,,\n")
    night({"changed": 1}, "cut", same=False)
    c.equal(sorted(row["person_source_value"] for row in table(site.folder / "cdm", "person")), ["p1", "p3", "p9"], "cut: rows that are gone are retired")
    site.write("persons-1.csv", text)
    night({"changed": 1}, "put back", same=True)  # keys keep their ids, so not a byte differs
    (site.folder / "in" / "persons-2.csv").unlink()
    night({"vanished": 1}, "vanished")
    c.check('pyojun_files{fate="unchanged"}' in (site.folder / "m.prom").read_text(), "metrics are written")
    lines = (site.folder / "log.jsonl").read_text().splitlines()
    c.check(len(lines) == 9 and all(json.loads(line)["exit"] == 0 for line in lines), "the log has a line for every run")
    c.check(not any(value in text for text in (*lines, (site.folder / "m.prom").read_text()) for value in ("p77", "1971")), "no value in log or metrics")
    dry = site.run("--dry-run")
    c.check(dry.code == 0 and dry.summary["night"]["unchanged"] == 2, "a dry run says what would be done")
    c.equal(site.cdm(), want, "a dry run changes nothing")
    if site.run("--check-config").code != 0:
        c.check(False, "--check-config finds the job in order")
    (site.folder / "bad.toml").write_text('vocabulary = "v"\nwarehouse = "w"\nsauce = 1\n[[source]]\nname = "a"\npath = "in"\nmap = "site.map"\n')
    bad = run("run", site.folder / "bad.toml")
    c.check(bad.code == 2 and "J002" in bad.err and ":3:" in bad.err, "an unknown key is an error with its line")


def young(c, top, vocab):
    site = Site(top / "young", vocab)
    site.job(vocab, "settle_seconds = 3600\n")
    old = os.stat(site.folder / "job.toml").st_mtime - 7200
    for name in ("persons-1.csv", "persons-2.csv"):
        os.utime(site.folder / "in" / name, (old, old))
    if shutil.which("strace"):  # that it cannot be read while it is written is no news
        twin = copied(site, top / "young-unread")
        log = twin.folder / "calls"
        done = twin.run(prefix=["strace", "-f", "-qq", "-o", log, "-P", twin.folder / "in" / "labs-1.csv", "-e", "inject=pread64:error=EIO"])
        c.check("INJECTED" in log.read_text(), "the young file was about to be read")
        c.equal((done.code, done.summary["night"]["held"], done.err.count("F001")), (0, 1, 0), "a young file that cannot be read yet")
    done = site.run()
    c.equal((done.code, done.summary["night"]["held"], done.summary["night"]["fresh"]), (0, 1, 2), "a young file is left for the next run")
    os.utime(site.folder / "in" / "labs-1.csv", (old, old))
    done = site.run()
    c.equal((done.code, done.summary["night"]["held"], done.summary["night"]["fresh"]), (0, 0, 1), "and taken then")


def times_ahead(c, top, vocab):
    """Where the clock is behind every file, nothing is read, and that is said; of a file dated ahead its inode counts."""
    if not shutil.which("faketime"):
        c.skip("faketime is not installed")
        return
    site = Site(top / "ahead", vocab)
    site.job(vocab, "settle_seconds = 600\n")
    behind = site.run(prefix=["faketime", "-f", "-2d"], env={"NO_FAKE_STAT": "1"})  # the program's clock only
    c.equal((behind.code, behind.summary["night"]["held"]), (3, 3), f"times ahead: all files wait, exit 3: {behind.err[-200:]}")
    now = os.stat(site.folder / "job.toml").st_mtime
    for name in os.listdir(site.folder / "in"):
        os.utime(site.folder / "in" / name, (now + 9e6, now + 9e6))
    late = site.run(prefix=["faketime", "-f", "+1h"], env={"NO_FAKE_STAT": "1"})
    c.equal((late.code, late.summary["night"]["fresh"]), (0, 3), f"times ahead: an old inode with a date ahead is read: {late.err[-200:]}")


def cut_while_read(c, top, vocab):
    """A file that is written anew in its place while the run reads it waits for the next night, whatever the run had read of it."""
    site = Site(top / "cut", vocab)
    c.equal(site.run().code, 0, "cut while read: the first night")
    long = LABS + "".join(f"m{i},p{i % 9},,2024-03-0{i % 9 + 1},{i % 90},,\n" for i in range(100000))
    place = site.folder / "in" / "labs-long.csv"
    codes = []
    for _ in range(2):
        place.write_text(long)
        process = subprocess.Popen([PYOJUN, "run", str(site.folder / "job.toml"), "-q"], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        while process.poll() is None:
            place.write_text(long[:20000])  # truncates first
            place.write_text(long)
        codes.append(process.returncode)
        process.communicate()
    c.check(all(code in (0, 3) for code in codes), f"cut while read: exit codes {codes}")
    place.write_text(long)
    c.equal(site.run().code, 0, "cut while read: the night after")
    clean = Site(top / "cut-clean", vocab)
    (clean.folder / "in" / "labs-long.csv").write_text(long)
    c.equal(clean.run().code, 0, "cut while read: a clean conversion")
    c.equal(rows_by_name(site.folder / "cdm")[0]["measurement"], rows_by_name(clean.folder / "cdm")[0]["measurement"], "cut while read: every row in the end")


def coded(mapping):
    """The mapping with the measured concept taken from a table that is delivered too: codes*.csv."""
    out = mapping.replace('  file labs "labs*.csv"\n', '  file labs "labs*.csv"\n  file codes "codes*.csv"\n')
    out = out.replace("list finding", "lookup code from codes key CODE keep concept := CONCEPT\nlist finding", 1)
    out = "".join("    measurement_concept_id := integer(code(VALUE).concept ? 0)\n" if line.startswith("    measurement_concept_id") else line
                  for line in out.splitlines(keepends=True))
    assert out.count("codes") == 3 and out.count("code(VALUE)") == 1
    return out


CODES = "CODE,CONCEPT\n" + "".join(f"{i},{3000000 + i}\n" for i in range(1000))


def uncoded(site):
    return sum(row["measurement_concept_id"] == "0" for row in table(site.folder / "cdm", "measurement"))


def half_a_table(c, top, vocab):
    """A lookup table that is not there as a whole (its file is young, not readable or being written) decides no rows: what asks it waits."""
    site = Site(top / "half", vocab, coded(MAPPING))
    old = os.stat(site.folder / "job.toml").st_mtime - 7200
    age = lambda: [os.utime(path, (old, old)) for path in (site.folder / "in").iterdir()]
    site.job(vocab, "settle_seconds = 3600\n")
    table_file = site.folder / "in" / "codes.csv.gz"
    table_file.write_bytes(gzip.compress(CODES.encode()))
    for name in ("persons-1.csv", "persons-2.csv", "labs-1.csv"):
        os.utime(site.folder / "in" / name, (old, old))
    done = site.run()
    c.equal((done.code, done.summary["night"]["held"], done.summary["night"]["fresh"]), (3, 2, 2), "half a table: the table is only now coming: its labs wait")
    c.equal(done.summary["tables"]["measurement"], 0, "half a table: no lab was mapped without it")
    age()
    c.equal((site.run().code, uncoded(site)), (0, 0), "half a table: both are taken then")
    before = site.cdm()
    site.write("labs-3.csv", LABS + "l90,p1,,2024-03-03,1,,\n")
    age()
    table_file.write_bytes(gzip.compress(CODES[:40].encode()))  # still coming
    done = site.run()
    c.equal((done.code, done.summary["night"]["held"], site.cdm() == before), (3, 3, True), f"half a table: young: every lab waits {done.err[-300:]}")
    c.check("lookup table" in done.err, "half a table: and that is said")
    site.job(vocab)
    table_file.write_bytes(gzip.compress(CODES.encode())[:900])
    done = site.run()
    c.equal((done.code, done.summary["night"]["held"], site.cdm() == before), (3, 3, True), f"half a table: cut: every lab waits {done.err[-300:]}")
    table_file.write_bytes(gzip.compress(CODES.encode()))
    c.equal((site.run().code, uncoded(site)), (0, 0), "half a table: there again")
    clean = Site(top / "half-clean", vocab, coded(MAPPING))
    clean.write("labs-3.csv", (site.folder / "in" / "labs-3.csv").read_text())
    clean.write("codes.csv", CODES)
    c.equal(clean.run().code, 0, "half a table: a clean conversion")
    c.equal(rows_by_name(site.folder / "cdm")[0]["measurement"], rows_by_name(clean.folder / "cdm")[0]["measurement"], "half a table: the same in the end")


def table_while_written(c, top, vocab):
    """The table is written anew in its place again and again while the run reads it: no lab is ever mapped by half of it."""
    site = Site(top / "rewritten", vocab, coded(MAPPING))
    place = site.folder / "in" / "codes.csv"
    site.write("labs-2.csv", LABS + "".join(f"m{i},p{i % 9},,2024-03-0{i % 9 + 1},{i % 900},,\n" for i in range(30000)))
    codes = []
    for _ in range(4):
        place.write_text(CODES)
        site.write("labs-3.csv", LABS + f"n{len(codes)},p1,,2024-04-01,{len(codes)},,\n")
        process = subprocess.Popen([PYOJUN, "run", str(site.folder / "job.toml"), "-q"], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        while process.poll() is None:
            place.write_text(CODES[:200])
            place.write_text(CODES)
        process.communicate()
        codes.append(process.returncode)
        c.equal(uncoded(site), 0, f"table while written: run {len(codes)}, exit {codes[-1]}: no lab lacks its concept")
    c.check(all(code in (0, 3) for code in codes), f"table while written: exit codes {codes}")
    place.write_text(CODES)
    c.equal((site.run().code, uncoded(site)), (0, 0), "table while written: the night after")
    c.equal(len(table(site.folder / "cdm", "measurement")), len([r for r in table(site.folder / "cdm", "measurement") if int(r["measurement_concept_id"]) >= 3000000]),
            "table while written: every lab has its concept")


def list_while_written(c, top, vocab):
    """The same of a code list of the mapping: the run is refused by name, or the list was whole."""
    mapping = MAPPING.replace("list finding", 'list code "codes.csv"\nlist finding', 1)
    mapping = "".join("    measurement_concept_id := list(code, VALUE) ? 0\n" if line.startswith("    measurement_concept_id") else line
                      for line in mapping.splitlines(keepends=True))
    whole = "source_code,target_concept_id\n" + "".join(f"{i},{target}\n" for i in range(60) for target in (8507,))
    site = Site(top / "list", vocab, mapping)
    place = site.folder / "codes.csv"
    ends = []
    for turn in range(6):
        place.write_text(whole)
        site.write("labs-3.csv", LABS + f"n{turn},p1,,2024-04-01,{turn},,\n")
        process = subprocess.Popen([PYOJUN, "run", str(site.folder / "job.toml"), "-q"], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        while process.poll() is None:
            place.write_text(whole[:60])
            place.write_text(whole)
        err = process.communicate()[1].decode()
        ends.append((process.returncode, [code for code in ("J013", "C04", "M0") if code in err]))
        if (site.folder / "cdm").exists():
            c.equal(uncoded(site), 0, f"list while written: run {turn}: {ends[-1]}: no lab by half a list")
    c.check(all(code == 0 or said for code, said in ends), f"list while written: done or refused by name: {ends}")
    place.write_text(whole)
    c.equal((site.run().code, uncoded(site)), (0, 0), "list while written: the night after")


def redrive(c, top, vocab):
    """run(M2) == run(M1) + redrive(M2), and only the files the correction touches are taken again."""
    wrong = MAPPING.replace("measurement_date := date(DAY)", "measurement_date := date(VALUE)")
    site = Site(top / "redrive", vocab, wrong)
    c.equal(site.run().code, 0, "redrive: the first mapping")
    site.second_night()
    c.equal(site.run().code, 0, "redrive: the first mapping, second night")
    summary = run("quarantine", "summary", "--warehouse", site.folder / "w").out
    c.check("labs" in summary, "redrive: the wrong rule fills the quarantine")
    (site.folder / "site.map").write_text(MAPPING)
    site.write("persons-3.csv", PERSONS + "p99,,1950,,\n")  # new: redrive leaves it for the night
    done = run("quarantine", "redrive", site.folder / "job.toml", "--json")
    c.equal(done.code, 0, f"redrive: {done.err[-300:]}")
    c.equal((done.summary["night"]["remapped"], done.summary["night"]["unchanged"], done.summary["night"]["held"]), (2, 2, 1),
            "redrive: only files the correction touches are mapped again")
    (site.folder / "in" / "persons-3.csv").unlink()
    clean = Site(top / "redrive-clean", vocab)
    clean.second_night()
    c.equal(clean.run().code, 0, "redrive: the corrected mapping at once")
    got, want = rows_by_name(site.folder / "cdm")[0], rows_by_name(clean.folder / "cdm")[0]
    for name in TABLES:
        c.equal(got[name], want[name], f"redrive: {name} is what a full run under the corrected mapping gives")
    states = [line.split("\t") for line in run("quarantine", "list", "--all-runs", "--warehouse", site.folder / "w").out.splitlines()]
    open_now = run("quarantine", "list", "--warehouse", site.folder / "w").out.splitlines()
    c.equal(len(open_now), len(run("quarantine", "list", "--warehouse", clean.folder / "w").out.splitlines()), "redrive: what is open is what a full run has")
    c.check(len(states) > len(open_now), "redrive: resolved entries stay in the quarantine")
    c.check("resolved" in done.err, "redrive: says how many were resolved")
    lines = [json.loads(line) for line in (site.folder / "log.jsonl").read_text().splitlines()]
    c.equal((len(lines), lines[-1]["exit"], lines[-1]["files"]["remapped"]), (3, 0, 2), "redrive: its line in the log")
    c.check('pyojun_files{fate="remapped"} 2' in (site.folder / "m.prom").read_text(), "redrive: metrics tell of it")


NOTES = "PERSON,DAY,TEXT\n"


def damaged(c, top, vocab):
    """A file that cannot be read any more, or whose bytes no reader knows, keeps what was known of it, also where only its bytes tell the format."""
    site = Site(top / "damaged", vocab, MAPPING.replace("  format delimited\n", ""))
    place = site.folder / "in" / "persons-3.csv.gz"
    whole = gzip.compress((PERSONS + "".join(f"q{i},,1960,,\n" for i in range(50))).encode())
    place.write_bytes(whole)
    c.equal(site.run().code, 0, "damaged: the first night")
    before = site.cdm()
    for what, content in (("cut", whole[:60]), ("cut in its head", whole[:5]), ("of no format", gzip.compress(bytes(range(256)) * 4))):
        place.write_bytes(content)
        done = site.run()
        c.equal((done.code, done.summary["night"]["held"], site.cdm() == before), (3, 1, True), f"damaged: {what}: {done.err[-200:]}")
    place.write_bytes(whole)
    c.equal((site.run().code, site.cdm() == before), (0, True), "damaged: there again")
    site.write("README.txt", "what these files are")
    c.equal(site.run().code, 0, "damaged: a file of no format that never was one is only listed")


def renamed_and_remapped(c, top, vocab):
    """Rows without a key count once, whatever names their file had before the mapping was corrected; a file that is gone stays as it was, and that is told."""
    site = Site(top / "renamed", vocab)
    site.write("notes-1.csv", NOTES + "p1,2024-01-01,cough\np2,2024-02-02,fever\n")
    site.write("notes-2.csv", NOTES + "p3,2024-03-03,cough\n")
    c.equal(site.run().code, 0, "renamed: the first night")
    os.rename(site.folder / "in" / "notes-1.csv", site.folder / "in" / "notes-1b.csv")
    (site.folder / "in" / "notes-2.csv").unlink()
    done = site.run()
    c.equal((done.code, done.summary["night"]["vanished"], done.summary["night"]["outdated"]), (0, 2, 0), "renamed: one name changed, one file gone")
    before = {row["condition_occurrence_id"]: row["condition_source_value"] for row in table(site.folder / "cdm", "condition_occurrence")}
    head, rule = MAPPING.split("into condition_occurrence")
    (site.folder / "site.map").write_text(head + "into condition_occurrence" + rule.replace("32817", "32818"))
    done = site.run()
    rows = table(site.folder / "cdm", "condition_occurrence")
    c.equal(sorted(row["condition_source_value"] for row in rows), sorted(before.values()), "renamed: no row twice")
    c.equal(sorted(row["condition_type_concept_id"] for row in rows), ["32817", "32818", "32818"], "renamed: what is there is mapped anew")
    c.equal((done.code, done.summary["night"]["outdated"]), (0, 1), "renamed: what is gone is as it was")
    c.check("deliver the files again" in done.err and "pyojun_files_outdated 1" in (site.folder / "m.prom").read_text(), "renamed: and that is told")
    site.write("notes-3.csv", NOTES + "p3,2024-03-03,cough\n")
    done = site.run()
    rows = table(site.folder / "cdm", "condition_occurrence")
    c.equal(([row["condition_type_concept_id"] for row in rows], done.summary["night"]["outdated"]), (["32818"] * 3, 0), "renamed: delivered again, under another name")
    c.equal(sorted(row["condition_source_value"] for row in rows), sorted(before.values()), "renamed: still the same rows")


def snapshots(c, top, vocab):
    """Full exports with a date in their names: the last of each kind counts, also when the new one is young, and when the old ones are gone."""
    site = Site(top / "snapshot", vocab)
    for name in list((site.folder / "in").iterdir()):
        name.unlink()
    old = os.stat(site.folder / "job.toml").st_mtime - 7200
    site.job(vocab, 'delivery = "snapshot"\nsettle_seconds = 600\n')
    people = lambda: sorted(row["person_source_value"] for row in table(site.folder / "cdm", "person"))

    def export(day, persons, age=True):
        for kind, text in (("persons", PERSONS + "".join(f"{p},,1960,,\n" for p in persons)), ("notes", NOTES + "".join(f"{p},2024-01-01,cough\n" for p in persons))):
            site.write(f"{kind}-{day}.csv", text)
            if age:
                os.utime(site.folder / "in" / f"{kind}-{day}.csv", (old, old))

    export("20240101", ["p1", "p2", "p3"])
    export("20240102", ["p1", "p2"])
    done = site.run()
    c.equal((done.code, done.summary["night"]["replaced"], people()), (0, 2, ["p1", "p2"]), "snapshots: the first night reads the last of each kind")
    export("20240103", ["p2", "p4"])
    done = site.run()
    c.equal((done.code, done.summary["night"]["replaced"], people()), (0, 4, ["p2", "p4"]), "snapshots: the next export replaces it")
    c.equal(len(table(site.folder / "cdm", "condition_occurrence")), 2, "snapshots: also rows without a key")
    export("20240104", ["p5"], age=False)
    done = site.run()
    c.equal((done.code, done.summary["night"]["held"], people()), (0, 2, ["p2", "p4"]), "snapshots: an export that may still be being written replaces nothing yet")
    export("20240104", ["p5"])
    for path in (site.folder / "in").glob("*-2024010[123].csv"):
        path.unlink()
    done = site.run()
    c.equal((done.code, done.summary["night"]["vanished"], people()), (0, 0, ["p5"]), "snapshots: the old ones were cleared away")
    (site.folder / "in" / "notes-20240104.csv").unlink()
    done = site.run()
    c.equal((done.code, done.summary["night"]["vanished"], len(table(site.folder / "cdm", "condition_occurrence"))), (0, 1, 1), "snapshots: what no other file replaces is kept and told")
    again = site.run()
    c.check(again.summary["unchanged"], "snapshots: a night without anything new")


def budgets(c, top, vocab):
    site = Site(top / "budget", vocab)
    site.run()
    quarantined = site.run().summary["quarantined"]
    c.check(quarantined > 2, "budget: the sample quarantines something")
    for limit, code in ((quarantined - 1, 4), (quarantined, 0), (quarantined + 1, 0)):
        place = Site(top / f"budget-{limit}", vocab)
        place.job(vocab, f"[[budget]]\nsource = \"emr\"\nfail = {limit}\n")
        done = place.run()
        c.equal(done.code, code, f"budget: fail above {limit} of {quarantined}")
        c.equal((place.folder / "cdm").exists(), code == 0, f"budget: fail above {limit}: published or not")
        if code == 4:
            c.check(run("quarantine", "list", "--warehouse", place.folder / "w").out, "budget: the quarantine can be looked at")
            c.equal(place.run().code, 4, "budget: and the next run refuses again")
            place.job(vocab)
            c.equal(place.run().code, 0, "budget: raised, the next run publishes")
            c.equal(place.cdm(), site.cdm(), "budget: the same bytes as without a budget")
    warned = Site(top / "budget-warn", vocab)
    warned.job(vocab, f"[[budget]]\nrule = \"labs\"\nwarn = {0}\n")
    c.equal(warned.run().code, 3, "budget: a warning level is exit 3")
    c.check((warned.folder / "cdm").exists(), "budget: and published")


def gates(c, top, vocab):
    """A gate that does not hold: exit 4, the last publication stands, and the work is kept: the next night need not map again."""
    site = Site(top / "gate", vocab)
    c.equal(site.run().code, 0, "gate: the first night, without one")
    before = site.cdm()
    site.second_night()
    text = (site.folder / "job.toml").read_text()
    with_gate = text.replace("jobs = 2", 'jobs = 2\npacks = ["omop-dqd"]\ngates = ["omop-dqd>=100"]\nreport = "report"')
    (site.folder / "job.toml").write_text(with_gate)
    done = site.run()
    c.equal((done.code, done.summary["error"], done.summary["night"]["changed"]), (4, "A034", 1), f"gate: refused {done.err[-300:]}")
    c.equal(site.cdm(), before, "gate: what was published stands")
    c.check((site.folder / "report" / "report.html").exists(), "gate: the report says why")
    again = site.run()
    c.equal((again.code, again.summary["records"], again.summary["night"]["unchanged"]), (4, 0, 4), "gate: the next night refuses again and maps nothing")
    c.equal(site.cdm(), before, "gate: and publishes nothing")
    (site.folder / "job.toml").write_text(text)
    done = site.run()
    c.equal((done.code, done.summary["records"]), (0, 0), "gate: without it the work is published, nothing is mapped again")
    clean = Site(top / "gate-clean", vocab)
    c.equal(clean.run().code, 0, "gate: the same nights without a gate")
    clean.second_night()
    c.equal(clean.run().code, 0, "gate: the same nights without a gate, second")
    got, want = rows_by_name(site.folder / "cdm")[0], rows_by_name(clean.folder / "cdm")[0]
    for name in TABLES:
        c.equal(got[name], want[name], f"gate: {name} as without a gate")


def two_at_once(c, top, vocab):
    site = Site(top / "two", vocab)
    site.run()
    site.second_night()
    clean, site = copied(site, top / "two-clean"), copied(site, top / "two-busy")  # both away from the names of the first night
    clean.run()
    processes = [subprocess.Popen([PYOJUN, "run", str(site.folder / "job.toml")], stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(6)]
    results = [(p.communicate(timeout=200)[1].decode(errors="replace"), p.returncode) for p in processes]
    c.check(any(code == 0 for _, code in results) and all(code in (0, 11) for _, code in results), f"six at once: {sorted(code for _, code in results)}")
    c.check(all("pid" in text for text, code in results if code == 11), "the refusal names the holder")
    c.equal(site.cdm(), clean.cdm(), "six at once: what is published is whole")


class Engine:
    """The DuckDB library the program itself uses, to damage a warehouse in a way no fault of the machine does."""

    def __init__(self):
        self.library = ROOT / ".deps" / "duckdb" / "libduckdb.so"

    def run(self, file, sql):
        lib = ctypes.CDLL(str(self.library))
        database, connection = ctypes.c_void_p(), ctypes.c_void_p()
        assert lib.duckdb_open(str(file).encode(), ctypes.byref(database)) == 0
        assert lib.duckdb_connect(database, ctypes.byref(connection)) == 0
        done = lib.duckdb_query(connection, sql.encode(), None)
        lib.duckdb_disconnect(ctypes.byref(connection))
        lib.duckdb_close(ctypes.byref(database))
        assert done == 0, sql


def unbalanced(c, top, vocab):
    """Books that do not balance end with exit 70 and publish nothing (R8): here a count of the last night is wrong."""
    engine = Engine()
    if not engine.library.exists():
        c.skip("no DuckDB library under .deps: books are not made to disagree")
        return
    site = Site(top / "unbalanced", vocab)
    c.equal(site.run().code, 0, "unbalanced: the first night")
    before = site.cdm()
    site.second_night()
    damaged = copied(site, top / "unbalanced-damaged")
    engine.run(damaged.folder / "w" / "warehouse-000001.duckdb", "update ledger.balance set first_mapped = first_mapped + 1 where rule >= 0; checkpoint")
    done = damaged.run()
    c.equal(done.code, 70, f"unbalanced: exit: {done.err[-200:]}")
    c.check(done.err.strip(), "unbalanced: a message")
    c.equal(damaged.cdm(), before, "unbalanced: nothing is published")
    c.equal((damaged.folder / "w" / "CURRENT").read_text(), "run 1\n", "unbalanced: the last night stands")
    c.equal(damaged.leftovers(), [], "unbalanced: nothing is left behind")


def older_layout(c, top, vocab):
    """A warehouse whose tables an older program made: its history is taken over table by table, and the outcome is the same."""
    engine = Engine()
    if not engine.library.exists():
        c.skip("no DuckDB library under .deps: no warehouse of an older layout is made")
        return
    site = Site(top / "layout", vocab)
    c.equal(site.run().code, 0, "older layout: the first night")
    site.second_night()
    clean, old = copied(site, top / "layout-clean"), copied(site, top / "layout-old")
    c.equal(clean.run().code, 0, "older layout: the second night without it")
    engine.run(old.folder / "w" / "warehouse-000001.duckdb", "drop table ledger.layout; drop table ledger.csv_block; drop table profile.finding; checkpoint")
    done = old.run()
    c.equal(done.code, 0, f"older layout: exit: {done.err[-200:]}")
    c.equal(old.cdm(), clean.cdm(), "older layout: the same bytes")
    listed = [run("quarantine", "list", "--all-runs", "--warehouse", one.folder / "w").out for one in (old, clean)]
    c.equal(sorted(listed[0].splitlines()), sorted(listed[1].splitlines()), "older layout: the same quarantine")


def newer_layout(c, top, vocab):
    """A warehouse in which a newer program remembers more than this one knows of is refused by name; nothing is changed."""
    engine = Engine()
    if not engine.library.exists():
        c.skip("no DuckDB library under .deps: no warehouse of a newer layout is made")
        return
    site = Site(top / "newer", vocab)
    c.equal(site.run().code, 0, "newer layout: the first night")
    before = site.cdm()
    engine.run(site.folder / "w" / "warehouse-000001.duckdb",
               "alter table ledger.file add column told_by varchar; update ledger.layout set sha256 = 'of tomorrow'; checkpoint")
    site.second_night()
    done = site.run()
    c.equal((done.code, "W002" in done.err), (10, True), f"newer layout: {done.err[-300:]}")
    c.equal(site.cdm(), before, "newer layout: what is published stands")
    c.equal((site.folder / "w" / "CURRENT").read_text(), "run 1\n", "newer layout: and the run")


def other_build(c, top, vocab):
    """Two builds of one version by turns over one warehouse: what the other one mapped is mapped again, never mixed; the outcome is that of one build."""
    program = pathlib.Path(PYOJUN).read_bytes()
    at = program.find(b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0") + 16  # the linker's note: 20 bytes say which build this is
    if at < 16:
        c.skip("the linker wrote no build id: no other build is made")
        return
    other = top / "other-build"
    other.write_bytes(program[:at] + bytes(byte ^ 255 for byte in program[at:at + 20]) + program[at + 20:])
    other.chmod(0o755)
    site, clean = Site(top / "turns", vocab), Site(top / "turns-clean", vocab)
    ours = []
    for night in range(3):
        for one in (site, clean):
            if night == 1:
                one.second_night()
            if night == 2:
                one.write("labs-3.csv", LABS + "l90,p1,,2024-03-03,5,,\n")
        c.equal(clean.run().code, 0, f"other build: night {night} by one build")
        done = subprocess.run([str(other) if night == 1 else PYOJUN, "run", str(site.folder / "job.toml"), "--json"], capture_output=True)
        fates = json.loads(done.stdout.decode().splitlines()[-1])["night"]
        ours.append((done.returncode, fates["unchanged"], fates["remapped"]))
        c.equal(site.cdm(), clean.cdm(), f"other build: night {night}: the same bytes")
    c.equal(ours, [(0, 0, 0), (0, 0, 2), (0, 0, 4)], "other build: what the other one mapped is mapped again, there and back")


def taken_up(c, top, vocab):
    """Unchanged blocks of the last published files are copied, but never when somebody changed those files."""
    site = Site(top / "taken", vocab)
    c.equal(site.run().code, 0, "taken up: the first night")
    site.second_night()
    clean, spoilt = copied(site, top / "taken-clean"), copied(site, top / "taken-spoilt")
    c.equal(clean.run().code, 0, "taken up: the second night")
    for path in (spoilt.folder / "cdm").glob("*.csv"):
        text = path.read_bytes()
        path.write_bytes(text.replace(b"2024", b"2042").replace(b"32817", b"32818"))
    # The place of a copy is another place to the warehouse: what it says of the first has to be told again before it can be spoilt.
    c.equal(spoilt.run().code, 0, "taken up: after somebody changed the published files")
    c.equal(spoilt.cdm(), clean.cdm(), "taken up: the bytes are those of the warehouse")
    here = clean.cdm()
    clean.write("labs-3.csv", LABS + "l70,p1,,2024-03-02,5,,\n")
    for path in (clean.folder / "cdm").glob("measurement.csv"):
        path.write_bytes(path.read_bytes().replace(b"2024-01", b"2042-01"))
    c.check(clean.cdm() != here, "taken up: the published file is spoilt")
    c.equal(clean.run().code, 0, "taken up: the third night, over spoilt files of the same place")
    c.equal(run("verify", clean.folder / "cdm").code, 0, "taken up: the MANIFEST tells the truth")
    c.check(b"2042-01" not in (clean.folder / "cdm" / "measurement.csv").read_bytes(), "taken up: what was spoilt is not carried on")


TESTS = (by_content, young, times_ahead, cut_while_read, half_a_table, table_while_written, list_while_written, redrive, damaged, renamed_and_remapped,
         snapshots, budgets, gates, unbalanced, older_layout, newer_layout, other_build, taken_up, two_at_once, kill_sweep)


def main():
    c = Checks()
    asked = [name for name in sys.argv[1:] if not name.startswith("-") and not name.isdigit()]
    with work() as top:
        vocab = vocabulary(top)
        for test in TESTS:
            if not asked or test.__name__ in asked:
                test(c, pathlib.Path(top), vocab)
    c.end()


if __name__ == "__main__":
    main()
