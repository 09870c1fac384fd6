#!/usr/bin/env python3
"""Compares a conversion of CDA documents by mapping ccda (its report.json) with counts made from the XML without our program.

Usage: check_cda.py REPORT_JSON FOLDER|FILE...

1. Every line of the balance adds up: in = mapped + filtered + duplicates + quarantined.
2. Documents, sections and, by kind of section, clinical statements and entries: every rule saw as many candidates as there are.
3. What is negated, planned or of a status that did not happen was filtered under just that reason, as often as the XML says so.
Which section is of which kind is read from mappings/ccda/sections.map; how statements are counted is not.
Prints one line per difference and the number of comparisons; exits 1 when there is a difference.
"""
import collections
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

V3 = "{urn:hl7-org:v3}"
SECTIONS = pathlib.Path(__file__).resolve().parents[2] / "mappings" / "ccda" / "sections.map"


def lists():
    text = SECTIONS.read_text(encoding="utf-8")
    return {name: set(re.findall(r'"([^"]+)"\s*->', body)) for name, body in re.findall(r"^list (\w+)\b(.*?)(?=^list |\Z)", text, re.M | re.S)}


LISTS = lists()


def kids(node, *names):
    found = [node]
    for name in names:
        found = [child for parent in found for child in parent.findall(V3 + name)]
    return found


def below(node, name):
    return [child for entry in node.findall(V3 + "entry") for child in entry.iter(V3 + name)]


def attribute(node, path, name):
    for found in kids(node, *path.split("/")):
        if found.get(name):
            return found.get(name)
    return ""


def section_is(section, kind):
    code = attribute(section, "code", "code")
    roots = {t.get("root") for t in section.findall(V3 + "templateId")}
    return code in LISTS[kind] or (code not in LISTS["known_sections"] and bool(roots & LISTS[kind]))


def true(node):
    return node.get("negationInd") in ("true", "1")


def happens(node):
    return node.get("moodCode") in (None, "EVN")


def status(node):
    return attribute(node, "statusCode", "code").lower()


def add(out, rule, reason):
    out["in", rule] += 1
    if reason:
        out["filter", rule, reason] += 1


def drug(node, planned, negated, undone):
    return planned if not happens(node) else negated if true(node) else undone if status(node) in LISTS["not_done"] else None


def related(node, name):
    """What stands in its relations, without those that are negated as such."""
    return [item for link in kids(node, "entryRelationship") if not true(link) for item in kids(link, name)]


