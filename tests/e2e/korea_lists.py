#!/usr/bin/env python3
"""Public Korean lists and examples through the shipped mappings: the HIRA drug list of 2019-10 (23,231 products with their main ingredient codes, each
also as the barcode on its box) and the example instances of KR Core. Read where they lie, never copied; without them the test says so."""
import collections
import csv
import io
import re
import tempfile
import xml.etree.ElementTree
import zipfile

from common import *

sys.path.insert(0, str(ROOT / "testdata"))
import make_korea  # noqa: E402

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheet(path):
    """Rows of the first sheet, by column letter."""
    book = zipfile.ZipFile(path)
    shared = ["".join(t.text or "" for t in item.iter(SHEET + "t")) for item in xml.etree.ElementTree.fromstring(book.read("xl/sharedStrings.xml")).iter(SHEET + "si")]
    for _, row in xml.etree.ElementTree.iterparse(book.open("xl/worksheets/sheet1.xml")):
        if row.tag != SHEET + "row":
            continue
        cells = {}
        for cell in row.iter(SHEET + "c"):
            value = cell.find(SHEET + "v")
            if value is not None:
                cells[re.match("[A-Z]+", cell.get("r"))[0]] = shared[int(value.text)] if cell.get("t") == "s" else value.text
        row.clear()
        yield cells


# Products' route and form that have one route; counted by hand over the list.
ROUTES = {"4132161": 12036 + 2129 + 768 + 692 + 403 + 296 + 208 + 191 + 169 + 148 + 126 + 106 + 84 + 3 + 2 + 1, "4292110": 25, "4181897": 10, "40549429": 1099 + 29, "4262099": 153,
          "4263689": 432 + 108 + 100 + 14 + 5 + 1, "4057765": 8 + 9 + 1, "4290759": 5, "40486069": 2, "": 3355 + 144 + 169 + 141 + 31 + 9 + 9 + 3 + 2 + 1 + 3 + 1}


def check_drugs(c, folder, vocab):
    path = SHARED / "korea" / "edi" / "Drug2019.10.1.xlsx"
    if not path.exists():
        return c.skip("the drug list of HIRA: ../shared/data/korea/edi is not here")
    products = [(row["E"], row["D"]) for row in sheet(path) if "F" in row and re.fullmatch("[0-9]{9}", row.get("E", ""))]
    c.equal(len(products), 23231, "products of the list")
    export = folder / "export"
    export.mkdir()
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(["환자번호", "환자명", "주민등록번호"])
    rows.writerow(["1", "가상", "800101-1******"])
    (export / "환자_1.csv").write_bytes(text.getvalue().encode("cp949"))
    files = make_korea.aliases("vendor-b")["drugs"]
    names = [files[1][field] for field in ("ORD_NO", "PT_NO", "ORD_DT", "EDI_CD", "KD_CD", "INGR_CD", "ONCE_DOSE", "TIMES", "DAYS")]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(names)
    for n, (product, ingredient) in enumerate(products):  # every second one by its barcode alone
        rows.writerow([n, "1", "2019.10.01", "" if n % 2 else product, make_korea.ean13("880" + product) if n % 2 else "", ingredient, 1, 3, 5])
    (export / files[0]).write_bytes(text.getvalue().encode("cp949"))
    # A list of the hospital's own says that the codes are known; a barcode is the code of its body.
    known = folder / "known.csv"
    with open(known, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["source_code", "source_concept_id", "source_vocabulary_id", "source_code_description", "target_concept_id", "target_vocabulary_id", "valid_start_date", "valid_end_date", "invalid_reason"])
        for n, (product, _) in enumerate(products):
            rows.writerow([make_korea.ean13("880" + product) if n % 2 else product, 0, "EDI", "", 1332419, "RxNorm", "2019-10-01", "2099-12-31", ""])
    done = convert([export], folder, vocab, "--codes", known, map="korea/vendor-b", name="drugs")
    c.equal(done.code, 0, f"the list converts: {done.err[-400:]}")
    cdm = table(folder / "drugs", "drug_exposure")
    c.equal(len(cdm), len(products), "every product is a row: no barcode is taken for a registration number")
    c.equal(collections.Counter(row["route_concept_id"] for row in cdm), collections.Counter({k: v for k, v in ROUTES.items()}), "routes by route and dose form")
    c.equal({row["route_source_value"] for row in cdm}, {ingredient[6:] for _, ingredient in products}, "what has no one route keeps its three characters")
    c.check(all(row["drug_concept_id"] != "0" for row in cdm), "codes and barcodes are found")
    c.equal({row["drug_source_value"] for row in cdm}, {make_korea.ean13("880" + product) if n % 2 else product for n, (product, _) in enumerate(products)}, "source values are the codes as delivered")


