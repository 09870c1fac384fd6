#!/usr/bin/env python3
"""What the tables say, the docs say: commands, formats, functions, messages, man page, completion. `--accept` rewrites the generated ones."""
import re
import sys

from common import *

ACCEPT = "--accept" in sys.argv


def rows(what, *more):
    lines = run("list", what, *more).out.splitlines()
    return [line.split("\t") for line in lines[1:]]


def messages_page():
    english, korean = rows("messages", "--lang", "en"), rows("messages", "--lang", "ko")
    out = ["# Messages", "", "Every message has a stable id. Made from the table by `tests/e2e/docs.py --accept`.", "", "| id | severity | says | remedy | 한국어 |", "|---|---|---|---|---|"]
    out += [f"| {e[0]} | {e[1]} | {e[2]} | {e[3]} | {k[2]} |" for e, k in sorted(zip(english, korean))]
    return "\n".join(out) + "\n"


def generated(c, path, text):
    if ACCEPT:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    c.check(path.exists() and path.read_text(encoding="utf-8") == text, f"{path.relative_to(ROOT)} is what the program says (else: tests/e2e/docs.py --accept)")


def korean_help(c, *command):
    """Every text of --help has Korean; the names of options, values and examples stay as they are."""
    text = run(*command, "--help", "--lang", "ko").out
    body = text.split("\n예:")[0]
    entries = re.findall(r"^  (\S.*(?:\n {10,}\S.*)*)", body, re.M)
    c.check(entries and all(re.search("[가-힣]", entry) for entry in entries),
            f"help of `pyojun {' '.join(command)}` has Korean for {[e.split()[0] for e in entries if not re.search('[가-힣]', e)]} (apps/pyojun/help_ko.cpp)")
    part = body.split("\n명령:\n")
    return re.findall(r"^  ([a-z]+) ", part[1], re.M) if len(part) > 1 else []


def korean_lists(c):
    for table in ("formats", "functions", "publishers", "checks"):
        english, korean = (run("list", table, "--lang", language).out.splitlines()[1:] for language in ("en", "ko"))
        lacking = [line.split("\t")[0] for line, ko in zip(english, korean) if line == ko or not re.search("[가-힣]", ko)]
        c.check(len(english) == len(korean) and not lacking, f"`pyojun list {table}` has Korean for {lacking} (schemas/about_ko.csv)")


def korean_reasons(c):
    """Why records are left out stands in the report: the reasons of the mappings Korean hospitals use have Korean."""
    korean = {row["name"] for row in csv.DictReader((ROOT / "schemas" / "about_ko.csv").read_text(encoding="utf-8").splitlines()) if row["table"] == "reasons"}
    paths = [path for folder in ("korea", "ccda", "fhir") for path in sorted((ROOT / "mappings" / folder).rglob("*.map")) if "scorecard" not in path.parts]
    reasons = {reason for path in paths for reason in re.findall(r'^\s*(?:from \w+ |each \S+ )?where .*[^=(,\s] +"([^"]+)"\s*$', path.read_text(encoding="utf-8"), re.M) if " where " not in reason}
    c.check(len(reasons) > 60 and not reasons - korean, f"reasons without Korean: {sorted(reasons - korean)} (schemas/about_ko.csv)")


def quirks(c):
    """Every numbered quirk of HL7 v2 (H1-H26) and C-CDA (B1-B44) has a row in its format's page and is named in the words of a golden case."""
    def named(paths):
        words = "".join(re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S) for path in paths)
        ranges = (f"{kind}{n}" for kind, first, last in re.findall(r"\b([BH])(\d+)-[BH]?(\d+)\b", words) for n in range(int(first), int(last) + 1))
        return set(re.findall(r"\b[BH]\d+\b", words)) | set(ranges)
    for prefix, page, kind, last in (("hl7v2", "hl7v2", "H", 26), ("cda", "cda", "B", 44)):
        wanted = {f"{kind}{n}" for n in range(1, last + 1)}
        cases = named((ROOT / "tests" / "cases").glob(f"{prefix}-*.md"))
        c.check(wanted <= cases, f"quirks no case of {prefix} names: {sorted(wanted - cases)}")
        rows = named([ROOT / "docs" / "formats" / f"{page}.md"])
        c.check(wanted <= rows, f"quirks docs/formats/{page}.md does not name: {sorted(wanted - rows)}")


def main():
    c = Checks()
    quirks(c)
    korean_lists(c)
    korean_reasons(c)
    for name in korean_help(c):
        for inner in korean_help(c, name):
            korean_help(c, name, inner)
    generated(c, ROOT / "docs" / "man" / "pyojun.1", run("help", "man").out)
    generated(c, ROOT / "docs" / "completions" / "pyojun.bash", run("help", "bash").out)
    generated(c, ROOT / "docs" / "messages.md", messages_page())
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    man = (ROOT / "docs" / "man" / "pyojun.1").read_text(encoding="utf-8")
    for name, _ in rows("commands"):
        c.check(name == "help" or f"pyojun {name}" in readme, f"README names command {name}")
        c.check(f".SS {name}" in man, f"the man page has command {name}")
        help_text = run(name, "--help")
        c.check(help_text.code == 0 and "Example" in help_text.out, f"{name} --help has an example")
    fuzz = {p.stem for p in (ROOT / "tests" / "fuzz").glob("*.cpp")}
    cases = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests" / "cases").glob("**/*.md"))
    for name, _ in rows("formats"):
        c.check((ROOT / "docs" / "formats" / f"{name}.md").exists(), f"format {name} has a page")
        c.check(f"readers_{name}" in fuzz, f"format {name} has a fuzz target")
        c.check(name in cases, f"format {name} has a golden case")
    functions = (ROOT / "docs" / "functions.md").read_text(encoding="utf-8")
    for row in rows("functions"):
        c.check(f"`{row[0]}" in functions or row[0] in functions, f"docs/functions.md has {row[0]}")
    for name, *_ in rows("publishers"):
        c.check(name in readme, f"README names publisher {name}")
    for row in rows("mappings"):
        folder = ROOT / "mappings" / row[0]  # a layer over a mapping may be told of in that mapping's README
        c.check(any((place / "README.md").exists() for place in (folder, folder.parent)), f"mapping {row[0]} has a README")
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            c.check((path.parent / target).exists(), f"{path.relative_to(ROOT)} links to {target}")
    c.end()


if __name__ == "__main__":
    main()