def count_section(section, out):
    if section_is(section, "problem_sections"):
        for act in kids(section, "entry", "act"):
            for item in related(act, "observation"):
                reason = None
                if attribute(item, "code", "code") in LISTS["details"]:
                    reason = "a detail of the problem"
                elif not happens(item) or not happens(act):
                    reason = "planned, a goal or a risk: not an occurrence"
                elif true(item) or true(act):
                    reason = "negated: said not to be"
                add(out, "problem", reason)
            for inner in related(act, "act"):
                out["in", "inner_problem"] += len(related(inner, "observation"))
        out["in", "bare_problem"] += len(kids(section, "entry", "observation"))
    if section_is(section, "allergy_sections"):
        for act in kids(section, "entry", "act"):
            for item in related(act, "observation"):
                reason = None
                if attribute(item, "code", "code") in LISTS["details"]:
                    reason = "a detail of the allergy"
                elif not happens(item):
                    reason = "not an occurrence"
                elif true(item) or true(act):
                    reason = "negated: no known allergy"
                add(out, "allergy", reason)
                for link in kids(item, "entryRelationship"):
                    for effect in kids(link, "observation"):
                        roots = {t.get("root") for t in effect.findall(V3 + "templateId")}
                        if link.get("typeCode") != "MFST" and "2.16.840.1.113883.10.20.22.4.9" not in roots:
                            continue
                        add(out, "reaction", "not an occurrence" if not (happens(effect) and happens(item)) else "negated" if true(effect) or true(item) or true(act) else None)
            for inner in related(act, "act"):
                out["in", "inner_allergy"] += len(related(inner, "observation"))
    undone = "not done: cancelled, held, planned or in error"
    if section_is(section, "medication_sections"):
        for item in below(section, "substanceAdministration"):
            add(out, "medication", drug(item, "ordered or planned: never an exposure", "negated: not taken", undone))
    if section_is(section, "immunization_sections"):
        for item in below(section, "substanceAdministration"):
            add(out, "immunization", drug(item, "ordered or planned: never an exposure", "refused or not given", undone))
    if section_is(section, "procedure_sections"):
        for item in kids(section, "entry", "procedure"):
            reason = drug(item, "planned or requested: never an occurrence", "negated: not done", "not done: cancelled, aborted, held, planned or in error")
            if reason is None and status(item) == "aborted":
                reason = "not done: cancelled, aborted, held, planned or in error"
            add(out, "procedure", reason)
        out["in", "procedure_act"] += len(kids(section, "entry", "act"))
        out["in", "procedure_observation"] += len(kids(section, "entry", "observation"))
    if section_is(section, "result_sections"):
        for panel in below(section, "organizer"):
            for item in kids(panel, "component", "observation"):
                add(out, "result", "planned or a goal: no result" if not happens(item) else "negated: not measured" if true(item) else None)
        out["in", "single_result"] += len(kids(section, "entry", "observation"))
    if section_is(section, "encounter_sections"):
        for item in kids(section, "entry", "encounter"):
            add(out, "encounter", "planned or requested: never an occurrence" if not happens(item) else "said not to have happened" if true(item) else None)
    if section_is(section, "social_sections"):
        for item in below(section, "observation"):
            add(out, "social", "planned or a goal: not an occurrence" if not happens(item) else "negated: said not to be" if true(item) else None)
    if section_is(section, "family_sections"):
        out["in", "family"] += len(kids(section, "entry", "organizer", "component", "observation"))
    if section_is(section, "device_sections"):
        out["in", "supply"] += len(below(section, "supply"))
    entries = len(section.findall(V3 + "entry"))
    if section_is(section, "plan_sections"):
        out["in", "plan"] += entries
    roots = {t.get("root") for t in section.findall(V3 + "templateId")}
    if attribute(section, "code", "code") not in LISTS["known_sections"] and not roots & LISTS["known_templates"]:
        out["in", "unread"] += entries
    out["in", "section_note"] += 1


def expected(places):
    out = collections.Counter()
    seen = set()  # a content counts once, under however many names it was delivered
    for place in map(pathlib.Path, places):
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if not path.is_file() or path.suffix.lower() not in (".xml", ".ccda", ".cda"):
                continue
            content = path.read_bytes()
            if content in seen:
                continue
            seen.add(content)
            try:
                root = xml.parse(path).getroot()
            except (xml.ParseError, ValueError, LookupError):
                out["refused"] += 1
                continue
            for node in root.iter():  # elements of no namespace are read as HL7's
                if isinstance(node.tag, str) and not node.tag.startswith("{"):
                    node.tag = V3 + node.tag
            documents = list(root.iter(V3 + "ClinicalDocument"))
            out["refused"] += not documents
            for document in documents:
                out["in", "person"] += 1
                out["in", "document_encounter"] += len(kids(document, "componentOf", "encompassingEncounter"))
                out["in", "unstructured"] += len(kids(document, "component", "nonXMLBody"))
                for section in document.iter(V3 + "section"):
                    count_section(section, out)
    return out


def main():
    report = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    want = expected(sys.argv[2:])
    have, compared, wrong = collections.Counter(), 0, 0

    def compare(what, got, wanted):
        nonlocal compared, wrong
        compared += 1
        if got != wanted:
            wrong += 1
            print(f"{what}: {got} in the report, {wanted} in the XML")

    for line in report["balance"]:
        if not line["rule"]:
            continue
        compare(f"{line['file']} {line['rule']}", line["in"], sum(line[n] for n in ("mapped", "filtered", "duplicates", "quarantined")))
        have["in", line["rule"]] += line["in"]
    for line in report["filters"]:
        have["filter", line["rule"], line["reason"]] += line["records"]
    for key in sorted(key for key in want if key != "refused"):
        compare(" ".join(key), have[key], want[key])
    compare("refused files", report["summary"]["records_refused"], want["refused"])
    print(f"{compared} comparisons, {wrong} differences")
    sys.exit(1 if wrong or not compared else 0)


if __name__ == "__main__":
    main()
