#!/usr/bin/env python3
"""Opens the sample reports in headless Chromium and checks what only a browser can tell.

usage: check.py UNIT_REPORT   (the program unit_report of a build; it writes the sample reports)
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

from browser import Browser, Page, installed

here = os.path.dirname(os.path.abspath(__file__))
failures = []


def check(truth, words):
    print(("ok   " if truth else "FAIL ") + words)
    if not truth:
        failures.append(words)


COLUMN = "Array.from(document.querySelectorAll('#%s tbody tr')).filter(r => !r.hidden).map(r => r.cells[%d].innerText.trim())"
VISIBLE_KOREAN = r"""
(() => { const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); const found = [];
  while (walk.nextNode()) { const n = walk.currentNode, p = n.parentElement;
    if (/[\uAC00-\uD7A3]/.test(n.data) && p.getClientRects().length && !p.closest('bdi, pre') && !p.closest('.switch')) found.push(n.data); }
  return found; })()"""
VISIBLE_ENGLISH = VISIBLE_KOREAN.replace(r"[\uAC00-\uD7A3]", "[A-Za-z]{4}").replace("'.switch'", "'.switch, .brand'")


def numbers(texts):
    return [int(text.replace(",", "")) for text in texts]


def check_quiet(page, name):
    check(page.requests() == [page.url], name + ": the page itself is the only request")
    check(page.complaints() == [], name + ": no error, warning or refusal in the console " + " ".join(page.complaints()))


def check_report(browser, path):
    page = Page(browser, path)
    buttons = page.run("document.querySelectorAll('th button').length")
    check(buttons > 20, "sortable columns have buttons")
    before = page.run(COLUMN % ("unmapped", 4))
    page.run("document.querySelector('#unmapped th:nth-child(5) button').click()")
    check(page.run("document.querySelector('#unmapped th:nth-child(5)').getAttribute('aria-sort')") == "descending", "first click on numbers: most first")
    page.run("document.querySelector('#unmapped th:nth-child(5) button').click()")
    rows = numbers(page.run(COLUMN % ("unmapped", 4)))
    check(rows == sorted(rows) and len(rows) == len(before) > 3, "second click: least first")
    page.run("document.querySelector('#unmapped th:nth-child(1) button').focus()")
    page.press("Enter", 13)
    names = page.run(COLUMN % ("unmapped", 0))
    check(names == sorted(names, key=str.lower), "sorting by the keyboard")
    check(page.run("document.querySelectorAll('#unmapped [aria-sort]').length") == 1, "one column says it is sorted")
    page.run("document.querySelector('#balance th:nth-child(3) button').click()")
    check(page.run("document.querySelectorAll('#balance tfoot tr').length") == 2, "totals stay below")

    page.run("(() => { const i = document.querySelector('input[data-for=unmapped]'); i.value = 'Measurement'; i.dispatchEvent(new Event('input')); })()")
    check(set(page.run(COLUMN % ("unmapped", 2))) == {"Measurement"}, "filtering leaves what matches")
    check(page.run("document.querySelector('input[data-for=unmapped]').closest('p').querySelector('output').innerText") == "2 / 6", "and says how many")
    page.run("(() => { const i = document.querySelector('input[data-for=unmapped]'); i.value = ''; i.dispatchEvent(new Event('input')); })()")
    check(len(page.run(COLUMN % ("unmapped", 2))) == 6, "an empty filter shows all")

    check(page.run(VISIBLE_KOREAN) == [], "English page shows no Korean")
    page.run("document.getElementById('lang-ko').click()")
    check(page.run("document.documentElement.lang") == "ko", "the language of the page follows the switch")
    check_korean(page, "Korean page")
    page.run("document.querySelector('#unmapped th:nth-child(4) button').click()")
    check(page.run(COLUMN % ("unmapped", 3))[0] != "", "sorting in Korean")
    check(page.run("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out at 1200 pixels")
    check_quiet(page, "report")

    narrow = Page(browser, path, width=420)
    check(narrow.run("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out at 420 pixels")

    linked = Page(browser, path + "#reason-F004")
    check(linked.run("document.querySelector(':target').id") == "reason-F004", "deep links work")


def check_korean(page, name):
    """Names and codes stand in <bdi>; what else is not Korean is a name of a product or file within a sentence."""
    shown = [text for text in page.run(VISIBLE_ENGLISH) if not any(word in text for word in ("SHA-256", "report.json", "--from", "CDM", "DataQualityDashboard", "Pyojun", "Catalog Error", "cdm_source"))]
    check(shown == [], name + " shows no English " + repr(shown[:3]))


def check_without_script(browser, path):
    page = Page(browser, path, script=False)
    check(page.run("document.querySelectorAll('th button').length") == 0, "without script: no dead buttons")
    check(page.run("getComputedStyle(document.querySelector('.tools')).display") == "none", "without script: no dead filter")
    check(page.run("document.querySelectorAll('#unmapped tbody tr').length") == 6, "without script: the rows are there")
    page.click("label[for=lang-ko]")
    check(page.run("getComputedStyle(document.querySelector('h2 [lang=ko]')).display") != "none", "without script: the language switch works")
    check(page.run("getComputedStyle(document.querySelector('h2 [lang=en]')).display") == "none", "without script: the other language is gone")


def check_hostile(browser, path, data):
    page = Page(browser, path)
    with open(data, encoding="utf-8") as file:
        report = json.load(file)
    check(page.run("document.title").startswith("<script>"), "hostile: the title is text")
    check(page.run("document.querySelectorAll('script').length") == 1, "hostile: one script, ours")
    check(page.run("document.querySelectorAll('img, iframe, object, link, h1 + h1').length") == 0, "hostile: no foreign elements")
    shown = page.run("Array.from(document.querySelectorAll('#filters tbody tr')).map(r => r.cells[1].textContent)")
    expected = [line["reason"] for line in report["filters"]]
    same = [a.replace("\ufffd", "") == "".join(c for c in b if c >= " " or c in "\t\n").replace("\ufffd", "") for a, b in zip(shown, expected)]
    check(len(shown) == len(expected) > 10 and all(same), "hostile: names are shown as they are")
    page.run("for (const b of document.querySelectorAll('th button')) b.click()")
    check(page.run("document.documentElement.scrollWidth <= window.innerWidth"), "hostile: the layout holds")
    check_quiet(page, "hostile")


def rows_of(page, table, *columns):
    """Of the rows that are shown, the texts of some cells."""
    cells = ", ".join("r.cells[%d].innerText.trim()" % column for column in columns)
    return page.run("Array.from(document.querySelectorAll('#%s tbody tr')).filter(r => !r.hidden).map(r => [%s])" % (table, cells))


def chip(page, table, by, value):
    page.run("document.querySelector('input[data-for=%s]').closest('.tools').querySelector('[data-by=%s][data-v=\"%s\"]').click()" % (table, by, value))


def shown_of(page, table):
    return page.run("document.querySelector('input[data-for=%s]').closest('.tools').querySelector('output').innerText" % table)


def check_audit(browser, path):
    page = Page(browser, path, height=900)
    check(page.run("document.querySelector('.lists').getBoundingClientRect().top < 900"), "audit: the first screen shows what blocks and what next")
    check(page.run("document.querySelector('.pack .verdict').innerText").startswith("not ready: a critical"), "audit: the verdict is the pack's")
    blocks = page.run("Array.from(document.querySelectorAll('.blocks li')).map(l => l.innerText)")
    check(len(blocks) == 2 and "88.10" in blocks[0] and "Diagnoses without a valid code" in blocks[1], "audit: gate and critical criterion block " + repr(blocks))
    points = page.run("Array.from(document.querySelectorAll('ol.todo .value')).map(l => l.innerText).filter(t => t.startsWith('+')).map(parseFloat)")
    check(len(points) > 2 and points == sorted(points, reverse=True), "audit: next steps by points")
    check(not any("suppressed" in text or "Drug orders" in text for text in page.run("Array.from(document.querySelectorAll('ol.todo li')).map(l => l.innerText)")),
          "audit: what is suppressed is no next step")

    small = "pack-emr-sample-criteria"
    states = [row[0].split("\n")[0] for row in rows_of(page, small, 1)]
    check(states == ["Fail"] * 3 + ["Error", "Not observable"] + ["Pass"] * 4 + ["Not applicable"], "audit: failing first " + repr(states))
    chip(page, small, "s", "s1")
    check([row[0].split("\n")[0] for row in rows_of(page, small, 1)] == ["Fail"] * 3, "audit: a button leaves one state")
    chip(page, small, "c", "c1")
    check(rows_of(page, small, 2) == [["Interoperability"]], "audit: and one category within it")
    check(shown_of(page, small) == "1 / 10", "audit: and says how many")
    chip(page, small, "s", "")
    chip(page, small, "c", "")
    chip(page, small, "d", "new")
    check(len(rows_of(page, small, 0)) == 1, "audit: new failures")
    chip(page, small, "d", "")
    page.run("document.querySelector('#%s th:nth-child(6) button').click()" % small)
    shares = [float(row[0].rstrip(" %")) for row in rows_of(page, small, 5) if row[0] != "-"]
    check(shares == sorted(shares, reverse=True) and len(shares) == 7, "audit: sorting by share")
    page.run("document.querySelector('#%s th:nth-child(2) button').click()" % small)
    check(rows_of(page, small, 1)[0][0].startswith("Fail") and rows_of(page, small, 1)[-1][0] == "Not applicable", "audit: sorting by state puts failures first")
    page.run("document.querySelector('input[data-for=%s]').focus()" % small)
    page.type("unit valid")
    check(len(rows_of(page, small, 0)) == 1, "audit: every word of the filter must occur")
    check("KF-05.csv" in page.run("document.querySelector('#c-emr-sample-KF-05 a').getAttribute('href')"), "audit: a link to the violating keys")
    check(page.run("document.querySelector('#c-emr-sample-KF-05 pre').textContent").startswith("select count(*)"), "audit: the query is there")
    check(page.run("document.querySelectorAll('svg.trend circle').length") == 6 and page.run("document.querySelectorAll('#pack-emr-sample-audits tr').length") == 7,
          "audit: the trend as a drawing and as a table")
    check(page.run(VISIBLE_KOREAN) == [], "audit: English page shows no Korean")
    page.run("document.getElementById('lang-ko').click()")
    check_korean(page, "audit: Korean page")
    check_quiet(page, "audit")

    linked = Page(browser, path + "#c-large-field_isrequired_table_4")
    check(linked.run("!document.querySelector(':target').hidden && document.querySelector(':target details').open"), "audit: a link opens a criterion that was filtered out")
    narrow = Page(browser, path, width=400)
    check(narrow.run("document.documentElement.scrollWidth <= window.innerWidth"), "audit: nothing sticks out at 400 pixels")


def check_large(browser, path):
    page = Page(browser, path)
    large = "pack-large-criteria"
    check(page.run("document.querySelectorAll('#%s tbody tr').length" % large) == 2374, "large: every check is there")
    states = {row[0].split("\n")[0] for row in rows_of(page, large, 1)}
    check(states == {"Fail", "Error"}, "large: it opens with what is to be done")
    chip(page, large, "s", "")
    check(len(rows_of(page, large, 0)) == 2374, "large: all on request")
    page.run("document.querySelector('input[data-for=%s]').focus()" % large)
    begun = page.run("performance.now()")
    page.type("column 117")
    print("     filtering 2,374 checks: %d ms with the round trip" % (page.run("performance.now()") - begun))
    check(len(rows_of(page, large, 0)) == 13 and shown_of(page, large) == "13 / 2,374", "large: the filter finds them")
    check_quiet(page, "large")


def check_keyboard(browser, path):
    page = Page(browser, path)
    wanted = {"language": "document.activeElement.id === 'lang-en'", "navigation": "document.activeElement.closest('nav') !== null",
              "filter": "document.activeElement.type === 'search'", "button of a filter": "document.activeElement.classList.contains('chip')",
              "sorting": "document.activeElement.closest('thead') !== null", "evidence": "document.activeElement.localName === 'summary'"}
    reached, blind = set(), 0
    for _ in range(120):
        page.press("Tab", 9)
        reached |= {name for name, test in wanted.items() if page.run(test)}
        focus = ("(() => { const e = document.activeElement, b = e.classList.contains('lang') ? document.querySelector('.switch') : e, s = getComputedStyle(b);"
                 " return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; })()")
        blind += not page.run(focus)
        if len(reached) == len(wanted):
            break
    check(reached == set(wanted), "keyboard: Tab reaches everything, missing " + repr(set(wanted) - reached))
    check(blind == 0, "keyboard: the focus is always seen")
    page.run("document.querySelector('#pack-emr-sample-criteria summary').focus()")
    page.press("Enter", 13)
    check(page.run("document.querySelector('#pack-emr-sample-criteria details').open"), "keyboard: Enter opens the evidence")
    page.run("document.querySelector('.chip[data-v=s1]').focus()")
    page.press(" ", 32)
    check(page.run("document.querySelector('.chip[data-v=s1]').getAttribute('aria-pressed')") == "true", "keyboard: the space bar presses a button")


def check_structure(page, name):
    check(page.run("Array.from(document.querySelectorAll('table')).every(t => t.caption && t.caption.textContent.trim() && t.querySelector('thead th[scope=col]')"
                   " && Array.from(t.tBodies[0].rows).every(r => r.cells[0].localName === 'th' && r.cells[0].scope === 'row'))"), name + ": tables have captions and headers")
    check(page.run("Array.from(document.querySelectorAll('[aria-labelledby]')).every(e => document.getElementById(e.getAttribute('aria-labelledby')))"), name + ": labels are there")
    check(page.run("Array.from(document.querySelectorAll('svg')).every(s => s.getAttribute('aria-hidden') === 'true' || s.getAttribute('role') === 'img')"),
          name + ": drawings are labelled or silent")
    check(page.run("(() => { const ids = Array.from(document.querySelectorAll('[id]'), e => e.id); return new Set(ids).size === ids.length; })()"), name + ": ids are unique")
    levels = page.run("Array.from(document.querySelectorAll('h1, h2, h3'), e => Number(e.localName[1]))")
    check(levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:])), name + ": headings in order")


def check_contrast(browser, path):
    """WCAG 2.1 AA: 4.5 to 1, for large text 3 to 1, of every text that is shown, against what is painted behind it."""
    with open(os.path.join(here, "contrast.js"), encoding="utf-8") as file:
        script = file.read()
    for name, media, dark in (("light", "", False), ("dark", "", True), ("print", "print", True)):
        page = Page(browser, path, media=media, dark=dark)
        page.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        answer = page.run(script)
        check(answer["texts"] > 150 and answer["poor"] == [], "contrast, %s: %d texts %r" % (name, answer["texts"], answer["poor"][:4]))


def check_print(browser, path, name):
    width = round((210 - 2 * 14) / 25.4 * 96)  # what A4 and its margins leave
    page = Page(browser, path, width=width, media="print")
    for selector in ("nav", ".tools", ".switch"):
        check(page.run("getComputedStyle(document.querySelector('%s')).display" % selector) == "none", name + ": no " + selector)
    check(page.run("getComputedStyle(document.querySelector('thead')).display") == "table-header-group", name + ": heads are repeated")
    check(page.run("getComputedStyle(document.querySelector('tbody tr')).breakInside") == "avoid", name + ": no row is cut")
    wide = page.run("Array.from(document.querySelectorAll('main *, header *')).filter(e => e.getBoundingClientRect().right > %d + 1 && getComputedStyle(e).clipPath === 'none'"
                    " && !e.closest('caption')).map(e => e.outerHTML.slice(0, 90))" % width)
    check(wide == [], name + ": nothing is wider than the paper " + repr(wide[:2]))
    check(page.run("Array.from(document.styleSheets[0].cssRules).some(r => r instanceof CSSMediaRule && /print/.test(r.conditionText) &&"
                   " Array.from(r.cssRules).some(p => p instanceof CSSPageRule && /counter\\(page\\)/.test(p.cssText)))"), name + ": pages have numbers")
    pdf = page.pdf()
    boxes = [[float(part) for part in box.split()] for box in re.findall(rb"/MediaBox\s*\[([^\]]+)\]", pdf)]
    check(pdf.startswith(b"%PDF") and boxes and all(abs(b[2] - 595.3) < 1 and abs(b[3] - 841.9) < 1 for b in boxes), name + ": %d boxes, all A4" % len(boxes))


def check_paper(browser, path):
    """What stands on the pages of a table of hundreds of rows."""
    if shutil.which("pdftotext") is None:
        print("SKIPPED: the text of printed pages needs pdftotext (poppler-utils), which is not installed", file=sys.stderr)
        return
    page = Page(browser, path)
    chip(page, "pack-large-criteria", "s", "s4")
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(page.pdf())
        file.flush()
        pages = subprocess.run(["pdftotext", "-layout", file.name, "-"], capture_output=True, check=True).stdout.decode().split("\f")[:-1]
    inside = [text for text in pages if text.count("field_isrequired_table_") > 15][1:-1]
    check(len(inside) > 20 and all("Criterion" in text.split("field_isrequired")[0] for text in inside), "paper: the head stands on each of %d pages" % len(inside))
    check(all(re.search(r"%d / %d\s*$" % (number, len(pages)), text) for number, text in enumerate(pages, 1)), "paper: pages are numbered")
    check(sum(text.count("field_isrequired_table_") for text in pages) == 1167, "paper: what is filtered out is not printed, the rest is")


def breaches(value, rule, root, where="$"):
    """What of report.schema.json's own keywords the value does not follow."""
    if "$ref" in rule:
        rule = root["$defs"][rule["$ref"].rsplit("/", 1)[1]]
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float), "null": type(None)}
    types = rule.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(isinstance(value, kinds[kind]) and (kind == "boolean" or not isinstance(value, bool)) for kind in types):
        return [where + ": type"]
    found = []
    if "const" in rule and value != rule["const"] or "enum" in rule and value not in rule["enum"]:
        found.append(where + ": value")
    if isinstance(value, (int, float)) and (value < rule.get("minimum", value) or value > rule.get("maximum", value)):
        found.append(where + ": range")
    if isinstance(value, dict):
        found += [where + "." + name + ": missing" for name in rule.get("required", []) if name not in value]
        found += [where + "." + name + ": not in the schema" for name in value if name not in rule.get("properties", {})]
        for name, inner in rule.get("properties", {}).items():
            found += breaches(value[name], inner, root, where + "." + name) if name in value else []
    if isinstance(value, list):
        for place, entry in enumerate(value):
            found += breaches(entry, rule.get("items", {}), root, "%s[%d]" % (where, place))
    return found


