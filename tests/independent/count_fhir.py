#!/usr/bin/env python3
"""Counts what is in FHIR exports (bundles as JSON, NDJSON), read without our program.

Usage: count_fhir.py FOLDER|FILE...     prints JSON:
  files      name -> resources
  types      resource type -> resources, distinct (type, id), and by status
  patients   distinct ids; encounters: distinct ids
  negations  resource type -> how often a resource says that something was not there, not done, refuted or an error
  values     Observation: by kind of value; components; data_absent
Contained resources are counted apart ("contained"); DomainResources without an id count by their place.
"""
import json
import pathlib
import sys


def documents(path):
    text = path.read_text(encoding="utf-8-sig")
    if path.suffix == ".ndjson":
        for line in text.splitlines():
            if line.strip():
                yield json.loads(line)
    else:
        yield json.loads(text)


def resources(document):
    if not isinstance(document, dict) or "resourceType" not in document:
        return
    if document["resourceType"] != "Bundle":
        yield document, document.get("fullUrl", "")
        return
    for entry in document.get("entry", []):
        inner = entry.get("resource")
        if isinstance(inner, dict):
            if inner.get("resourceType") == "Bundle":
                yield from resources(inner)
            else:
                yield inner, entry.get("fullUrl", "")


def status_of(resource):
    for name in ("status", "clinicalStatus"):
        value = resource.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, dict):
            for coding in value.get("coding", []):
                if coding.get("code"):
                    return coding["code"]
    return "-"


def verification(resource):
    value = resource.get("verificationStatus")
    if isinstance(value, str):
        return value
    codings = value.get("coding", []) if isinstance(value, dict) else []
    return codings[0].get("code", "-") if codings else "-"


def negated(resource):
    if any(resource.get(flag) is True for flag in ("notGiven", "wasNotGiven", "notDone", "wasNotTaken", "doNotPerform", "notPerformed")):
        return True
    if verification(resource) in ("refuted", "entered-in-error"):
        return True
    return status_of(resource) in ("entered-in-error", "not-done", "cancelled", "not-taken")


def count(paths):
    result = {"files": {}, "types": {}, "contained": {}, "negations": {}, "values": {}, "unreadable": []}
    ids, values = {}, {}
    for path in paths:
        seen = 0
        try:
            found = [pair for document in documents(path) for pair in resources(document)]
        except (json.JSONDecodeError, UnicodeDecodeError):
            result["unreadable"].append(path.name)
            continue
        for resource, url in found:
            kind, seen = resource["resourceType"], seen + 1
            entry = result["types"].setdefault(kind, {"resources": 0, "distinct": 0, "status": {}})
            entry["resources"] += 1
            status = status_of(resource)
            entry["status"][status] = entry["status"].get(status, 0) + 1
            ids.setdefault(kind, set()).add(resource.get("id") or url or (path.name, seen))
            if negated(resource):
                result["negations"][kind] = result["negations"].get(kind, 0) + 1
            for inner in resource.get("contained", []):
                name = inner.get("resourceType", "-")
                result["contained"][name] = result["contained"].get(name, 0) + 1
            if kind == "Observation":
                name = next((key for key in sorted(resource) if key.startswith("value")), "none")
                values[name] = values.get(name, 0) + 1
                values["components"] = values.get("components", 0) + len(resource.get("component", []))
                values["data_absent"] = values.get("data_absent", 0) + ("dataAbsentReason" in resource)
        result["files"][path.name] = seen
    for kind, known in ids.items():
        result["types"][kind]["distinct"] = len(known)
    result["types"] = {kind: {**entry, "status": dict(sorted(entry["status"].items()))} for kind, entry in sorted(result["types"].items())}
    for group in ("contained", "negations"):
        result[group] = dict(sorted(result[group].items()))
    result["values"] = dict(sorted(values.items()))
    result["patients"] = {"distinct": len(ids.get("Patient", ()))}
    result["encounters"] = {"distinct": len(ids.get("Encounter", ()))}
    return result


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    paths = []
    for argument in map(pathlib.Path, sys.argv[1:]):
        paths += sorted(p for p in argument.rglob("*") if p.suffix in (".json", ".ndjson")) if argument.is_dir() else [argument]
    json.dump(count(paths), sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
