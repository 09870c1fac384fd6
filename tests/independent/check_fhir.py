#!/usr/bin/env python3
"""Compares a conversion of FHIR exports by mapping fhir/r4 (its report.json) with counts made from the JSON without our program.

Usage: check_fhir.py REPORT_JSON FOLDER|FILE...

1. Every line of the balance adds up: in = mapped + filtered + duplicates + quarantined.
2. Every rule saw as many candidates as there are resources (components, contents, conclusions) of its kind.
3. Every filter stopped as many as say so themselves: status, intent, negation, absent values; a resource counts under the first that applies.
Prints one line per difference and the number of comparisons; exits 1 when there is a difference.
"""
import collections
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.dont_write_bytecode = True
import count_fhir  # noqa: E402

RESULTS = ("final", "amended", "corrected", "preliminary", "unknown")
ERROR = "entered in error"
RULES = {"Patient": ("patient", "death"), "Practitioner": ("practitioner",), "Organization": ("organization",), "Location": ("location",),
         "AllergyIntolerance": ("drug_allergy", "allergy"), "Specimen": ("specimen",)}


def verified(resource, *known):
    told = {coding.get("code") for coding in resource.get("verificationStatus", {}).get("coding", [])}
    for code, reason in (("entered-in-error", ERROR), ("refuted", "refuted"), ("differential", "one of several possible diagnoses")):
        if code in known and code in told:
            return reason
    return None


def by_status(resource, refused, allowed=None, reason=None):
    """`refused`: status -> reason; any other status that is not in `allowed`: `reason`."""
    status = resource.get("status")
    if status in refused:
        return refused[status]
    return reason if allowed is not None and status not in allowed else None


def valued(node):
    return any(name.startswith("value") and name[5:6].isupper() for name in node)


def observation(resource):
    reason = by_status(resource, {"entered-in-error": ERROR}, RESULTS, "no result: registered, cancelled or without a status")
    if reason or valued(resource):
        return reason
    for member, why in (("component", "components carry the values"), ("hasMember", "group of other observations"),
                        ("dataAbsentReason", "no value: data absent")):
        if resource.get(member):
            return why
    return None


def request(resource):
    reason = by_status(resource, {"entered-in-error": ERROR, "cancelled": "cancelled or draft", "draft": "cancelled or draft"})
    if not reason and resource.get("intent") not in ("order", "original-order", "reflex-order", "filler-order", "instance-order"):
        reason = "a proposal, plan or option, not an order"
    return reason or ("an order not to give the drug" if resource.get("doNotPerform") is True else None)


def document(resource, content):
    reason = by_status(resource, {"entered-in-error": ERROR}, ("current",), "superseded by a later document")
    attachment = content.get("attachment", {})
    if reason:
        return reason
    if not attachment.get("data"):
        return "the document is not embedded"
    return None if attachment.get("contentType", "").startswith("text/") else "not plain text"


def report_text(resource):
    reason = by_status(resource, dict.fromkeys(("entered-in-error", "cancelled"), "entered in error or cancelled"))
    forms = resource.get("presentedForm", [])
    embedded = any(form.get("data") for form in forms) and any(form.get("contentType", "").startswith("text/") for form in forms)
    return reason or (None if resource.get("conclusion") or embedded else "no text: its results are Observations")


def death(resource):
    if not any(name.startswith("deceased") for name in resource):
        return "not said to be dead"
    if resource.get("deceasedBoolean") is False:
        return "said to be alive"
    return None if "deceasedDateTime" in resource else "dead, but it is not said since when"


NOT_DONE = {"entered-in-error": ERROR, "not-done": "not done"}
JUDGES = {
    "Encounter": ("encounter", lambda r: by_status(r, {"entered-in-error": ERROR, "planned": "did not take place", "cancelled": "did not take place"})),
    "Condition": ("condition", lambda r: verified(r, "entered-in-error", "refuted", "differential")),
    "Observation": ("observation", observation),
    "Procedure": ("procedure", lambda r: by_status(r, NOT_DONE, ("completed", "in-progress", "stopped"), "not performed yet, on hold or unknown")),
    "Immunization": ("immunization", lambda r: by_status(r, NOT_DONE)),
    "MedicationRequest": ("prescription", request),
    "MedicationDispense": ("dispense", lambda r: by_status(r, {"entered-in-error": ERROR}, ("completed", "in-progress", "stopped", "unknown"),
                                                            "not handed over")),
    "MedicationAdministration": ("administration", lambda r: by_status(r, NOT_DONE, ("completed", "in-progress", "stopped", "on-hold"),
                                                                        "unknown whether given")),
    "MedicationStatement": ("statement", lambda r: by_status(r, {"entered-in-error": ERROR}, ("active", "completed", "stopped", "on-hold"),
                                                              "not taken, intended or unknown")),
    "DiagnosticReport": ("report_text", report_text),
    "Patient": ("death", death),
}


