#!/usr/bin/env python3
"""All 11,172 Hangul syllables, and those whose CP949 bytes are UTF-8 too, survive in every format and position; the public EDI pair agrees."""
import sys

from common import *

sys.path.insert(0, str(ROOT / "testdata"))
import sas7bdat  # noqa: E402

SYLLABLES = [chr(code) for code in range(0xAC00, 0xD7A4)]
# Two bytes C2..DF 80..BF are a character in UTF-8 as well as in CP949.
AMBIGUOUS = [s for s in SYLLABLES if 0xC2 <= s.encode("cp949")[0] <= 0xDF and 0x80 <= s.encode("cp949")[1] <= 0xBF]

MAP = """mapping test "Hangul"
{dialect}
rule p "p"
  from rows
  into person
    key NO
    year_of_birth := 2000
    person_source_value := TEXT
"""


def dumped(path, *more):
    done = run("inspect", path, "--records", *more)
    assert done.code == 0, done.err
    return [json.loads(line)["record"] for line in done.out.splitlines()]


def plain(records):
    """Without the file's name; the two publications differ in the line ends inside three quoted fields."""
    return [{k: v.replace("\r\n", "\n") for k, v in record.items() if k != "@file"} for record in records]


def check_delimited(c, folder):
    rows = [(s, "가" + s, s + "x", "x" + s + "각") for s in SYLLABLES]
    text = "a,b,c,d\r\n" + "".join(",".join(row) + "\r\n" for row in rows)
    for encoding in ("utf-8", "utf-8-sig", "cp949", "utf-16"):
        path = folder / f"delimited-{encoding}.csv"
        path.write_bytes(text.encode(encoding))
        got = [(r["a"], r["b"], r["c"], r["d"]) for r in dumped(path)]
        c.check(got == rows, f"every syllable in every position of delimited text in {encoding}")


def check_ambiguous(c, folder):
    c.equal(len(AMBIGUOUS), 345, "syllables that two encodings read")
    path, mapping = folder / "rows.csv", folder / "ambiguous.map"
    path.write_bytes(("NO,TEXT\n" + "".join(f"{i},{s}\n" for i, s in enumerate(AMBIGUOUS))).encode("cp949"))
    mapping.write_text(MAP.format(dialect='dialect\n  encoding cp949\n  file rows "rows.csv"'), encoding="utf-8")
    got = [r["TEXT"] for r in dumped(path, "--map", mapping)]
    c.check(got == AMBIGUOUS, "ambiguous syllables alone, when the dialect names CP949")
    path.write_bytes(("NO,TEXT\n" + "".join(f"{i},{s}\n" for i, s in enumerate(AMBIGUOUS)) + "x,가나다\n").encode("cp949"))
    mapping.write_text(MAP.format(dialect='dialect\n  file rows "rows.csv"'), encoding="utf-8")
    done = run("inspect", path, "--map", mapping)
    c.check(done.code != 0 or "cp949" in done.out or "R010" in done.out, "one file has one encoding: never a mixture by field")


def check_fixed(c, folder):
    (folder / "layout.csv").write_text("record,field,start,bytes,type\nrows,NO,,5,text\nrows,TEXT,,3,text\nrows,END,,1,text\n", encoding="utf-8")
    mapping = folder / "fixed.map"
    mapping.write_text(MAP.format(dialect='dialect\n  file files "*.sam"\n    layout "layout.csv"'), encoding="utf-8")
    for encoding in ("utf-8", "cp949"):
        path = folder / f"{encoding}.sam"
        path.write_bytes(b"".join(f"{i:05d}".encode() + s.encode(encoding).ljust(3) + b".\n" for i, s in enumerate(SYLLABLES)))
        got = [r["TEXT"] for r in dumped(path, "--map", mapping)]
        c.check(got == SYLLABLES, f"every syllable in fixed width in {encoding}")


def check_sas(c, folder):
    """SAS data sets: alone in a column, behind and before other letters, in a column just as wide; the ambiguous ones by what the header says."""
    columns = [["a", 3], ["b", 8], ["c", 8]]
    for encoding, declare in (("utf-8", "utf-8"), ("utf-8", "any"), ("cp949", "cp949"), ("cp949", "any")):
        for packing in (None, "run-length", "ross"):
            path = folder / f"{encoding}-{declare}-{packing}.sas7bdat"
            rows = [[s, "가" + s, s + "x"] for s in SYLLABLES]
            sas7bdat.write(path, columns, [[cell.encode(encoding) for cell in row] for row in rows], encoding=encoding, declare=declare, packing=packing)
            c.check([[r["a"], r["b"], r["c"]] for r in dumped(path)] == rows, f"every syllable in SAS data sets in {encoding}, header {declare}, packing {packing}")
    path = folder / "ambiguous.sas7bdat"
    sas7bdat.write(path, [["a", 2]], [[s] for s in AMBIGUOUS], encoding="cp949")
    c.check([r["a"] for r in dumped(path)] == AMBIGUOUS, "ambiguous syllables alone when the header says EUC-KR")
    names = SYLLABLES[:600:3]
    path = folder / "names.sas7bdat"
    sas7bdat.write(path, [[s + "열", ""] for s in names], [[i for i, _ in enumerate(names)]], encoding="cp949", page=65536)
    c.check([list(r) for r in dumped(path)] == [[s + "열" for s in names]], "syllables in column names of SAS data sets")


