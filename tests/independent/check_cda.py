#!/usr/bin/env python3
"""Compares a conversion of CDA documents by mapping ccda (its report.json) with counts made from the XML without our program.

Usage: check_cda.py REPORT_JSON FOLDER|FILE...

1. Every line of the balance adds up: in = mapped + filtered + duplicates + quarantined.
2. Documents, sections and, by kind of section, clinical statements and entries: every rule saw as many candidates as there are.
3. Every entry of every section stands in the books once: read by the rules of its section, a plan, null, or read by no rule.
4. Every statement that no rule comes to is listed by section, kind and template (R305), as often as the XML has it, and nothing else is.
5. What is negated, planned or of a status that did not happen was filtered under just that reason, as often as the XML says so.
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
    text = "\n".join((SECTIONS.parent / name).read_text(encoding="utf-8") for name in ("sections.map", "statements.map"))
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


STATEMENTS = ("act", "encounter", "observation", "observationMedia", "organizer", "procedure", "regionOfInterest", "substanceAdministration", "supply")


def mark(section):
    """Writes on every clinical statement below a section's entries what it inherits: whether it is negated, planned, taken back, and in what
    kinds of statement it stands. Plain recursion over the tree, in another language and another order than the reader's."""
    def walk(node, negated, planned, back, inside):
        name = node.tag[len(V3):] if isinstance(node.tag, str) else ""
        if name in STATEMENTS or name in ("entryRelationship", "component"):
            negated = negated or node.get("negationInd", "").strip().lower() in ("true", "1")
        if name in STATEMENTS:
            mood = node.get("moodCode", "").strip()
            planned = mood if mood and mood.upper() != "EVN" else planned
            node.set("is", json.dumps([negated, planned, back, sorted(inside)]))
            back = back or status(node).strip() in ("nullified", "cancelled", "canceled")
            inside = inside | {name}
        for child in node:
            walk(child, negated, planned, back, inside)

    for entry in section.findall(V3 + "entry"):
        walk(entry, False, None, False, frozenset())


def true(node):
    return json.loads(node.get("is"))[0]


def mood(node):
    return json.loads(node.get("is"))[1]


def happens(node):
    return mood(node) is None


def taken_back(node):
    return json.loads(node.get("is"))[2]


def inside(node):
    return json.loads(node.get("is"))[3]


def status(node):
    return attribute(node, "statusCode", "code").lower()


def add(out, rule, reason):
    out["in", rule] += 1
    if reason:
        out["filter", rule, reason] += 1


def drug(node, planned, negated, undone):
    return planned if not happens(node) else negated if true(node) else undone if status(node) in LISTS["not_done"] or taken_back(node) else None


def stated(section, name="observation"):
    """Statements that stand in concerns and panels only: not the details of another statement."""
    return [item for item in below(section, name) if set(inside(item)) <= {"act", "organizer"}]


def own_kind(section):
    """A section of the patient's own events: read, and no plan, family history or coverage."""
    code = attribute(section, "code", "code")
    roots = {t.get("root") for t in section.findall(V3 + "templateId")}
    apart = ("plan_sections", "family_sections", "payer_sections")
    if code in LISTS["known_sections"]:
        return not any(code in LISTS[kind] for kind in apart)
    return bool(roots & LISTS["known_templates"]) and not any(roots & LISTS[kind] for kind in apart)


def refused(item):
    reasons = [t.get("root") for t in kids(item, "entryRelationship", "observation", "templateId")]
    return true(item) or (item.get("negationInd") is None and "2.16.840.1.113883.10.20.22.4.53" in reasons)