def devices_in_use(every):
    """References to devices that a statement or a completed procedure uses on a day."""
    used = set()
    for resource, _ in every:
        if resource["resourceType"] == "DeviceUseStatement" and resource.get("status") != "entered-in-error":
            if any(resource.get(m) for m in ("timingDateTime", "recordedOn")) or resource.get("timingPeriod", {}).get("start"):
                used.add(resource.get("device", {}).get("reference"))
        if resource["resourceType"] == "Procedure" and resource.get("status") == "completed":
            if resource.get("performedDateTime") or resource.get("performedPeriod", {}).get("start"):
                used |= {item.get("manipulated", {}).get("reference") for item in resource.get("focalDevice", [])}
    return used


def expected(paths):
    seen, filters = collections.Counter(), collections.Counter()

    def judge(rule, reason):
        seen[rule] += 1
        if reason:
            filters[rule, reason] += 1

    every = [pair for path in paths for text in count_fhir.documents(path) for pair in count_fhir.resources(text)]
    used = devices_in_use(every)
    for resource, url in every:
        kind = resource["resourceType"]
        for rule in RULES.get(kind, ()):
            seen[rule] += rule != "death"
        if kind in JUDGES:
            rule, of = JUDGES[kind]
            judge(rule, of(resource))
        if kind == "Observation":
            for part in resource.get("component", []):
                reason = by_status(resource, {"entered-in-error": ERROR}, RESULTS, "no result: registered, cancelled or without a status")
                judge("component", reason or ("no value: data absent" if not valued(part) and "dataAbsentReason" in part else None))
        if kind == "DocumentReference":
            for content in resource.get("content", []):
                judge("document", document(resource, content))
        if kind == "DiagnosticReport":
            for _ in resource.get("conclusionCode", []):
                judge("conclusion", by_status(resource, dict.fromkeys(("entered-in-error", "cancelled"), "entered in error or cancelled")))
        if kind == "Device" and "patient" in resource:
            there = {f"Device/{resource.get('id')}", url} & used
            judge("device", by_status(resource, {"entered-in-error": ERROR}) or (None if there else "no day of use: a Device alone is no exposure"))
        if kind == "AllergyIntolerance":
            for _ in (item for reaction in resource.get("reaction", []) for item in reaction.get("manifestation", [])):
                judge("reaction", verified(resource, "entered-in-error", "refuted"))
    return seen, filters


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    report = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    paths = []
    for argument in map(pathlib.Path, sys.argv[2:]):
        paths += sorted(p for p in argument.rglob("*") if p.suffix in (".json", ".ndjson")) if argument.is_dir() else [argument]
    seen, filters = expected(paths)
    compared = differences = 0

    def same(what, ours, theirs):
        nonlocal compared, differences
        compared += 1
        if ours != theirs:
            differences += 1
            print(f"{what}: report {ours}, counted {theirs}")

    totals = collections.Counter()
    for line in report["balance"]:
        if line["rule"]:
            same(f"{line['file']} {line['rule']}", line["in"], line["mapped"] + line["filtered"] + line["duplicates"] + line["quarantined"])
            totals[line["rule"]] += line["in"]
    for rule, number in sorted(seen.items()):
        same(f"{rule}: candidates", totals[rule], number)
    told = {(line["rule"], line["reason"]): line["records"] for line in report["filters"]}
    judged = {rule for rule, _ in JUDGES.values()} | {"component", "document", "conclusion", "device", "reaction"}
    for key in sorted(filters.keys() | {key for key in told if key[0] in judged}):
        same(f"{key[0]}: {key[1]}", told.get(key, 0), filters[key])
    print(f"{compared} comparisons, {differences} differences")
    sys.exit(1 if differences or not compared else 0)


if __name__ == "__main__":
    main()
