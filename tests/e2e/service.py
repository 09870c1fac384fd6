#!/usr/bin/env python3
"""The systemd unit: systemd's own check of both files and its exposure figure; every system call that a night makes is one the unit's
SystemCallFilter lets through; and, where root may make namespaces, the unit itself, started by a systemd that is process 1 of namespaces of its own."""
import os
import pathlib
import re
import shutil
import subprocess
import time

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


# Everything systemd changes lies in these namespaces: /etc and /usr/bin are overlays, /run and /srv are empty.
ENTER = """set -e
mount --make-rprivate /
mkdir @top@/ov; mount -t tmpfs tmpfs @top@/ov
for d in etc usr/bin; do n=${d//\\//-}; mkdir @top@/ov/$n-u @top@/ov/$n-w; mount -t overlay overlay -o lowerdir=/$d,upperdir=@top@/ov/$n-u,workdir=@top@/ov/$n-w /$d; done
echo 'pyojun:x:990:990::/srv/pyojun:/usr/sbin/nologin' >> /etc/passwd; echo 'pyojun:x:990:' >> /etc/group
rm -rf /etc/systemd/system/*
mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /srv; mkdir -p /run/lock /srv/pyojun /srv/export /etc/pyojun
mount -t proc proc /proc
umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup
cp @root@/etc/pyojun.service @root@/etc/pyojun.timer /etc/systemd/system/
cp @program@ /usr/bin/pyojun
cp @root@/testdata/synthea/patients.csv @root@/testdata/synthea/conditions.csv /srv/export/
cp -r @vocab@ /srv/pyojun/vocab.snapshot; chown -R 990:990 /srv/pyojun; chmod -R go+rX /srv/export
grep -v settle_seconds @root@/etc/nightly.toml > /etc/pyojun/nightly.toml; chmod 644 /etc/pyojun/nightly.toml
printf '[Unit]\nDefaultDependencies=no\nWants=probe.service\n' > /etc/systemd/system/probe.target
printf '[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=/bin/bash @top@/probe.sh\nStandardOutput=file:@top@/said\n' > /etc/systemd/system/probe.service
mkdir /etc/systemd/system/pyojun.service.d
printf '[Unit]\nDefaultDependencies=no\n[Service]\nStandardOutput=append:@top@/unit\nStandardError=append:@top@/unit\n' > /etc/systemd/system/pyojun.service.d/test.conf
export container=test
exec /lib/systemd/systemd --system --unit=probe.target --log-target=null --show-status=no
"""
PROBE = """told() { echo "$1 $(systemctl show -P ExecMainStatus pyojun.service) $(systemctl show -P Result pyojun.service)"; }
systemctl start pyojun.service; told first
systemctl start pyojun.service; told again
(flock 9; systemctl start pyojun.service; told locked) 9>>/srv/pyojun/warehouse/LOCK
ls /srv/pyojun | tr '\\n' ' '; echo
printf '[Service]\\nExecStart=\\nExecStart=/bin/sh -c "touch /etc/x || echo etc-closed; touch /srv/export/x || echo export-closed; touch /srv/pyojun/x && echo own-open"\\n' > /etc/systemd/system/pyojun.service.d/see.conf
systemctl daemon-reload; systemctl reset-failed pyojun.service; systemctl start pyojun.service; cat @top@/unit; echo end
"""


def heard(top):
    return (top / "said").read_text() if (top / "said").exists() else ""


def started(c, top, vocab):
    """The unit under a systemd of its own: two nights, a night while another holds the warehouse, and what it may write."""
    spaces = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child"]
    if os.geteuid() != 0 or not pathlib.Path("/lib/systemd/systemd").exists() or subprocess.run([*spaces, "true"], capture_output=True).returncode != 0:
        c.skip("the unit is not started: no root, or no namespaces")
        return
    for name, text in (("enter.sh", ENTER), ("probe.sh", PROBE)):
        for word, place in (("@top@", top), ("@root@", ROOT), ("@program@", PYOJUN), ("@vocab@", vocab)):
            text = text.replace(word, str(place))
        (top / name).write_text(text)
    top.chmod(0o755)
    # That systemd need not end by itself: its process goes with `unshare` once the probe has said its last line.
    with open(top / "errors", "wb") as errors, subprocess.Popen([*spaces, "bash", top / "enter.sh"], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors) as tried:
        latest = time.monotonic() + 400
        while tried.poll() is None and time.monotonic() < latest and not heard(top).endswith("end\n"):
            time.sleep(0.2)
        tried.kill()
    said = heard(top)
    if not said:
        c.skip(f"the unit is not started: systemd does not come up here: {(top / 'errors').read_text(errors='replace').strip()[-100:]}")
        return
    for line in ("first 0 success", "again 0 success", "locked 11 exit-code", "etc-closed", "export-closed", "own-open", "end"):
        c.check(line in said.splitlines(), f"the started unit: {line}: {said[-600:]}")
    c.check("cdm " in said and "cdm.duckdb" in said and "pyojun.prom" in said, f"the started unit leaves its targets: {said[-600:]}")
    print("the unit was started by systemd")


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
        started(c, top, vocab)
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
