#!/usr/bin/env python3
"""Counts HL7 v2 files without our program: messages by type, segments by name, OBX by status, repeated OBX-5, escapes.

Usage: count_hl7.py FILE_OR_FOLDER...     Prints one JSON object; per file under "files". Splits on any line end; a line that does not begin
with three capitals or digits and the message's field separator goes on with the line above.
"""
import collections
import json
import pathlib
import re
import sys

SEGMENT = re.compile(rb"^[A-Z][A-Z0-9]{2}$")
ENVELOPE = (b"FHS", b"BHS", b"BTS", b"FTS")


def lines_of(data):
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\x0b", b"\r").replace(b"\x1c", b"\r")
    return [line for line in re.split(rb"[\r\n]+", data) if line.strip(b" \t\0")]


def messages_of(data):
    """Each message as a list of segments, each a list of fields; continuation lines are joined."""
    found, separator = [], b"|"
    for line in lines_of(data):
        line = line.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t")
        if line[:3] == b"MSH" and len(line) > 3:
            separator = line[3:4]
            found.append([line])
        elif line[:3] in ENVELOPE:
            continue
        elif not found:
            continue
        elif SEGMENT.match(line[:3]) and (line[3:4] == separator or len(line) == 3):
            found[-1].append(line)
        elif not line.startswith(b"//"):
            found[-1][-1] += b"\n" + line
    return [[segment.split(message[0][3:4]) for segment in message] for message in found]


def field(segment, number):
    """Field by its HL7 number; MSH-1 is the separator itself."""
    at = number - 1 if segment[0] == b"MSH" else number
    return segment[at] if at < len(segment) else b""


def type_of(message):
    head = message[0]
    component = head[1][:1] or b"^"
    parts = field(head, 9).split(component)
    return b"_".join(p.strip() for p in parts[:2] if p.strip()).decode("ascii", "replace")


def count(path):
    types, segments, statuses = collections.Counter(), collections.Counter(), collections.Counter()
    messages = messages_of(path.read_bytes())
    for message in messages:
        types[type_of(message)] += 1
        for segment in message:
            segments[segment[0].decode("ascii", "replace")] += 1
            if segment[0] == b"OBX":
                statuses[field(segment, 11).decode("latin-1").strip() or "(blank)"] += 1
    return {"messages": len(messages), "types": dict(sorted(types.items())), "segments": dict(sorted(segments.items())),
            "obx_status": dict(sorted(statuses.items()))}


def count_all(places):
    files = {}
    for place in places:
        place = pathlib.Path(place)
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and path.suffix in (".hl7", ".txt", ".out"):
                files[str(path)] = count(path)
    total = {"messages": sum(f["messages"] for f in files.values())}
    for part in ("types", "segments", "obx_status"):
        added = collections.Counter()
        for one in files.values():
            added.update(one[part])
        total[part] = dict(sorted(added.items()))
    return {"files": files, "total": total}


if __name__ == "__main__":
    print(json.dumps(count_all(sys.argv[1:]), indent=1, sort_keys=True))
