#!/usr/bin/env python3
"""The systemd unit without starting it (a container has no systemd as process 1): systemd's own check of both files and its exposure figure, and
every system call that a night makes is one the unit's SystemCallFilter lets through."""
import pathlib
import re
import shutil
import subprocess

from common import *

UNITS = ROOT / "etc"


def members(name, seen=None):
    """System calls of a set such as @system-service, sets within it included."""
    seen = set() if seen is None else seen
    if name in seen:
        return set()
    seen.add(name)
    listed = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True).stdout.splitlines()[1:]
    words = [line.strip() for line in listed if line.strip() and not line.strip().startswith("#")]
    return {word for word in words if not word.startswith("@")}.union(*(members(word, seen) for word in words if word.startswith("@")))


def main():
    if not shutil.which("systemd-analyze"):
        skip("systemd-analyze is not installed")
    c = Checks()
    with work() as top:
        top = pathlib.Path(top)
        text = (UNITS / "pyojun.service").read_text()
        (top / "pyojun.service").write_text(text.replace("/usr/bin/pyojun", PYOJUN))
        shutil.copy(UNITS / "pyojun.timer", top)
        checked = subprocess.run(["systemd-analyze", "verify", "--man=no", top / "pyojun.service", top / "pyojun.timer"], capture_output=True, text=True)
        c.equal((checked.returncode, checked.stderr.strip()), (0, ""), "systemd-analyze verify")
        judged = subprocess.run(["systemd-analyze", "security", "--offline=true", top / "pyojun.service"], capture_output=True, text=True)
        found = re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout)
        if found:
            c.check(float(found[1]) <= 2, f"systemd-analyze security: exposure {found[1]}")
            print(f"exposure {found[1]}")
        else:
            c.skip("systemd-analyze security works offline from version 250 on")
        filters = re.findall(r"^SystemCallFilter=(~?)(.*)$", text, re.M)
        c.check(len(filters) == 2, "the unit filters system calls")
        allowed = set()
        for inverted, names in filters:
            for name in names.split():
                allowed = allowed - members(name) if inverted else allowed | members(name)
        if not shutil.which("strace") or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
            c.skip("strace is not there or may not trace")
            c.end()
        vocab = vocabulary(top)
        inputs = sorted(p for p in SAMPLE.glob("*.csv") if p.name != "defects.csv")
        used = set()
        for night in (1, 2):
            log = top / f"calls-{night}"
            targets = [word for kind in ("parquet", "duckdb", "sqlite") for word in ("--to", f"{kind}:{top / ('t.' + kind)}")]
            done = convert(inputs[:-1] if night == 1 else inputs, top, vocab, *targets, prefix=["strace", "-f", "-qq", "-o", log])
            c.check(done.code in (0, 3), f"night {night}: exit {done.code}: {done.err[-200:]}")
            used |= set(re.findall(r"^\d+ +([a-z_0-9]+)\(", log.read_text(errors="replace"), re.M))
        c.check(len(used) > 20, f"system calls were seen: {len(used)}")
        c.equal(sorted(used - allowed), [], "system calls that the unit would end the program for")
    c.end()


if __name__ == "__main__":
    main()