def check_json(folder):
    with open(os.path.join(here, "../../schemas/report.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    for name in ("report.json", "hostile.json", "audited.json", "naughty.json"):
        with open(folder + "/" + name, encoding="utf-8") as file:
            report = json.load(file)
        found = breaches(report, schema, schema)
        check(found == [], name + " follows its schema " + " ".join(found[:5]))
    for name, packs in (("junit.xml", 2), ("naughty.xml", 1)):
        suites = ElementTree.parse(folder + "/" + name).getroot().findall("testsuite")
        counted = [[int(suite.get(what)) for what in ("tests", "failures", "errors", "skipped")] for suite in suites]
        found = [[len(suite.findall(path)) for path in ("testcase", "testcase/failure", "testcase/error", "testcase/skipped")] for suite in suites]
        check(len(suites) == packs and counted == found, name + ": well-formed, and the suites count what they hold")
    del report["summary"]["rows"]
    report["format"] = "1"
    check(len(breaches(report, schema, schema)) == 2, "the schema check sees what is wrong")


def check_naughty(browser, path, data):
    with open(data, encoding="utf-8") as file:
        packs = json.load(file)["conformance"]["packs"]
    page = Page(browser, path)
    shown = page.run("Array.from(document.querySelectorAll('#pack-emr-sample-criteria tbody tr')).map(r => [r.id, r.querySelector('[lang=en]').textContent])")
    expected = {one["title"] for one in packs[0]["criteria"]}
    plain = lambda text: "".join(c for c in text if c >= " " and c not in "\x7f\ufffd" or c in "\t\n")
    check({plain(text) for _, text in shown} == {plain(text) for text in expected}, "naughty: %d names are shown as they are" % len(expected))
    check(page.run("document.querySelectorAll('script').length === 1 && document.querySelectorAll('img, iframe, object, link, video, audio, form, style + style').length === 0"),
          "naughty: no foreign elements")
    check(page.run("Array.from(document.querySelectorAll('a[href]')).every(a => a.protocol === 'file:')"), "naughty: no link leaves the folder")
    page.run("for (const b of document.querySelectorAll('th button, .chip, summary')) b.click()")
    check(page.run("document.documentElement.scrollWidth <= window.innerWidth"), "naughty: the layout holds")
    check_quiet(page, "naughty")


def naughty_names():
    """Published naughty strings when they are at hand, without empty ones; a script comes first."""
    place = os.path.join(here, "../../../shared/data/hostile/text/blns.json")
    if not os.path.exists(place):
        print("SKIPPED: the published naughty strings are not at ../shared/data; the test's own names are used", file=sys.stderr)
        return None
    with open(place, encoding="utf-8") as file:
        names = [name for name in dict.fromkeys(json.load(file)) if name.strip() and "\0" not in name]
    return "\0".join(["<script>document.title='broken'</script>"] + names).encode("utf-8", "surrogatepass")


def check_in_browser(folder):
    if installed() is None:
        print("SKIPPED: the report's browser checks need chromium, which is not installed", file=sys.stderr)
        return
    browser = Browser(installed())
    try:
        check_report(browser, folder + "/report.html")
        check_without_script(browser, folder + "/report.html")
        check_hostile(browser, folder + "/hostile.html", folder + "/hostile.json")
        check_audit(browser, folder + "/audit.html")
        check_large(browser, folder + "/audit.html")
        check_naughty(browser, folder + "/naughty.html", folder + "/naughty.json")
        check_keyboard(browser, folder + "/audited.html")
        for name in ("audited", "audit"):
            check_structure(Page(browser, folder + "/%s.html" % name), name)
            check_print(browser, folder + "/%s.html" % name, "print of " + name)
        check_paper(browser, folder + "/audit.html")
        check_contrast(browser, folder + "/audited.html")
    finally:
        browser.close()


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYOJUN_SAMPLE_REPORT": folder}
        names = naughty_names()
        if names:
            environment["PYOJUN_HOSTILE_NAMES"] = folder + "/names"
            with open(folder + "/names", "wb") as file:
                file.write(names)
        subprocess.run([os.path.abspath(sys.argv[1]), "--test-case=sample reports*"], env=environment, check=True, stdout=subprocess.DEVNULL)
        check_json(folder)
        check_in_browser(folder)
    print("%d failed" % len(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
