#!/usr/bin/env python3
"""R1 without pulling the plug: in the log of system calls every file that is renamed into place was synced after its last write, and its folder
is synced after the rename. R18: short writes, interrupted calls and read errors. R19: no memory."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from common import *

INPUTS = sorted(p for p in SAMPLE.glob("*.csv") if p.name != "defects.csv")
CALLS = "openat,open,creat,write,pwrite64,writev,pwritev,ftruncate,fallocate,copy_file_range,fsync,fdatasync,rename,renameat,renameat2,close,dup,dup2,dup3,fcntl"
LINE = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def traced(folder, vocab):
    log = pathlib.Path(folder) / "calls.txt"
    done = convert(INPUTS, folder, vocab, prefix=["strace", "-f", "-qq", "-y", "-s", "4096", "-e", f"trace={CALLS}", "-o", log])
    return done, log.read_text(errors="replace").splitlines()


def joined(lines):
    """Calls that strace shows as unfinished and resumed, in one line at the place where they ended."""
    waiting = {}
    for line in lines:
        pid = line.split(" ", 1)[0]
        if line.endswith("<unfinished ...>"):
            waiting[pid] = line[: -len("<unfinished ...>")].rstrip()
        elif "resumed>" in line and pid in waiting:
            yield waiting.pop(pid) + line.split("resumed>", 1)[1]
        else:
            yield line


def path_of(argument):
    found = re.match(r"\s*\d+<([^>]*)>", argument)
    return found.group(1).replace(" (deleted)", "") if found else None


def check_order(c, folder, lines):
    folder = str(pathlib.Path(folder).resolve())
    dirty, awaiting, renamed = {}, {}, 0  # files with unsynced bytes; folders a rename waits for
    for line in joined(lines):
        found = LINE.match(line)
        if not found or int(found.group(4)) < 0:
            continue
        call, arguments = found.group(2), found.group(3)
        if call in ("write", "pwrite64", "writev", "pwritev", "ftruncate", "fallocate", "copy_file_range"):
            path = path_of(arguments if call != "copy_file_range" else arguments.split(", ", 2)[2])
            if path and path.startswith(folder):
                dirty[path] = call
        elif call in ("fsync", "fdatasync"):
            path = path_of(arguments)
            dirty.pop(path, None)
            awaiting.pop(path, None)
        elif call.startswith("rename"):
            paths = [os.path.join(folder, text) for text in QUOTED.findall(arguments)]
            source, target = map(os.path.normpath, paths[:2])
            if not target.startswith(folder):
                continue
            renamed += 1
            unsynced = [path for path in dirty if path == source or path.startswith(source + "/")]
            c.equal([os.path.basename(path) for path in unsynced], [], f"synced before it is renamed to {os.path.basename(target)}")
            if os.path.basename(target) != "warehouse.duckdb":  # a second name for other tools; the next run makes it again
                awaiting[os.path.dirname(target)] = os.path.basename(target)
    c.equal(sorted(set(awaiting.values())), [], "folders are synced after the last rename in them")
    c.check(renamed >= 3, f"renames were seen: {renamed}")


def injected(c, top, vocab, want):
    """Short writes and interruptions change nothing; a read error is a message."""
    for what in ("write:retval=1:when=20", "write:error=EINTR:when=3..40+5", "pwrite64:error=EINTR:when=2", "read:error=EINTR:when=30"):
        folder = top / "injected"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        done = convert(INPUTS, folder, vocab, prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={what}"])
        if done.code in (0, 3):
            same = tree_hash(folder / "cdm") == want
            # strace tells the program that one byte was written and writes none: only then may bytes be missing, and verify has to find it.
            found = run("verify", folder / "cdm").code != 0
            c.check(same or (what.startswith("write:retval") and found), f"{what}: whole, or found by verify")
        else:
            c.check(done.code in (1, 74), f"{what}: exit {done.code}")
            c.check(not (folder / "cdm").exists(), f"{what}: nothing is published")


def no_memory(c, top, vocab, want):
    for megabytes in (40, 80, 120, 200, 400, 800):
        folder = top / "memory"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        done = convert(INPUTS, folder, vocab, "-j", "1", prefix=["prlimit", f"--as={megabytes << 20}"])
        if done.code in (0, 3):
            c.equal(tree_hash(folder / "cdm"), want, f"{megabytes} MB of address space: the undisturbed bytes")
            continue
        c.check(done.code in (1, 70, 74, 127), f"{megabytes} MB of address space: exit {done.code}")
        c.check(not (folder / "cdm").exists(), f"{megabytes} MB of address space: nothing is published")
        c.check(done.err.strip(), f"{megabytes} MB of address space: a message")


def main():
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True).returncode != 0:
        skip("strace is not there or may not trace")
    c = Checks()
    with work() as top:
        top = pathlib.Path(top)
        vocab = vocabulary(top)
        folder = top / "traced"
        folder.mkdir()
        done, lines = traced(folder, vocab)
        c.check(done.code in (0, 3), f"the traced run works: {done.err[-300:]}")
        check_order(c, folder, lines)
        want = tree_hash(folder / "cdm")
        injected(c, top, vocab, want)
        no_memory(c, top, vocab, want)
    c.end()


if __name__ == "__main__":
    main()
