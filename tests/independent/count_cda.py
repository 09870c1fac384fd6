#!/usr/bin/env python3
"""Counts CDA documents without our program: sections, entries by section, clinical statements by kind, mood, negation and null flavour.

Usage: count_cda.py FILE_OR_FOLDER...     Prints one JSON object; per file under "files". Files that are not well-formed or whose root is not
a ClinicalDocument are counted as such.
"""
import collections
import json
import pathlib
import sys
import xml.etree.ElementTree as xml

V3 = "{urn:hl7-org:v3}"
STATEMENTS = {V3 + name for name in ("act", "observation", "substanceAdministration", "supply", "procedure", "encounter", "organizer",
                                     "observationMedia", "regionOfInterest")}


def code_of(section):
    code = section.find(V3 + "code")
    return (code.get("code") if code is not None else None) or "-"


def count_section(section, out):
    name = code_of(section)
    entries = section.findall(V3 + "entry")
    out["sections"][name] += 1
    out["entries"][name] += len(entries)
    text = section.find(V3 + "text")
    if not entries and text is not None and "".join(text.itertext()).strip():
        out["narrative_only"][name] += 1
    for entry in entries:
        for node in entry.iter():
            if node.tag not in STATEMENTS:
                continue
            kind = node.tag[len(V3):]
            out["statements"][kind] += 1
            out["moods"][f"{kind}/{node.get('moodCode') or '-'}"] += 1
            if node.get("negationInd") is not None:
                out["negation"][f"{kind}/{node.get('negationInd')}"] += 1
            if node.get("nullFlavor"):
                out["null_statements"][kind] += 1
    for inner in section.findall(f"{V3}component/{V3}section"):
        count_section(inner, out)


PARTS = ("sections", "entries", "narrative_only", "statements", "moods", "negation", "null_statements")


def count(path):
    try:
        root = xml.parse(path).getroot()
    except (xml.ParseError, ValueError, LookupError):
        return {"state": "malformed"}
    if root.tag != V3 + "ClinicalDocument":
        return {"state": "other root"}
    out = {part: collections.Counter() for part in PARTS}
    for section in root.findall(f"{V3}component/{V3}structuredBody/{V3}component/{V3}section"):
        count_section(section, out)
    result = {part: dict(sorted(values.items())) for part, values in out.items()}
    result.update(state="document", type=code_of(root), patients=len(root.findall(V3 + "recordTarget")),
                  unstructured=root.find(f"{V3}component/{V3}nonXMLBody") is not None)
    return result


def count_all(places):
    files = {}
    for place in places:
        place = pathlib.Path(place)
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and path.suffix.lower() in (".xml", ".ccda", ".cda"):
                files[str(path)] = count(path)
    total = {"states": dict(collections.Counter(f["state"] for f in files.values())),
             "types": dict(collections.Counter(f["type"] for f in files.values() if f["state"] == "document"))}
    for part in PARTS:
        added = collections.Counter()
        for one in files.values():
            added.update(one.get(part, {}))
        total[part] = dict(sorted(added.items()))
    return {"files": files, "total": total}


if __name__ == "__main__":
    print(json.dumps(count_all(sys.argv[1:]), indent=1, sort_keys=True))
