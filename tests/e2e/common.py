"""Shared by the end-to-end tests: the real binary, the sample vocabulary, helpers that never print what the data says."""
import csv
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PYOJUN = str(pathlib.Path(os.environ.get("PYOJUN", ROOT / "build" / "pyojun")).resolve())
SHARED = pathlib.Path(os.environ.get("PYOJUN_SHARED", ROOT.parent / "shared" / "data"))
SAMPLE = ROOT / "testdata" / "synthea"


class Run:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        self.summary = None
        for line in reversed(self.out.splitlines()):
            if line.startswith("{"):
                self.summary = json.loads(line)
                break


def run(*arguments, env=None, cwd=None, stdin=b"", timeout=300, prefix=()):
    full = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYOJUN_LANG"))}
    full.update({"LC_ALL": "C.UTF-8", "TZ": "UTC"})
    full.update(env or {})
    done = subprocess.run([*prefix, PYOJUN, *map(str, arguments)], capture_output=True, env=full, cwd=cwd, input=stdin, timeout=timeout)
    return Run(done)


def vocabulary(folder, source=None):
    place = pathlib.Path(folder) / "vocab.snapshot"
    if not place.exists():
        done = run("vocab", "build", source or ROOT / "testdata" / "vocabulary", "--out", place, "--quiet")
        assert done.code == 0, done.err
    return place


def convert(inputs, folder, vocab, *more, map="synthea/csv", name="cdm", **kw):
    """Converts into folder/name (CSV), folder/name.w (warehouse), folder/name.r (report)."""
    folder = pathlib.Path(folder)
    inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    return run("convert", *inputs, "--map", map, "--vocab", vocab, "--to", f"csv:{folder / name}", "--warehouse", folder / f"{name}.w", "--report",
               folder / f"{name}.r", "--json", *more, **kw)


def tree_hash(folder):
    digest = hashlib.sha256()
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def table(folder, name):
    with open(pathlib.Path(folder) / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def skip(reason):
    print(f"SKIP: {reason}")
    sys.exit(77)


class Checks:
    """Counts checks; a failed one is reported and the rest goes on."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, condition, what):
        if condition:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what}")
        return bool(condition)

    def equal(self, got, want, what):
        return self.check(got == want, f"{what}: got {got!r}, want {want!r}")

    def skip(self, what):
        self.skipped += 1
        print(f"SKIPPED: {what}")

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        sys.exit(1 if self.failed or not self.passed else 0)


def work():
    return tempfile.TemporaryDirectory(prefix="pyojun-test-")
