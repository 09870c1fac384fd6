#!/usr/bin/env python3
"""Golden runs of the real binary, written as Markdown (tests/cases/*.md).

A fenced block whose info string is `file NAME` writes that file into the case's own folder (`file-cp949 NAME` in that encoding,
`file-hex NAME` from hex digits, `file-sas NAME` a SAS data set from JSON with the arguments of testdata/sas7bdat.py). A fenced block whose first line starts with `% ` is a run: the command (bash, in that folder), then standard input up to a line `^D` when there
is one, then the expected standard output, lines of standard error marked `2> `, and `=> CODE` when the exit code is not 0.
In the command, $VOCAB is a snapshot of the sample vocabulary and $ROOT the repository. `--accept` rewrites the expectations.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
root = here.parent.parent
sys.path.insert(0, str(root / "testdata"))
import sas7bdat  # noqa: E402

program = pathlib.Path(os.environ.get("PYOJUN", root / "build" / "pyojun")).resolve()


def environment(folder, vocabulary):
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "TSAN_OPTIONS")}
    env.update(PATH=f"{program.parent}:{env.get('PATH', '')}", LC_ALL="C.UTF-8", TZ="UTC", VOCAB=str(vocabulary), ROOT=str(root), HOME=str(folder))
    return env


def run_block(lines, folder, vocabulary):
    """Answers the block as it should read after this run."""
    command = lines[0][2:]
    body = lines[1:]
    stdin_lines = body[: body.index("^D")] if "^D" in body else []
    stdin = "".join(line + "\n" for line in stdin_lines)
    done = subprocess.run(["bash", "-c", command], input=stdin.encode(), capture_output=True, cwd=folder, env=environment(folder, vocabulary), timeout=120)
    out = [lines[0]]
    if stdin_lines:
        out += stdin_lines + ["^D"]
    hide = lambda text: text.decode(errors="backslashreplace").replace(str(folder), "$DIR").replace(str(root), "$ROOT")
    out += hide(done.stdout).splitlines()
    out += ["2> " + line if line else "2>" for line in hide(done.stderr).splitlines()]
    if done.returncode != 0:
        out.append(f"=> {done.returncode}")
    return out


def run_file(path, vocabulary, accept):
    text = path.read_text(encoding="utf-8")
    failures = 0
    runs = 0
    with tempfile.TemporaryDirectory(prefix="pyojun-case-") as folder:

        def block(match):
            nonlocal failures, runs
            info, body = match.group(1).strip(), match.group(2)
            lines = body.split("\n")[:-1] if body.endswith("\n") else body.split("\n")
            if info.startswith("file"):
                kind, name = info.split(" ", 1)
                target = pathlib.Path(folder) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                if kind == "file-sas":
                    sas7bdat.write(target, **json.loads(body))
                elif kind == "file-hex":
                    target.write_bytes(bytes.fromhex("".join(body.split())))
                else:
                    target.write_bytes(body.encode("cp949" if kind == "file-cp949" else "utf-8"))
                return match.group(0)
            if not lines or not lines[0].startswith("% "):
                return match.group(0)
            runs += 1
            now = run_block(lines, folder, vocabulary)
            if now != lines and not accept:
                failures += 1
                line = text[: match.start()].count("\n") + 1
                print(f"{path.name}:{line}: {lines[0]}")
                import difflib

                for row in difflib.unified_diff(lines, now, "expected", "got", lineterm="", n=2):
                    print("   " + row)
            return "```" + match.group(1) + "\n" + "".join(row + "\n" for row in now) + "```"

        changed = re.sub(r"(?ms)^```([^\n`]*)\n(.*?)^```", block, text)
    if accept and changed != text:
        path.write_text(changed, encoding="utf-8")
    return runs, failures


def main():
    accept = "--accept" in sys.argv
    names = [a for a in sys.argv[1:] if not a.startswith("-")]
    files = sorted(here.glob("**/*.md")) + [root / "docs" / "conformance" / "worked-example.md"]  # a page whose commands are runs
    if names:
        files = [f for f in files if any(n in f.name for n in names)]
    total = failed = 0
    with tempfile.TemporaryDirectory(prefix="pyojun-vocab-") as folder:
        vocabulary = pathlib.Path(folder) / "sample.snapshot"
        subprocess.run([program, "vocab", "build", root / "testdata" / "vocabulary", "--out", vocabulary, "--quiet"], check=True, capture_output=True)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:  # each file has folders of its own
            for runs, failures in pool.map(lambda path: run_file(path, vocabulary, accept), files):
                total += runs
                failed += failures
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