def check_trees(c, folder):
    path = folder / "Patient.ndjson"
    plain = [{"resourceType": "Patient", "id": f"p{i}", "name": [{"text": s}, {"text": "김" + s}]} for i, s in enumerate(SYLLABLES)]
    path.write_text("".join(json.dumps(row, ensure_ascii=i % 2 == 0) + "\n" for i, row in enumerate(plain)), encoding="utf-8")
    got = dumped(path)
    c.check([[n["text"] for n in r["name"]] for r in got] == [[s, "김" + s] for s in SYLLABLES], "every syllable in FHIR, written plainly or escaped")
    dump = folder / "dump.jsonl"
    dump.write_text(run("inspect", path, "--records").out, encoding="utf-8")
    again = run("inspect", dump, "--from", "records", "--records")
    c.check([json.loads(line)["record"]["name"] for line in again.out.splitlines()] == [r["name"] for r in got], "every syllable through records")


HL7 = "MSH|^~\\&|LAB|H|EMR|H|20250301090000||ORU^R01^ORU_R01|{0}|P|2.5|||||KOR|{1}\rPID|1||{0}^^^H||{2}^김{2}||19800101|M\rOBX|1|ST|X||{2}x~x{2}각||||||F\r"


def check_messages(c, folder):
    """HL7 v2 in the character sets Korean hospitals write, in a name, in a repetition, and beside the delimiters whose bytes CP949 uses too."""
    for encoding, name in (("utf-8", "UNICODE UTF-8"), ("cp949", "KS X 1001"), ("cp949", "")):
        path = folder / f"{encoding}-{len(name)}.hl7"
        path.write_bytes("".join(HL7.format(i, name, s) for i, s in enumerate(SYLLABLES)).encode(encoding))
        got = [json.dumps(r, ensure_ascii=False) for r in dumped(path)]
        c.check(len(got) == len(SYLLABLES) and all(f'"{s}"' in t and f'"김{s}"' in t and f'"{s}x"' in t and f'"x{s}각"' in t for s, t in zip(SYLLABLES, got)),
                f"every syllable in HL7 v2 in {encoding}, MSH-18 {name or 'not said'}")
    path = folder / "ambiguous.hl7"
    path.write_bytes("".join(HL7.format(i, "KS X 1001", s) for i, s in enumerate(AMBIGUOUS)).encode("cp949"))
    got = [json.dumps(r, ensure_ascii=False) for r in dumped(path)]
    c.check(all(f'"{s}"' in t for s, t in zip(AMBIGUOUS, got)) and len(got) == len(AMBIGUOUS), "ambiguous syllables alone in HL7 v2 when MSH-18 says KS X 1001")


CDA = """<?xml version="1.0" encoding="{0}"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><id root="1.2.3" extension="1"/><title>가나다 검사</title>
<component><structuredBody>{1}</structuredBody></component></ClinicalDocument>
"""
SECTION = '<component><section><title>{0}</title><code code="1" displayName="김{0}"/><text>x{0}각 {1}</text></section></component>'


def texts(node):
    """Every text of a dump, trimmed."""
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from texts(one)
    elif isinstance(node, str):
        yield node.strip()


def check_documents(c, folder):
    """CDA in UTF-8, CP949 under both names, and with every syllable as a character reference; in text, attribute and mixed content."""
    for encoding, declared in (("utf-8", "UTF-8"), ("cp949", "EUC-KR"), ("cp949", "ks_c_5601-1987"), ("utf-16", "UTF-16")):
        for some, what in ((SYLLABLES, "every syllable"), (AMBIGUOUS, "the ambiguous syllables")):
            path = folder / f"{declared}-{len(some)}.xml"
            path.write_bytes(CDA.format(declared, "".join(SECTION.format(s, f"&#{ord(s)};&#x{ord(s):x};") for s in some)).encode(encoding))
            got = set(texts(dumped(path)))
            lost = [s for s in some if not {s, "김" + s, f"x{s}각 {s}{s}"} <= got]
            c.check(not lost, f"{what} in CDA declared {declared}: {len(lost)} lost")


def check_converted(c, folder):
    path, mapping = folder / "rows.csv", folder / "convert.map"
    mapping.write_text(MAP.format(dialect='dialect\n  file rows "rows.csv"'), encoding="utf-8")
    for encoding in ("utf-8", "cp949"):
        path.write_bytes(("NO,TEXT\n" + "".join(f"{i},{s}\n" for i, s in enumerate(SYLLABLES))).encode(encoding))
        done = convert(path, folder, vocabulary(folder), map=mapping, name=f"out-{encoding}")
        c.equal(done.code, 0, f"convert: {done.err[-300:]}")
        c.check([r["person_source_value"] for r in sorted(table(folder / f"out-{encoding}", "person"), key=lambda r: int(r["person_id"]))] == SYLLABLES, f"every syllable from {encoding} into a CDM column")


def check_pair(c):
    folder = SHARED / "korea" / "edi"
    if not folder.exists():
        return c.skip("EDI lists in two encodings: ../shared/data is not here")
    for name in ("suga_Eng_Kor_translation", "tmt_Eng_Kor_translation"):
        utf8, korean = plain(dumped(folder / f"{name}.csv")), plain(dumped(folder / f"{name}_ANSI.csv"))
        c.check(len(utf8) > 700 and utf8 == korean, f"{name}: the same {len(utf8)} rows in UTF-8 and CP949")


def main():
    c = Checks()
    with work() as place:
        folder = pathlib.Path(place)
        for check in (check_delimited, check_ambiguous, check_fixed, check_sas, check_trees, check_messages, check_documents, check_converted):
            sub = folder / check.__name__
            sub.mkdir()
            check(c, sub)
        check_pair(c)
    c.end()


if __name__ == "__main__":
    main()
