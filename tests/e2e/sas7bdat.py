#!/usr/bin/env python3
"""SAS data sets: every variant gives the same records, the sample cohort gives the same CDM as its CSV, damage never crashes or goes unseen."""
import csv
import datetime
import filecmp
import gzip
import itertools
import pathlib
import random
import subprocess
import sys
import tempfile

from common import *

sys.path.insert(0, str(ROOT / "testdata"))
import sas7bdat  # noqa: E402

COLUMNS = [("PERSON_ID", 8), ("이름", 20), ("X", ""), ("DAY", "YYMMDD"), ("AT", "DATETIME"), ("T", "TIME"), ("S", "", 3)]


def sample(n):
    rows, want = [], []
    for i in range(n):
        name = ("홍길동", "Kim", "똠방각하", "")[i % 4]
        rows.append([str(1000 + i), name, i * 0.1, None if i % 5 == 0 else 19000 + i, 1.6e9 + i + 0.5, i % 86400, i % 8192])
        day = sas7bdat.EPOCH + datetime.timedelta(days=19000 + i)
        at = datetime.datetime(1960, 1, 1) + datetime.timedelta(seconds=1.6e9 + i)
        clock = datetime.timedelta(seconds=i % 86400)
        number = repr(i * 0.1)
        want.append({"PERSON_ID": str(1000 + i), "이름": name, "X": number[:-2] if number.endswith(".0") else number, "DAY": "" if i % 5 == 0 else day.isoformat(),
                     "AT": at.isoformat() + ".5", "T": "0" * (7 - len(str(clock)) + 1) + str(clock), "S": str(i % 8192)})
    return rows, want


def records(path):
    done = run("inspect", path, "--records")
    return [json.loads(line)["record"] for line in done.out.splitlines()] if done.code == 0 else done.err


def check_variants(c, folder):
    rows, want = sample(300)
    for wide, big, packing, mixed, late in itertools.product((False, True), (False, True), (None, "run-length", "ross"), (False, True), (False, True)):
        if mixed and packing:
            continue
        for encoding in ("utf-8", "cp949", "any"):
            path = folder / "one.sas7bdat"
            sas7bdat.write(path, COLUMNS, rows, encoding=encoding, wide=wide, big=big, packing=packing, mixed=mixed, late=late)
            c.check(records(path) == want, f"wide={wide} big={big} packing={packing} mixed={mixed} late={late} {encoding}: all values")
    packed = folder / "two.sas7bdat.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    c.check(records(packed) == want, "the same inside gz")
    done = run("inspect", path, "--records")
    lines = [json.loads(line) for line in done.out.splitlines()]
    c.equal([row["line"] for row in lines], list(range(1, 301)), "a row's line is its number")
    c.check(all(row["offset"] + row["length"] <= path.stat().st_size for row in lines), "places lie in the file")


