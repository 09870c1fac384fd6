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
    for what in ("write:retval=1:when=20", "write:error=EINTR:when=3..40+5", "pwrite64:error=EINTR:when=2", "read:error=EINTR:when=90"):
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


# Fails FAIL_MANY calls from the FAIL_AT-th on, counted from the beginning of main (which sets the umask first of all).
FAILING_MALLOC = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
static atomic_long calls;
static long at, many;
mode_t umask(mode_t mask) {
  const char *first = getenv("FAIL_AT"), *number = getenv("FAIL_MANY");
  at = first ? atol(first) : 0;
  many = number ? atol(number) : 1;
  return (mode_t)syscall(SYS_umask, mask);
}
static int fails(void) {
  if (at == 0) return 0;
  const long call = atomic_fetch_add(&calls, 1) + 1;
  if (call < at || call >= at + many) return 0;
  errno = ENOMEM;
  return 1;
}
void *malloc(size_t n) { return fails() ? 0 : __libc_malloc(n); }
void *calloc(size_t n, size_t size) { return fails() ? 0 : __libc_calloc(n, size); }
void *realloc(void *old, size_t n) { return fails() ? 0 : __libc_realloc(old, n); }
void *aligned_alloc(size_t to, size_t n) { return fails() ? 0 : __libc_memalign(to, n); }
int posix_memalign(void **out, size_t to, size_t n) {
  if (fails()) return ENOMEM;
  *out = __libc_memalign(to, n);
  return *out ? 0 : ENOMEM;
}
"""


def failing_malloc(c, top, vocab, want):
    """The Nth allocation fails, N growing until a run no longer comes to it."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        c.skip("no C compiler: allocations are not made to fail")
        return
    source, library = top / "fail.c", top / "fail.so"
    source.write_text(FAILING_MALLOC)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-w", "-o", library, source], check=True)
    ends, at, tried = {}, 1, 0
    while at < 1_000_000:
        folder = top / "malloc"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        done = convert(INPUTS, folder, vocab, "-j", "1", env={"LD_PRELOAD": str(library), "FAIL_AT": str(at)})
        ends[done.code] = ends.get(done.code, 0) + 1
        c.check(done.code in (0, 1, 3, 70, 74), f"allocation {at} fails: exit {done.code}")
        if done.code in (0, 3):
            c.equal(tree_hash(folder / "cdm"), want, f"allocation {at} fails: the undisturbed bytes")
        else:
            there = (folder / "cdm").exists()  # the warehouse is recorded after the targets
            if there:
                c.equal(tree_hash(folder / "cdm"), want, f"allocation {at} fails: the undisturbed bytes, published before it")
            c.check(done.err.strip() and not (there and "nothing was published" in done.err), f"allocation {at} fails: a message that holds")
        at += max(1, at // 6)
        tried += 1
    print(f"allocations: {tried} tried, ends {ends}")


def failing_read(path, when=":when=1"):
    return ["strace", "-f", "-qq", "-o", "/dev/null", "-P", path, "-e", f"inject=pread64:error=EIO{when}"]


def read_errors(c, top, vocab, want):
    """EIO: an input that cannot be read is told, and what is published without it is whole; anything else publishes nothing."""
    ends = {}
    for call in ("read", "pread64"):
        for at in (*range(1, 60, 7), *range(60, 400, 31)):
            folder = top / "eio"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            done = convert(INPUTS, folder, vocab, prefix=["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:error=EIO:when={at}"])
            ends[done.code] = ends.get(done.code, 0) + 1
            label = f"EIO at {call} {at}"
            c.check(done.code in (0, 1, 2, 3, 10, 74, 127), f"{label}: exit {done.code}")  # 127: the loader could not read a library
            if done.code == 0:
                c.equal(tree_hash(folder / "cdm"), want, f"{label}: the undisturbed bytes")
            elif done.code == 3:
                c.equal(run("verify", folder / "cdm").code, 0, f"{label}: what is published is whole")
            else:
                c.check(not (folder / "cdm").exists(), f"{label}: nothing is published")
            c.check(done.code == 0 or done.err.strip(), f"{label}: a message")
    print(f"read errors: ends {ends}")
    # A file that fails while it is hashed waits as a whole, with the file whose rules ask it; the next run brings it.
    for name, wait in (("payers.csv", 2), ("patients.csv", 1)):
        folder = top / "eio"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        done = convert(INPUTS, folder, vocab, prefix=failing_read(SAMPLE / name))
        c.equal(done.code, 3, f"EIO in {name}: exit")
        c.check(f'{{"error":"F001","file":"{SAMPLE / name}",' in done.err, f"EIO in {name}: a message that names it")
        c.equal(done.summary["night"]["held"], wait, f"EIO in {name}: files that wait")
        c.equal(convert(INPUTS, folder, vocab).code, 0, f"EIO in {name}: the next run")
        c.equal(tree_hash(folder / "cdm"), want, f"EIO in {name}: the undisturbed bytes after it")
    # Nothing counts without it (it is the only file, it is the table that the other asks, the known files are gone): no empty tables take the
    # place of what is published.
    other = top / "other"
    other.mkdir()
    shutil.copy(SAMPLE / "patients.csv", other)
    for name, inputs, known in (("patients.csv", ["patients.csv"], False), ("encounters.csv", ["encounters.csv", "patients.csv"], False),
                                ("patients.csv", [other / "patients.csv"], True)):
        inputs = [SAMPLE / one for one in inputs]
        label = f"EIO in {name} of {len(inputs)}{', others known' if known else ''}"
        if not known:
            shutil.rmtree(folder / "cdm.w", ignore_errors=True)
        done = convert(inputs, folder, vocab, prefix=failing_read(next(one for one in inputs if one.name == name)))
        c.equal(done.code, 1, f"{label}: exit")
        c.equal(tree_hash(folder / "cdm"), want, f"{label}: what was published stays")
        if not known:
            c.equal(convert(INPUTS, folder, vocab).code, 0, f"{label}: the next run")
    # Files of one name and size are hashed to tell them apart: one that cannot be read waits, the other is mapped.
    twin = top / "twin"
    twin.mkdir()
    (twin / "patients.csv").write_bytes((SAMPLE / "patients.csv").read_bytes()[:-1] + b"x")
    shutil.rmtree(folder)
    folder.mkdir()
    done = convert([SAMPLE / "patients.csv", twin], folder, vocab, prefix=failing_read(twin / "patients.csv", ""))
    c.equal((done.code, done.summary["night"]["fresh"], done.summary["night"]["held"]), (3, 1, 1), "EIO in one of two files of one name")


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
        read_errors(c, top, vocab, want)
        no_memory(c, top, vocab, want)
        failing_malloc(c, top, vocab, want)
    c.end()


if __name__ == "__main__":
    main()
