#!/usr/bin/env python3
"""What hostile XML costs: user and system time and memory of the whole program, for the table in docs/formats/cda-attacks.md. Measures, judges nothing.

Usage: xml_attacks.py PYOJUN [VOCABULARY_SNAPSHOT]     with a snapshot also documents that are accepted, large ones of twice and four times a size, through mapping ccda
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from xml_attacks import HEAD, all_attacks  # noqa: E402

SPACE = '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
PERSON = ('<effectiveTime value="2020"/><recordTarget><patientRole><id root="1.2.3" extension="1"/><patient><name><given>A</given><family>B</family></name>'
          '<birthTime value="1950"/></patient></patientRole></recordTarget><component><structuredBody><component><section><code code="30954-2"/>')
END = "</section></component></structuredBody></component></ClinicalDocument>"


def grown():
    """Documents that are good and large: name, a function of a size, what the size counts."""
    result = '<component><observation><code code="718-7" codeSystem="2.16.840.1.113883.6.1"/><effectiveTime value="20200101"/><value xsi:type="PQ" value="{0}.{1}" unit="g/dL"/></observation></component>'
    yield "narrative text", lambda n: f"<text>{'word ' * (n * 200)}</text>", "kB", 10_000
    yield "elements with 1,000 attributes", lambda n: ("<text>x</text>" + ("<a " + " ".join(f'b{i}="1"' for i in range(1000)) + "/>") * n), "elements", 1_000
    yield "elements with 100 namespaces", lambda n: ("<text>x</text>" + ("<a " + " ".join(f'xmlns:b{i}="u{i}"' for i in range(100)) + "/>") * n), "elements", 4_000
    yield "elements 250 deep", lambda n: "<text>x</text>" + ("<a>" * 240 + "</a>" * 240) * n, "towers", 5_000
    yield "anchors and references to them", lambda n: "<text>" + "".join(f'<content ID="i{i}">w</content>' for i in range(n)) + "</text><entry><organizer>" + "".join(
        f'<component><observation><code><originalText><reference value="#i{i}"/></originalText></code></observation></component>' for i in range(n)) + "</organizer></entry>", "pairs", 20_000
    yield "results in one panel", lambda n: "<text>x</text><entry><organizer>" + "".join(result.format(i, i % 10) for i in range(n)) + "</organizer></entry>", "results", 20_000
    yield "statements 60 deep", lambda n: "<text>x</text>" + ("<entry>" + "<observation><entryRelationship>" * 60 + "</entryRelationship></observation>" * 60 + "</entry>") * n, "entries", 400
    yield "sections 100 deep", lambda n: "<text>x</text>" + ("<component><section><code code=\"30954-2\"/><text>y</text>" * 50 + "</section></component>" * 50) * n, "towers", 100


# In a process of its own, because what its parent held in memory counts as memory of a child.
SPAWN = """import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_WRONLY, 0) for fd in (1, 2)])
_, status, used = os.wait4(pid, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))"""


def measure(command):
    """Seconds of user and system time, MB at the most, exit code."""
    said = subprocess.run([sys.executable, "-S", "-c", SPAWN, *command], capture_output=True, text=True, check=True).stdout.split()
    return float(said[0]), float(said[1]), int(said[2])


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory(prefix="pyojun-attacks-") as folder:
        place = pathlib.Path(folder) / "a.xml"
        print("| attack | bytes | refused as | seconds | MB |\n|---|---|---|---|---|")
        for name, data, code in all_attacks():
            place.write_bytes(data)
            seconds, memory, _ = min(measure([program, "inspect", str(place)]) for _ in range(3))
            print(f"| {name} | {len(data):,} | {code} | {seconds:.2f} | {memory:.0f} |", flush=True)
        if len(sys.argv) < 3:
            return
        print("\n| document | size | seconds at 1, 2, 4 times | MB at 4 times | exit |\n|---|---|---|---|---|")
        for name, body, counts, start in grown():
            times = []
            for factor in (1, 2, 4):
                data = (HEAD + SPACE + PERSON + body(start * factor) + END).encode()
                place.write_bytes(data)
                times.append(measure([program, "convert", str(place), "--map", "ccda", "--vocab", sys.argv[2], "--warehouse", f"{folder}/{factor}", "-q", "-j", "1"]))
                shutil.rmtree(f"{folder}/{factor}")
            print(f"| {name} | {start:,} {counts}, {len(data) / 4e6:.1f} MB | {', '.join(f'{t[0]:.2f}' for t in times)} | {times[2][1]:.0f} | {', '.join(str(t[2]) for t in times)} |", flush=True)


if __name__ == "__main__":
    main()
