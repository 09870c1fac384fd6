#!/usr/bin/env python3
"""clang-tidy over apps/ and lib/, in a bounded time. Usage: tests/tidy.py BUILD [FILE...]

A file that was found clean is remembered by the contents of everything it includes from this repository, of .clang-tidy and of the tool's version, in
$XDG_CACHE_HOME/pyojun-tidy (else ~/.cache/pyojun-tidy), and is not looked at again. Files changed last come first; when PYOJUN_TIDY_SECONDS
(default 600; 0: no limit) are over, no new file is begun and the number of those left is told as SKIPPED. Files named are always looked at.
"""
import concurrent.futures
import functools
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "pyojun-tidy"
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.M)


@functools.cache
def includes(path):
    """The file and every file of the repository below it, in a set."""
    found, waiting = set(), [path]
    while waiting:
        here = waiting.pop()
        if here in found:
            continue
        found.add(here)
        for name in INCLUDE.findall(here.read_bytes()):
            for base in (here.parent, ROOT / "lib"):
                candidate = (base / name.decode()).resolve()
                if candidate.is_file():
                    waiting.append(candidate)
                    break
    return found


def key_of(path, common):
    digest = hashlib.sha256(common)
    for part in sorted(includes(path)):
        digest.update(str(part.relative_to(ROOT)).encode() + b"\0" + hashlib.sha256(part.read_bytes()).digest())
    return digest.hexdigest()


def tidy(build, path):
    command = ["clang-tidy", "-p", build, "--quiet", "--warnings-as-errors=*", "--extra-arg=-Wno-unknown-warning-option", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    return done.returncode, done.stdout + done.stderr


def newest_first():
    """Files of the repository, those of the latest commits (and changes not committed yet) first."""
    def git(*arguments):
        return subprocess.run(["git", *arguments], capture_output=True, text=True, cwd=ROOT, check=True).stdout.split("\n")
    every = [name for name in git("ls-files", "--cached", "--others", "--exclude-standard", "apps/*.cpp", "lib/*.cpp") if name]
    order = {}
    for name in git("diff", "--name-only", "HEAD") + git("log", "-200", "--name-only", "--format="):
        order.setdefault(name, len(order))
    return [ROOT / name for name in sorted(every, key=lambda name: (order.get(name, len(order)), name)) if (ROOT / name).is_file()]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    build, named = sys.argv[1], [pathlib.Path(name).resolve() for name in sys.argv[2:]]
    version = subprocess.run(["clang-tidy", "--version"], capture_output=True, check=True).stdout
    common = version + (ROOT / ".clang-tidy").read_bytes() + (ROOT / "cmake" / "options.cmake").read_bytes()
    CACHE.mkdir(parents=True, exist_ok=True)
    keys = {path: key_of(path, common) for path in named or newest_first()}
    todo = [path for path in keys if named or not (CACHE / keys[path]).exists()]
    limit, begun = float(os.environ.get("PYOJUN_TIDY_SECONDS", "600")), time.monotonic()
    clean = bad = left = 0

    def one(path):
        if limit and not named and time.monotonic() - begun > limit:
            return path, None, ""
        return path, *tidy(build, path)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, code, words in pool.map(one, todo):
            if code is None:
                left += 1
            elif code == 0:
                clean += 1
                (CACHE / keys[path]).touch()
            else:
                bad += 1
                print(words)
    if left:
        print(f"SKIPPED {left} files: the time was over (PYOJUN_TIDY_SECONDS)")
    print(f"{clean + len(keys) - len(todo)} passed ({len(keys) - len(todo)} known from before), {bad} failed, {left} not looked at")
    sys.exit(1 if bad or not keys else 0)


if __name__ == "__main__":
    main()