def count_section(section, out):
    mark(section)
    if section_is(section, "problem_sections"):
        for item in stated(section):
            reason = None
            if attribute(item, "code", "code") in LISTS["details"]:
                reason = "a detail of the problem"
            elif not happens(item):
                reason = "planned, a goal or a risk: not an occurrence"
            elif true(item):
                reason = "negated: said not to be"
            add(out, "problem", reason)
    if section_is(section, "allergy_sections"):
        for item in stated(section):
            reason = None
            if attribute(item, "code", "code") in LISTS["details"]:
                reason = "a detail of the allergy"
            elif not happens(item):
                reason = "not an occurrence"
            elif true(item):
                reason = "negated: no known allergy"
            add(out, "allergy", reason)
            for link in kids(item, "entryRelationship"):
                for effect in kids(link, "observation"):
                    roots = {t.get("root") for t in effect.findall(V3 + "templateId")}
                    if link.get("typeCode") != "MFST" and "2.16.840.1.113883.10.20.22.4.9" not in roots:
                        continue
                    add(out, "reaction", "not an occurrence" if not happens(effect) else "negated" if true(effect) else None)
    undone = "not done: cancelled, held, planned or in error"
    if section_is(section, "medication_sections"):
        for item in below(section, "substanceAdministration"):
            add(out, "medication", drug(item, "ordered or planned: never an exposure", "negated: not taken", undone))
    if section_is(section, "immunization_sections"):
        for item in below(section, "substanceAdministration"):
            reason = drug(item, "ordered or planned: never an exposure", "refused or not given", undone)
            add(out, "immunization", "refused or not given" if happens(item) and refused(item) else reason)
    if own_kind(section):
        for item in stated(section, "procedure"):
            reason = drug(item, "planned or requested: never an occurrence", "negated: not done", "not done: cancelled, aborted, held, planned or in error")
            if reason is None and status(item) == "aborted":
                reason = "not done: cancelled, aborted, held, planned or in error"
            add(out, "procedure", reason)
    if section_is(section, "procedure_sections"):
        out["in", "procedure_act"] += len(kids(section, "entry", "act"))
        roots = {t.get("root") for t in section.findall(V3 + "templateId")}
        if attribute(section, "code", "code") == "62387-6" or (attribute(section, "code", "code") not in LISTS["known_sections"] and "2.16.840.1.113883.10.20.21.2.3" in roots):
            out["in", "intervention"] += len(kids(section, "entry", "act", "entryRelationship", "act"))
        out["in", "procedure_observation"] += len(kids(section, "entry", "observation"))
    if section_is(section, "result_sections"):
        for panel in below(section, "organizer"):
            for item in kids(panel, "component", "observation"):
                add(out, "result", "planned or a goal: no result" if not happens(item) else "negated: not measured" if true(item) else None)
        out["in", "single_result"] += len(kids(section, "entry", "observation"))
    if section_is(section, "encounter_sections"):
        for item in kids(section, "entry", "encounter"):
            add(out, "encounter", "planned or requested: never an occurrence" if not happens(item) else "said not to have happened" if true(item) else None)
            for found in item.iter(V3 + "observation"):
                out["in", "encounter_diagnosis"] += set(inside(found)) <= {"act", "encounter"}
    if section_is(section, "social_sections"):
        for item in below(section, "observation"):
            add(out, "social", "planned or a goal: not an occurrence" if not happens(item) else "negated: said not to be" if true(item) else None)
    if section_is(section, "family_sections"):
        out["in", "family"] += len(kids(section, "entry", "organizer", "component", "observation"))
    if section_is(section, "device_sections"):
        out["in", "supply"] += len(below(section, "supply"))
    if section_is(section, "payer_sections"):
        out["in", "payer"] += len(kids(section, "entry", "act", "entryRelationship", "act"))
    count_entries(section, out)
    count_unread(section, out)
    out["in", "section_note"] += 1


# Statements inside statements: who reads them, and what those that nobody reads are called.
OID, LOINC = re.compile(r"[0-2]\.[0-9.]{1,62}"), re.compile(r"[0-9]{1,6}-[0-9]")


def public(text):
    text = (text or "").strip()
    return text if (OID.fullmatch(text) and text.count(".") >= 3 and len(text) <= 64) or LOINC.fullmatch(text) else "-"


def label(section, item):
    place = public(attribute(section, "code", "code"))
    if place == "-":
        place = next((public(t.get("root")) for t in section.findall(V3 + "templateId") if public(t.get("root")) != "-"), "-")
    roots = [public(t.get("root")) for t in item.findall(V3 + "templateId")]
    best = next((r for r in roots if r.startswith("2.16.840.1.113883.10.20.22.4.")), roots[0] if roots else "")
    return f"{place} {item.tag[len(V3):]} {best}".strip()


def is_read(section, item, chain):
    """Whether a rule of mapping ccda comes to a statement; `chain`: names of the elements from the entry down to it, itself included."""
    kind, around = item.tag[len(V3):], set(inside(item))
    code = attribute(item, "code", "code")
    roots = {t.get("root") for t in item.findall(V3 + "templateId")}
    within = lambda *kinds: any(section_is(section, f"{name}_sections") for name in kinds)  # noqa: E731
    first = len(chain) == 1
    if within("plan"):
        return True
    if not (attribute(section, "code", "code") in LISTS["known_sections"] or {t.get("root") for t in section.findall(V3 + "templateId")} & LISTS["known_templates"]):
        return False
    if kind == "organizer":
        return True
    if kind == "act":
        if code == "CONC" or code in LISTS["known_sections"] or roots & LISTS["holders"] or not spoken(item):
            return True
        done = attribute(section, "code", "code") == "62387-6"
        return (within("procedure") and first) or (chain == ["act", "entryRelationship", "act"] and (done or within("payer")))
    if kind == "observation":
        if around and (code in LISTS["details"] or roots & LISTS["detail_templates"]):
            return True
        if within("immunization") and "2.16.840.1.113883.10.20.22.4.53" in roots:
            return True
        if within("problem", "allergy") and around <= {"act", "organizer"}:
            return True
        if within("allergy") and chain[-2:-1] == ["entryRelationship"] and item.get("effect"):
            return True
        if within("result") and (first or chain[-3:] == ["organizer", "component", "observation"]):
            return True
        if within("encounter") and "encounter" in around and around <= {"act", "encounter"}:
            return True
        return within("social") or (within("procedure") and first) or (within("family") and chain == ["organizer", "component", "observation"])
    if kind == "substanceAdministration":
        return within("medication", "immunization")
    if kind == "supply":
        return within("device") or (within("medication") and chain[-3:] == ["substanceAdministration", "entryRelationship", "supply"])
    if kind == "procedure":
        return own_kind(section) and around <= {"act", "organizer"}
    return kind == "encounter" and within("encounter") and first


