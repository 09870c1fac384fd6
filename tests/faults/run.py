#!/usr/bin/env python3
"""Faults of the machine: full disk, read-only target, killed run, signals, two instances. After each the rerun gives the undisturbed bytes."""
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from common import *

INPUTS = sorted(p for p in SAMPLE.glob("*.csv") if p.name != "defects.csv")


def leftovers(folder):
    return [p.name for p in pathlib.Path(folder).rglob("*") if ".work" in p.name]


def same_after_rerun(c, label, folder, vocab, want):
    done = convert(INPUTS, folder, vocab)
    c.check(done.code in (0, 3), f"{label}: the rerun works, exit {done.code}: {done.err[-300:]}")
    c.equal(tree_hash(pathlib.Path(folder) / "cdm"), want, f"{label}: the rerun gives the undisturbed bytes")
    c.equal(leftovers(folder), [], f"{label}: leftovers are swept")


def killed(c, folder, vocab, want):
    """kill -9 at the Nth call, N = 1, 2, ... in steps until the run survives (a sample of the sweep)."""
    if not shutil.which("strace"):
        c.skip("strace is not installed")
        return
    probe = subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True)
    if probe.returncode != 0:
        c.skip("strace may not trace here")
        return
    for call, step in (("write", 9), ("fsync", 5), ("rename,renameat,renameat2", 1), ("openat", 60)):
        for n in range(1, 400, step):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            done = convert(INPUTS, folder, vocab, prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={n}"])
            survived = done.code in (0, 3)
            place = pathlib.Path(folder) / "cdm"
            if place.exists():
                c.equal(tree_hash(place), want, f"kill at {call} {n}: what is published is whole")
            same_after_rerun(c, f"kill at {call} {n}", folder, vocab, want)
            if survived:
                break


def errors(c, folder, vocab, want):
    if not shutil.which("strace"):
        return
    for call, error in (("write", "ENOSPC"), ("fsync", "EIO"), ("renameat2", "EACCES"), ("write", "EIO")):
        for n in (1, 3, 8, 20):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            done = convert(INPUTS, folder, vocab, prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:error={error}:when={n}"])
            c.check(done.code in (0, 1, 3, 74), f"{error} at {call} {n}: exit {done.code}")
            if done.code in (1, 74):
                c.check(done.err.strip() or call == "write", f"{error} at {call} {n}: a message")
            same_after_rerun(c, f"{error} at {call} {n}", folder, vocab, want)


def limits(c, folder, vocab, want):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for size in (0, 4096, 20000):
        done = convert(INPUTS, folder, vocab, prefix=["prlimit", f"--fsize={size}"])
        c.check(done.code in (1, 74), f"file size limit {size}: exit {done.code}")
        c.check(done.code > 0 and '{"error":"' in done.err, f"file size limit {size}: a message, not a death")
        c.check(not (pathlib.Path(folder) / "cdm").exists(), f"file size limit {size}: nothing published")
    same_after_rerun(c, "file size limit", folder, vocab, want)
    full = run("list", "messages", prefix=["bash", "-c", 'exec "$@" > /dev/full', "x"])
    c.equal(full.code, 74, "a full stdout is an error exit")
    closed = run("list", "messages", prefix=["bash", "-c", '"$@" | head -1 > /dev/null; exit ${PIPESTATUS[0]}', "x"])
    c.equal(closed.code, 0, "a closed pipe is a quiet stop")


def read_only(c, folder, vocab, want):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    convert(INPUTS, folder, vocab)
    target = pathlib.Path(folder) / "file"
    target.write_text("not a folder")
    done = run("convert", *INPUTS, "--map", "synthea/csv", "--vocab", vocab, "--to", f"csv:{target}/below", "--warehouse", pathlib.Path(folder) / "w2")
    c.check(done.code in (1, 2, 74), f"a target below a file: exit {done.code}")
    c.equal(target.read_text(), "not a folder", "the file that is in the way is untouched")
    if os.geteuid() == 0:
        mounted = pathlib.Path(folder) / "ro"
        mounted.mkdir()
        script = f'mount -t tmpfs -o ro,size=1m none "{mounted}" && exec "$@"'
        done = subprocess.run(["unshare", "-m", "bash", "-c", script, "x", PYOJUN, "convert", *map(str, INPUTS), "--map", "synthea/csv", "--vocab", str(vocab), "--to",
                               f"csv:{mounted}/cdm", "--warehouse", str(pathlib.Path(folder) / "w3")], capture_output=True)
        if b"mount" in done.stderr and done.returncode == 32:
            c.skip("mounting is not allowed here")
        else:
            c.check(done.returncode in (1, 2, 74), f"a read-only target: exit {done.returncode}")
            c.check(not (pathlib.Path(folder) / "w3" / "rows-1.seg").exists(), "a read-only target is found before input is read")
        script = f'mount -t tmpfs -o size=64k none "{mounted}" && exec "$@"'
        for number, target in enumerate(("csv:{}/cdm", "parquet:{}/cdm", "sqlite:{}/cdm.sqlite", "duckdb:{}/cdm.duckdb")):
            done = subprocess.run(["unshare", "-m", "bash", "-c", script, "x", PYOJUN, "convert", *map(str, INPUTS), "--map", "synthea/csv", "--vocab", str(vocab), "--to",
                                   target.format(mounted), "--warehouse", str(pathlib.Path(folder) / f"w4-{number}")], capture_output=True)
            if not (b"mount" in done.stderr and done.returncode == 32):
                c.equal(done.returncode, 74, f"a full disk, {target.split(':')[0]}: exit")
                c.check(done.stderr, f"a full disk, {target.split(':')[0]}: a message")
        large = pathlib.Path(folder) / "observations.csv"
        line = (SAMPLE / "observations.csv").read_bytes().splitlines(keepends=True)
        large.write_bytes(line[0] + line[1] * (240_000_000 // len(line[1])))
        script = f'mount -t tmpfs -o size=4m none "{mounted}" && exec "$@"'
        done = subprocess.run(["unshare", "-m", "bash", "-c", script, "x", PYOJUN, "convert", str(large), "--map", "synthea/csv", "--vocab", str(vocab), "--to",
                               f"csv:{folder}/never", "--warehouse", f"{mounted}/w"], capture_output=True)
        large.unlink()
        if not (b"mount" in done.stderr and done.returncode == 32):
            c.check(done.returncode == 74 and b"F090" in done.stderr, f"a disk that is surely too small is found before input is read: exit {done.returncode}")
            c.check(not (pathlib.Path(folder) / "never").exists(), "a disk that is surely too small: nothing is published")
    else:
        c.skip("mount tests need root")
    same_after_rerun(c, "read-only", folder, vocab, want)


def signals(c, folder, vocab, want):
    for number in (signal.SIGTERM, signal.SIGINT):
        for wait in (0.0, 0.02, 0.05, 0.1):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            process = subprocess.Popen([PYOJUN, "convert", *map(str, INPUTS), "--map", "synthea/csv", "--vocab", str(vocab), "--to", f"csv:{folder}/cdm", "--warehouse",
                                        f"{folder}/cdm.w"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(wait)
            process.send_signal(number)
            try:
                process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                c.check(False, f"signal {number} after {wait} s: the run stops within 5 s")
            code = process.returncode
            c.check(code in (0, 3, 128 + number, -number), f"signal {number} after {wait} s: exit {code}")
            if code == 128 + number:
                c.check(not (pathlib.Path(folder) / "cdm").exists(), "an interrupted run publishes nothing")
            same_after_rerun(c, f"signal {number} after {wait} s", folder, vocab, want)


def two_at_once(c, folder, vocab, want):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    command = [PYOJUN, "convert", *map(str, INPUTS), "--map", "synthea/csv", "--vocab", str(vocab), "--to", f"csv:{folder}/cdm", "--warehouse", f"{folder}/cdm.w"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(12)]
    results = [(p.communicate(timeout=120)[1].decode(errors="replace"), p.returncode) for p in processes]
    codes = [code for _, code in results]
    c.check(any(code in (0, 3) for code in codes), "one of twelve instances works")
    c.check(set(codes) <= {0, 3, 11}, f"the others say the warehouse is held: {sorted(set(codes))}")
    for text, code in results:
        if code == 11:
            c.check("W0" in text or "pid" in text, "the lock message names its holder")
            break
    c.equal(tree_hash(pathlib.Path(folder) / "cdm"), want, "what is published is whole")


def main():
    c = Checks()
    if resource.getrlimit(resource.RLIMIT_NPROC)[0] == 0:
        skip("no processes may be started")
    with work() as top:
        vocab = vocabulary(top)
        clean = pathlib.Path(top) / "clean"
        clean.mkdir()
        done = convert(INPUTS, clean, vocab)
        c.check(done.code in (0, 3), f"the undisturbed run works: {done.err[-300:]}")
        want = tree_hash(clean / "cdm")
        folder = str(pathlib.Path(top) / "w")
        for test in (killed, errors, limits, read_only, signals, two_at_once):
            test(c, folder, vocab, want)
    c.end()


if __name__ == "__main__":
    main()