def as_sas(source, target, numbers, days, **options):
    with open(source, encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    columns, out = [], []
    for i, name in enumerate(header):
        if name in days:
            columns.append((name, "YYMMDDN"))
        elif name in numbers:
            columns.append((name, "BEST"))
        else:
            columns.append((name, max([len(row[i].encode("cp949")) for row in rows] + [1])))
    for row in rows:
        cells = []
        for name, text in zip(header, row):
            if name in days:
                cells.append(sas7bdat.days(f"{text[:4]}-{text[4:6]}-{text[6:]}"))
            else:
                cells.append((float(text) if text else None) if name in numbers else text)
        out.append(cells)
    sas7bdat.write(target, columns, out, encoding="cp949", **options)


# As the cohort's own tables have them: amounts, counts and measurements are numbers, codes are texts.
NUMBERS = """STND_Y AGE_GROUP RECN VSCN DMD_TRAMT DMD_SBRDN_AMT DMD_JBRDN_AMT DD_MQTY_EXEC_FREQ DD_EXEC_FREQ AMT UN_COST HCHK_YEAR HEIGHT WEIGHT WAIST BP_HIGH BP_LWST
BLDS TOT_CHOLE TRIGLYCERIDE HDL_CHOLE LDL_CHOLE HMG OLIG_PH CREATININE SGOT_AST SGPT_ALT GAMMA_GTP SEQ_NO""".split()


def check_cohort(c, place, vocab):
    """The research tables as CSV and as SAS data sets: every CDM file is the same, byte by byte."""
    hospital = place / "hospital"
    subprocess.run([sys.executable, ROOT / "testdata" / "make_korea.py", hospital, "60", "none"], check=True, capture_output=True)
    for source, mapping, days in (("nsc", "korea/nhis-nsc", ["RECU_FR_DT"]), ("hira", "korea/hira-tables", ["RECU_FR_DD", "RECU_TO_DD"])):
        for number, options in enumerate((dict(), dict(wide=True, packing="run-length"), dict(wide=True, big=True, packing="ross", late=True))):
            folder = place / f"{source}-{number}"
            folder.mkdir()
            for path in sorted((hospital / source).glob("*.csv")):
                as_sas(path, folder / (path.stem + ".sas7bdat"), NUMBERS, days if number else [], **options)
            out = place / f"out-{source}-{number}"
            out.mkdir()
            if number == 0:
                convert([hospital / source], out, vocab, map=mapping, name="csv")
                first = out / "csv"
            done = convert([folder], out, vocab, map=mapping, name="sas")
            c.equal(done.code, 0, f"{source} as SAS data sets converts: {done.err[-300:]}")
            names = sorted(p.name for p in first.glob("*.csv") if p.name not in ("cdm_source.csv", "metadata.csv"))
            same, other, missing = filecmp.cmpfiles(first, out / "sas", names, shallow=False)
            c.check(len(same) > 10, f"{source}: tables were written")
            c.equal(other + missing, [], f"{source} {options}: CSV and SAS data set give the same rows")
            c.check(len(table(out / "sas", "visit_occurrence")) > 0 and len(table(out / "sas", "condition_occurrence")) > 0, f"{source}: there are visits and diagnoses")


def check_damage(c, folder):
    """Cut at every 97th byte and spoilt at random: the process ends by itself, and fewer rows than before never pass in silence."""
    dice = random.Random(7)
    rows, _ = sample(40)
    mapping = folder / "damage.map"
    mapping.write_text('mapping test "d"\ndialect\n  encoding latin-1\n  file rows "*.sas7bdat"\nrule p "p"\n  from rows\n  into person\n    key PERSON_ID\n    year_of_birth := 2000\n', encoding="utf-8")
    for packing in (None, "run-length", "ross"):
        data = sas7bdat.data_set(COLUMNS, rows, encoding="cp949", packing=packing, page=2048, wide=packing == "ross")
        silent, crashed, tried = 0, 0, 0
        path = folder / "bad.sas7bdat"
        spoilt = [data[:n] for n in range(0, len(data), 997)]
        for _ in range(40):
            copy = bytearray(data)
            for _ in range(dice.randint(1, 6)):
                copy[dice.randrange(len(copy))] = dice.randrange(256)
            spoilt.append(bytes(copy))
        for bad in spoilt:
            path.write_bytes(bad)
            tried += 1
            done = run("inspect", "--map", mapping, "--json", path)
            crashed += done.code not in (0, 1, 2, 3)
        c.equal(crashed, 0, f"{tried} damaged files ({packing}) end by themselves")
        for n in range(len(data) - 1, 0, -len(data) // 9 or -1):
            path.write_bytes(data[:n])
            done = run("convert", path, "--map", mapping, "--vocab", folder / "vocab", "--to", f"csv:{folder / 'x'}", "--warehouse", folder / "x.w", "--json")
            silent += done.code == 0 and done.summary["refused"] == 0
        c.equal(silent, 0, f"a file cut short ({packing}) is refused, or says that rows are missing")


def main():
    c = Checks()
    with tempfile.TemporaryDirectory(prefix="pyojun-sas-") as place:
        place = pathlib.Path(place)
        check_variants(c, place)
        vocab = vocabulary(place)
        check_cohort(c, place, vocab)
        (place / "vocab").symlink_to(vocab)
        check_damage(c, place)
    c.end()


if __name__ == "__main__":
    main()
