#!/usr/bin/env python3
"""The bundled sample hospital end to end: every command a newcomer meets, on the real binary."""
import json
import pathlib
import sys

from common import *

QUICK = "--quick" in sys.argv


def planted():
    with open(SAMPLE / "defects.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def check_rounded(c, folder):
    """A report for readers outside the institution: every count is a multiple of the cell, and rare codes have no names."""
    place = pathlib.Path(folder) / "outside"
    done = run("audit", pathlib.Path(folder) / "cdm.w", "--pack", "omop-basic", "--as-of", "2026-11-25", "--min-cell", "7", "--out", place, "-q")
    c.equal(done.code, 0, f"audit with --min-cell: {done.err[-300:]}")
    told = json.loads((place / "conformance.json").read_text(encoding="utf-8"))
    counts = [r["rows"] for r in told["tables"]] + [r[k] for p in told["packs"] for r in p["criteria"] for k in ("violated", "counted") if r[k] is not None]
    c.check(told["min_cell"] == 7 and sum(counts) > 0 and not any(n % 7 for n in counts), "counts are multiples of the cell")
    exact, shown = ((pathlib.Path(folder) / "cdm.r" / "report.json"), place / "report.html")
    rare = [code["code"] for code in json.loads(exact.read_text(encoding="utf-8"))["unmapped"]["top"] if code["rows"] < 7]
    page = shown.read_text(encoding="utf-8")
    c.check(rare and not any(f'<bdi class="code">{code}</bdi>' in page for code in rare), "codes on few rows are not listed")


def main():
    c = Checks()
    with work() as folder:
        vocab = vocabulary(folder)
        inputs = sorted(p for p in SAMPLE.glob("*.csv") if p.name != "defects.csv")
        done = convert(inputs, folder, vocab)
        if not c.check(done.code in (0, 3), f"convert exits 0 or 3, got {done.code}: {done.err[-500:]}"):
            c.end()
        s = done.summary
        c.check(s["balanced"], "books balance")
        c.equal(s["candidates"], s["mapped"] + s["filtered"] + s["duplicates"] + s["quarantined"], "candidates = mapped + filtered + duplicates + quarantined")
        c.check(done.err.strip().splitlines()[-1].startswith(f"{s['records']:,} records read"), "the last line is the summary")
        cdm = pathlib.Path(folder) / "cdm"
        s["tables"] = {name: rows for name, rows in s["tables"].items() if rows or (cdm / f"{name}.csv").exists()}
        for name, rows in s["tables"].items():
            c.equal(len(table(cdm, name)), rows, f"rows of {name}")
        for name in s["tables"]:
            rows = table(cdm, name)
            key = f"{name}_id"
            if rows and key in rows[0]:
                ids = [int(r[key]) for r in rows]
                c.equal(ids, list(range(1, len(ids) + 1)), f"{name} ids are dense and sorted")
        persons = {r["person_id"] for r in table(cdm, "person")}
        visits = {r["visit_occurrence_id"] for r in table(cdm, "visit_occurrence")}
        for name in s["tables"]:
            for row in table(cdm, name):
                if row.get("person_id") and row["person_id"] not in persons:
                    c.check(False, f"{name} refers to a person that is not there")
                if name != "visit_occurrence" and row.get("visit_occurrence_id") and row["visit_occurrence_id"] not in visits:
                    c.check(False, f"{name} refers to a visit that is not there")
        periods = {r["person_id"]: r for r in table(cdm, "observation_period")}
        c.check(set(periods) <= persons and periods, "observation periods belong to persons")
        c.equal(len(table(cdm, "cdm_source")), 1, "cdm_source has one row")

        verify = run("verify", cdm)
        c.equal(verify.code, 0, "verify accepts what was published")
        victim = cdm / "person.csv"
        data = bytearray(victim.read_bytes())
        data[len(data) // 2] ^= 1
        victim.chmod(0o600)
        victim.write_bytes(data)
        c.check(run("verify", cdm).code != 0, "verify finds one flipped bit")

        report = json.loads((pathlib.Path(folder) / "cdm.r" / "report.json").read_text())
        c.check(report, "report.json is JSON")
        html = (pathlib.Path(folder) / "cdm.r" / "report.html").read_text()
        c.check("<html" in html and "http://" not in html.split("<body")[1].replace("http://www.w3.org", ""), "report.html is self-contained")

        check_rounded(c, folder)

        quarantine = run("quarantine", "list", "--warehouse", pathlib.Path(folder) / "cdm.w", "--json")
        c.equal(quarantine.code, 0, f"quarantine list works: {quarantine.err[-300:]}")
        entries = [json.loads(line) for line in quarantine.out.splitlines() if line.startswith("{")]
        c.check(len(entries) >= s["quarantined"], "every quarantined candidate has an entry")
        for defect in planted():
            # Each planted defect is found at its own file and line, or is a code that stays with concept 0.
            hits = [e for e in entries if e["file"].endswith(defect["file"]) and e["line"] == int(defect["line"])]
            if defect["kind"] == "unknown code":
                c.check(not hits, f"planted {defect['kind']} in {defect['file']}:{defect['line']} keeps its row")
            else:
                c.check(hits, f"planted {defect['kind']} in {defect['file']}:{defect['line']} is in quarantine")
        unknown = sum(1 for defect in planted() if defect["kind"] == "unknown code")
        c.check(len([code for code in report["unmapped"]["top"] if code["grade"] == "unknown"]) >= unknown, "planted unknown codes are among the unmapped codes")
        for entry in entries[:20]:
            raw = next(p for p in inputs if p.name == entry["file"].split("/")[-1]).read_bytes()
            c.check(entry["offset"] + entry["length"] <= len(raw), "quarantine positions are inside the file")

        row = run("explain", "condition_occurrence", "1", "--warehouse", pathlib.Path(folder) / "cdm.w", "--json")
        c.equal(row.code, 0, f"explain traces a row: {row.err[-300:]}")
        if row.code == 0:
            where = json.loads(row.out.splitlines()[-1])
            raw = (SAMPLE / where["file"].split("/")[-1]).read_bytes()
            record = raw[where["offset"]: where["offset"] + where["length"]]
            first = table(cdm, "condition_occurrence")[0]
            c.check(first["condition_source_value"].encode() in record, "the bytes that explain names hold the row's source value")

        if not QUICK:
            for kind, place in (("duckdb", "cdm.duckdb"), ("parquet", "cdm.parquet")):
                again = run("convert", *inputs, "--map", "synthea/csv", "--vocab", vocab, "--to", f"{kind}:{pathlib.Path(folder) / place}", "--warehouse",
                            pathlib.Path(folder) / f"{kind}.w", "--json")
                c.equal(again.code, done.code, f"convert to {kind}: {again.err[-300:]}")
                c.check((pathlib.Path(folder) / place).exists(), f"{kind} target exists")
            for command in (["list", "formats"], ["list", "mappings"], ["list", "functions"], ["list", "tables"], ["list", "publishers"], ["list", "messages"],
                            ["list", "commands"], ["check", "synthea/csv"], ["check", "fhir/r4"], ["inspect", str(inputs[0])], ["vocab", "info", "--vocab", str(vocab)],
                            ["vocab", "lookup", "SNOMED", "44054006", "--vocab", str(vocab)], ["explain", "synthea/csv"], ["help", "man"], ["help", "bash"],
                            ["--help"], ["--version"]):
                got = run(*command)
                c.equal(got.code, 0, f"pyojun {' '.join(command[:2])}: {got.err[-300:]}")
                c.check(got.out or got.err, f"pyojun {' '.join(command[:2])} prints something")
            ko = run("list", "messages", "--lang", "ko")
            c.check(any("가" <= ch <= "힣" for ch in ko.out), "messages speak Korean")
            for command, code in ((["convert"], 2), (["nonsense"], 2), (["convert", str(inputs[0]), "--map", "nothing/there", "--vocab", str(vocab)], 2),
                                  (["convert", "does-not-exist.csv", "--map", "synthea/csv", "--vocab", str(vocab)], 1)):
                got = run(*command, cwd=folder)
                c.equal(got.code, code, f"exit code of a wrong call {command[:1]}")
                c.check(got.err, "a wrong call says why")
    c.end()


if __name__ == "__main__":
    main()
