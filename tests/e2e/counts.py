#!/usr/bin/env python3
"""Books and tables against counts made without our program: the sample hospital, and the published Synthea and FHIR samples when at hand."""
import pathlib
import subprocess

from common import *

TOOLS = ROOT / "tests"


def tool(c, what, *command):
    """Runs a checker; its words go on, they name tables, files and counts only."""
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True)
    if not c.check(done.returncode == 0, what):
        print(done.stdout[-4000:] + done.stderr[-2000:])


def books(c, folder, vocabulary_files, inputs, name):
    vocab = vocabulary(folder, vocabulary_files)
    done = convert(sorted(p for p in inputs.glob("*.csv") if p.name != "defects.csv"), folder, vocab, name=name)
    if not c.check(done.code in (0, 3), f"{name}: convert exits 0 or 3, got {done.code}: {done.err[-500:]}"):
        return None
    cdm = pathlib.Path(folder) / name
    tool(c, f"{name}: books and tables are what independent counts say", TOOLS / "independent" / "check_ledger.py", inputs,
         pathlib.Path(folder) / f"{name}.r" / "report.json", cdm, vocabulary_files)
    return cdm


def main():
    c = Checks()
    tool(c, "the sample hospital is what its script makes", TOOLS / "independent" / "test_sample.py")
    with work() as folder:
        cdm = books(c, folder, ROOT / "testdata" / "vocabulary", SAMPLE, "sample")
        if cdm:
            text = b"".join(p.read_bytes() for p in sorted(cdm.glob("*.csv")))
            for row in csv.DictReader((SAMPLE / "patients.csv").open(encoding="utf-8")):
                for column in ("SSN", "ADDRESS", "LAT", "LON"):
                    if row[column].encode() in text:
                        c.check(False, f"{column} of a patient is in the CDM")
                        break
            c.check(b"1 Sample Lane" not in text, "a patient's street, given as an answer, is not in the CDM")
    published = SHARED / "csv" / "synthea"
    if published.exists():
        with work() as folder:
            cdm = books(c, folder, SHARED / "vocabulary", published, "synthea27")
            if cdm:
                tool(c, "synthea27: rows derived by hand are there, and no others", TOOLS / "expectations" / "check.py", cdm)
    else:
        c.skip("published Synthea sample not found; set PYOJUN_SHARED")
    for name in ("synthea-r4", "us-core", "bulk-ndjson"):
        exports = SHARED / "fhir" / name
        if not exports.exists():
            c.skip(f"FHIR sample {name} not found; set PYOJUN_SHARED")
            continue
        with work() as folder:
            done = convert(exports, folder, vocabulary(folder, ROOT / "testdata" / "vocabulary"), map="fhir/r4", name=name)
            c.check(done.code in (0, 3), f"{name}: convert exits 0 or 3, got {done.code}")
            tool(c, f"{name}: candidates and filters are what independent counts say", TOOLS / "independent" / "check_fhir.py",
                 pathlib.Path(folder) / f"{name}.r" / "report.json", exports)
    for name in ("fhir-converter", "hapi", "mirth", "simhospital"):
        messages = SHARED / "hl7v2" / name
        if not messages.exists():
            c.skip(f"HL7 v2 messages {name} not found; set PYOJUN_SHARED")
            continue
        with work() as folder:
            done = convert(messages, folder, vocabulary(folder, ROOT / "testdata" / "vocabulary"), map="hl7v2", name=name)
            c.check(done.code in (0, 3), f"HL7 v2 {name}: convert exits 0 or 3, got {done.code}")
            tool(c, f"HL7 v2 {name}: segments and OBX by status are what independent counts say", TOOLS / "independent" / "check_hl7.py",
                 pathlib.Path(folder) / f"{name}.r" / "report.json", messages)
            if name == "fhir-converter":
                tool(c, "HL7 v2 messages: facts read off 37 messages by hand hold", TOOLS / "expectations" / "facts.py", "hl7v2", messages, "hl7v2",
                     vocabulary(folder, ROOT / "testdata" / "vocabulary"))
    published = SHARED / "hl7v2" / "v2-to-fhir"
    if published.exists():
        with work() as folder:
            tool(c, "HL7 v2: codes mean what the published v2-to-FHIR maps say", TOOLS / "independent" / "check_v2_tables.py", published,
                 vocabulary(folder, ROOT / "testdata" / "vocabulary"))
    else:
        c.skip("v2-to-FHIR maps not found; set PYOJUN_SHARED")
    documents = SHARED / "ccda"
    sets = [documents / name for name in ("ehr-products", "older-r11", "onc-positive", "hl7-examples")]
    if all(place.exists() for place in sets):
        with work() as folder:
            vocab = vocabulary(folder, ROOT / "testdata" / "vocabulary")
            done = convert(sets, folder, vocab, map="ccda", name="ccda")
            c.check(done.code in (0, 3), f"C-CDA files: convert exits 0 or 3, got {done.code}")
            tool(c, "C-CDA files: sections, statements and filters are what independent counts say", TOOLS / "independent" / "check_cda.py",
                 pathlib.Path(folder) / "ccda.r" / "report.json", *sets)
            tool(c, "C-CDA files: facts read off 34 documents by hand hold", TOOLS / "expectations" / "facts.py", "ccda", documents, "ccda", vocab)
    else:
        c.skip("C-CDA documents not found; set PYOJUN_SHARED")
    c.end()


if __name__ == "__main__":
    main()