def spoken(item):
    return any(c.get("code") or c.get("displayName") or any("".join(o.itertext()).strip() or kids(o, "reference") for o in kids(c, "originalText"))
               or any(t.get("code") for t in kids(c, "translation")) for c in kids(item, "code"))


def count_unread(section, out):
    for entry in section.findall(V3 + "entry"):
        for panel in entry.iter(V3 + "observation"):  # reactions hang on an allergy
            if set(inside(panel)) <= {"act", "organizer"}:
                for link in kids(panel, "entryRelationship"):
                    for effect in kids(link, "observation"):
                        if link.get("typeCode") == "MFST" or "2.16.840.1.113883.10.20.22.4.9" in {t.get("root") for t in effect.findall(V3 + "templateId")}:
                            effect.set("effect", "1")

        def walk(node, chain):
            for child in node:
                name = child.tag[len(V3):] if isinstance(child.tag, str) else ""
                below_it = chain + [name]
                if name in STATEMENTS and not is_read(section, child, below_it):
                    out["unread", label(section, child)] += 1
                walk(child, below_it)

        walk(entry, [])


# Which statement of an entry a section's rules read, by what the books say of the entry.
def reads(section, entry):
    only = xml.Element("section")
    only.append(entry)
    has = lambda *names: bool(kids(entry, *names))  # noqa: E731
    deep = lambda name: next(entry.iter(V3 + name), None) is not None  # noqa: E731
    if stated(only, "procedure") and not section_is(section, "family_sections") and not section_is(section, "payer_sections"):
        return "read as procedures"
    for kind, good, said in (
            ("problem_sections", stated(only), "read as problems and diagnoses"), ("allergy_sections", stated(only), "read as allergies"),
            ("medication_sections", deep("substanceAdministration"), "read as medications"),
            ("immunization_sections", deep("substanceAdministration"), "read as vaccines"),
            ("procedure_sections", has("act") or has("observation"), "read as procedures in another form"),
            ("result_sections", has("observation") or any(kids(p, "component", "observation") for p in entry.iter(V3 + "organizer")),
             "read as results and vital signs"),
            ("encounter_sections", has("encounter"), "read as encounters"),
            ("social_sections", deep("observation"), "read as social history, functional and mental status"),
            ("family_sections", has("organizer", "component", "observation"), "read as family history"),
            ("device_sections", deep("supply"), "read as devices"), ("payer_sections", has("act", "entryRelationship", "act"), "read as coverage")):
        if section_is(section, kind) and good:
            return said
    if entry.get("nullFlavor") or any(child.get("nullFlavor") for child in entry if child.tag != V3 + "templateId"):
        return "a null entry: nothing is said"
    return "no rule reads this entry"


def count_entries(section, out):
    """Every entry of every section, once."""
    code = attribute(section, "code", "code")
    roots = {t.get("root") for t in section.findall(V3 + "templateId")}
    for entry in section.findall(V3 + "entry"):
        out["entries"] += 1
        if section_is(section, "plan_sections"):
            out["in", "plan"] += 1
        elif code in LISTS["known_sections"] or roots & LISTS["known_templates"]:
            add(out, "entry", reads(section, entry))
        else:
            out["in", "unread"] += 1


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
    for line in report["findings"]:
        if line["code"] == "R305":
            have["unread", line["subject"]] += line["count"]
    for name in sorted({key for key in (*want, *have) if key[0] == "unread"}):
        compare(" ".join(name), have[name], want[name])
    for key in sorted(key for key in want if key not in ("refused", "entries") and key[0] != "unread"):
        compare(" ".join(key), have[key], want[key])
    compare("entries of all sections", sum(have["in", rule] for rule in ("entry", "plan", "unread")), want["entries"])
    compare("refused files", report["summary"]["records_refused"], want["refused"])
    print(f"{compared} comparisons, {wrong} differences")
    sys.exit(1 if wrong or not compared else 0)


if __name__ == "__main__":
    main()