class Instance:
    """One FSH instance of rules `* path = value` as JSON: what the ten examples need, nothing else of the language."""

    def __init__(self, text, systems):
        self.systems = systems
        self.name = re.search(r"^Instance: (\S+)", text, re.M)[1]
        self.profile = re.search(r"^InstanceOf: KRCore_([A-Za-z]+)", text, re.M)[1]
        self.json = {"resourceType": self.profile, "id": self.name}
        for line in text.splitlines():
            if found := re.match(r"\* ([\w.]+) = (.*)", line):
                self.put(found[1].split("."), self.value(found[2].strip()))

    def value(self, text):
        if found := re.fullmatch(r'"(.*)"', text):
            return found[1]
        if found := re.fullmatch(r"Reference\((.*)\)", text):
            return {"reference": ("Encounter/" if "encounter" in found[1] else "Patient/") + found[1]}
        if found := re.fullmatch(r"([0-9.]+) '([^']*)'(?: \"(.*)\")?", text):
            return {"value": float(found[1]), "system": "http://unitsofmeasure.org", "code": found[2], "unit": found[3] or found[2]}
        found = re.fullmatch(r'([^#\s]*)#(\S+)(?: "(.*)")?', text)
        system = self.systems.get(found[1], found[1])
        return {"coding": {"system": system, "code": found[2], **({"display": found[3]} if found[3] else {})}}

    LISTS = {"category", "reaction", "manifestation", "extension", "participant", "diagnosis", "series", "performer", "result", "imagingStudy", "conclusionCode", "coding"}
    CODES = {"status", "category/AllergyIntolerance"}
    CODINGS = {"class", "modality"}

    def put(self, path, value):
        name = path[-1]
        if isinstance(value, dict) and "coding" in value:
            if name in self.CODES or f"{name}/{self.profile}" in self.CODES:
                value = value["coding"]["code"]
            elif name in self.CODINGS:
                value = value["coding"]
            else:
                value = {"coding": [value["coding"]]}
        at = self.json
        for step in path[:-1]:
            if step in self.LISTS:
                at = at.setdefault(step, [{}])[0]
            else:
                at = at.setdefault(step, {})
        if name in self.LISTS and f"{name}/{self.profile}" not in self.CODES:
            value = [value]
        at[name] = value


def check_examples(c, folder, vocab):
    place = SHARED / "korea" / "kr-core-examples"
    if not place.exists():
        return c.skip("example instances of KR Core: ../shared/data/korea/kr-core-examples is not here")
    systems = dict(re.findall(r"^Alias: (\S+) = (\S+)", (SHARED / "korea" / "kr-core-2" / "aliases.fsh").read_text(encoding="utf-8"), re.M))
    for path in sorted((SHARED / "korea" / "kr-core-2" / "codesystems").iterdir()):
        text = path.read_text(encoding="utf-8")
        names, url = re.findall(r"^(?:CodeSystem|Id): *(\S+)", text, re.M), re.search(r"^\* \^url = \"(.*)\"", text, re.M)
        for name in names:
            systems[name] = url[1] if url else "http://www.hl7korea.or.kr/CodeSystem/" + names[-1]
    instances = [Instance(path.read_text(encoding="utf-8"), systems) for path in sorted(place.iterdir())]
    export = folder / "examples"
    export.mkdir()
    for n in ("01", "02"):  # the patients they name are not among them
        (export / f"patient-{n}.json").write_text(json.dumps({"resourceType": "Patient", "id": f"krcore-patient-example-{n}", "gender": "male", "birthDate": "1980-01-01"}), encoding="utf-8")
    for one in instances:
        (export / f"{one.name}.json").write_text(json.dumps(one.json, ensure_ascii=False), encoding="utf-8")
    done = convert([export], folder, vocab, map="korea/kr-core", name="examples.cdm")
    c.equal((done.code, done.summary["quarantined"] if done.summary else None), (0, 0), f"the examples of KR Core convert: {done.err[-400:]}")
    cdm = folder / "examples.cdm"
    got = {(row["measurement_source_value"], row["value_as_number"], row["measurement_date"]) for row in table(cdm, "measurement")}
    c.check({("8302-2", "174.5", "2021-01-01"), ("29463-7", "55", "2021-01-01"), ("8867-4", "44", "2021-01-01")} <= got, f"height, weight and heart rate: {sorted(got)}")
    c.equal([(row["visit_concept_id"], row["visit_start_date"]) for row in table(cdm, "visit_occurrence")], [("9202", "2023-04-30")], "the visit")
    c.equal([row["payer_source_value"] for row in table(cdm, "payer_plan_period")], ["4"], "its insurance")
    conditions = {(row["condition_source_value"], row["condition_start_date"], row["visit_occurrence_id"] != "") for row in table(cdm, "condition_occurrence")}
    c.equal(conditions, {("54586004", "2023-04-30", True), ("373674001", "2023-04-11", False)}, "the chief complaint, at its visit, and what the allergy did")
    c.check(any("J01CR02" in str(row.values()) for row in table(cdm, "observation")), "the allergy by its ATC code")


def main():
    c = Checks()
    with tempfile.TemporaryDirectory(prefix="pyojun-korea-") as place:
        place = pathlib.Path(place)
        vocab = vocabulary(place)
        check_drugs(c, place, vocab)
        check_examples(c, place, vocab)
    if not c.passed and not c.failed:
        skip("neither the drug list nor the examples of KR Core are here")
    c.end()


if __name__ == "__main__":
    main()
