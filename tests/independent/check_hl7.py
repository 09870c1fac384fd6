#!/usr/bin/env python3
"""Compares a conversion of HL7 v2 messages by mapping hl7v2 (its report.json) with counts made from the files without our program.

Usage: check_hl7.py REPORT_JSON FOLDER|FILE...

1. Every line of the balance adds up: in = mapped + filtered + duplicates + quarantined.
2. Per file: messages, and OBX, DG1, PR1, AL1, IAM, IN1, FT1, PRB, SPM and SCH segments: every rule saw as many candidates as there are.
3. Results by status (OBX-11), type (OBX-2) and kind of message were filtered under just that reason, as often as the files say so.
4. Patients of messages, with and without an account or visit number, are what rule filings saw.
Files of which a message was refused are compared under 1 only, and counted. Prints one line per difference and the number of comparisons;
exits 1 when there is a difference.
"""
import collections
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import count_hl7  # noqa: E402


RULES = {"DG1": "diagnoses", "PR1": "procedures", "AL1": "allergies", "IAM": "allergy_updates", "IN1": "coverage", "FT1": "charges", "PRB": "problems",
         "SPM": "specimens", "SCH": "appointments", "OBX": "results"}
WITH_RESULTS = ("ORU", "OUR", "OUL", "ADT", "REF", "VXU", "BAR", "DFT")
GONE = ("D", "W", "X")
OF_THE_PATIENT = {"30945-0", "59785-6", "31044-1", "59784-9", "75323-6"}  # under a vaccination; other codes say something of the dose


def reason_of(kind, vaccination, obx, cancelled, first):
    """Why the OBX gives no row of rule results, in the order in which the mapping names its reasons; None when it gives one."""
    status, type_ = first(obx, 11), first(obx, 2)
    if kind not in WITH_RESULTS:
        return "messages of this type carry no results"
    if vaccination and not OF_THE_PATIENT & {first(obx, 3), first(obx, 3, 4)}:
        return "about a dose of a vaccine, not a result of its own"
    if type_ in ("ED", "RP", "FT"):
        return "document or report text: see rule result_documents"
    if status in ("N", "I", "O"):
        return "ordered or in progress, not a result yet"
    if status and status not in ("F", "C", "P", "R", "S", "A", "B", "U", "V") + GONE:
        return "status in OBX-11 is not known"
    if not count_hl7.field(obx, 5).strip(b" ^&~") and status not in GONE and not cancelled:
        return "no value"
    return None


def count(message, out, filters, told):
    head = message[0]
    component = head[1][:1] or b"^"
    repetition = head[1][1:2] or b"~"

    def first(segment, number, part=1):
        parts = count_hl7.field(segment, number).split(repetition)[0].split(component)
        return parts[part - 1].strip().decode("latin-1") if part <= len(parts) else ""

    kind, vaccination, cancelled = first(head, 9), False, False
    out[""] += 1
    group, inherited = None, ()  # a patient: PID, and a further one for a second PV1 or MRG below the same PID
    groups = []
    for segment in message:
        name = segment[0].decode("ascii", "replace")
        if name == "ORC":
            vaccination, cancelled = False, first(segment, 1) in ("CA", "OC", "CR", "UA")
        elif name == "PID":
            vaccination = cancelled = False
        elif name == "OBR":
            cancelled = cancelled or first(segment, 25) == "X"
        elif name == "RXA":
            vaccination = bool(count_hl7.field(segment, 5).strip())
        if name in RULES:
            out[RULES[name]] += 1
        if name == "PID":
            group = inherited = {"PID": segment}
            groups.append(group)
        elif group is None and name in ("TQ1", "ORC", "OBR", "OBX", "RXO", "RXE", "RXD", "RXA", "TXA", "SPM"):  # an order of nobody
            group = {}
            groups.append(group)
        elif name in ("PV1", "MRG"):
            if group is None or name in group:
                group = {"PID": inherited["PID"]} if inherited else {}
                groups.append(group)
            group[name] = segment
        if name == "OBX":
            reason = reason_of(kind, vaccination, segment, cancelled, first)
            if reason:
                filters[reason] += 1
    for group in groups:
        numbers = [first(group[name], at) for name, at in (("PID", 18), ("PV1", 19), ("PV1", 50)) if name in group]
        told["no account and no visit number" if not any(n and n != '""' for n in numbers) else ""] += 1


def main(report, *places):
    report = json.loads(pathlib.Path(report).read_text(encoding="utf-8"))
    seen, differences, compared, refused = collections.defaultdict(dict), [], 0, set()
    for line in report["balance"]:
        seen[line["file"]][line["rule"]] = line
        compared += 1
        if line["in"] != sum(line[part] for part in ("mapped", "filtered", "duplicates", "quarantined", "unread")):
            differences.append(f"{line['file']} {line['rule']}: the books do not balance")
        if line["rule"] == "" and line["quarantined"]:
            refused.add(line["file"])
    raw, wanted, told = {}, collections.Counter(), collections.Counter()
    for place in map(pathlib.Path, places):
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            name = str(path.relative_to(place)) if place.is_dir() else path.name
            if path.is_file() and name in seen:
                raw[name] = path.read_bytes()
    for name, data in raw.items():
        out, filters = collections.Counter(), collections.Counter()
        for message in count_hl7.messages_of(data):
            count(message, out, filters, told)
        wanted.update(filters)
        if name in refused:
            continue
        for rule, number in out.items():
            compared += 1
            got = seen[name].get(rule, {"in": 0})["in"]
            if got != number:
                differences.append(f"{name} {rule or 'messages'}: the files have {number}, the books {got}")
    if len(raw) < len(seen):
        differences.append(f"{len(seen) - len(raw)} of {len(seen)} files of the report were not found")
    if not refused:
        got = {f["reason"]: f["records"] for f in report["filters"] if f["rule"] == "results"}
        for reason in sorted(set(wanted) | set(got)):
            compared += 1
            if wanted[reason] != got.get(reason, 0):
                differences.append(f"results, {reason}: the files say {wanted[reason]}, the books {got.get(reason, 0)}")
        lines = [line for line in report["balance"] if line["rule"] == "filings"]
        for what, number, got in (("all", sum(told.values()), sum(line["in"] for line in lines)),
                                  ("without a number", told["no account and no visit number"], sum(line["filtered"] for line in lines))):
            compared += 1
            if number != got:
                differences.append(f"patients of messages, {what}: the files have {number}, the books of rule filings {got}")
    print("\n".join(differences) if differences else "no differences")
    print(f"{compared} comparisons, {len(differences)} differences; {len(refused)} files with refused messages compared by balance only")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
