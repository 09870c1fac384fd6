#!/usr/bin/env python3
"""Opens the sample reports in headless Chromium and checks what only a browser can tell.

usage: check.py UNIT_REPORT   (the program unit_report of a build; it writes the sample reports)

Talks to Chromium over its debugging pipe, so nothing but Python's own library is needed.
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

failures = []


def check(truth, words):
    print(("ok   " if truth else "FAIL ") + words)
    if not truth:
        failures.append(words)


class Browser:
    def __init__(self, program):
        to_child, self.write_end = os.pipe()
        self.read_end, from_child = os.pipe()
        self.home = tempfile.mkdtemp(prefix="pyojun-browser-")

        def plumb():  # the browser reads on 3 and writes on 4
            one, other = os.dup(to_child), os.dup(from_child)
            os.dup2(one, 3)
            os.dup2(other, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             "--user-data-dir=" + self.home, "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=plumb, close_fds=False)
        os.close(to_child)
        os.close(from_child)
        self.rest, self.number, self.events = b"", 0, []

    def receive(self):
        while b"\0" not in self.rest:
            piece = os.read(self.read_end, 1 << 20)
            if not piece:
                raise SystemExit("the browser ended")
            self.rest += piece
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(method + ": " + answer["error"]["message"])
                return answer["result"]
            self.events.append(answer)

    def wait(self, session, method):
        while not any(event.get("method") == method and event.get("sessionId") == session for event in self.events):
            self.events.append(self.receive())

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


class Page:
    def __init__(self, browser, path, script=True, width=1200):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        browser.events = []
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=1600, deviceScaleFactor=1, mobile=False)
        if not script:
            self.call("Emulation.setScriptExecutionDisabled", value=True)
        self.url = "file://" + path
        self.call("Page.navigate", url=self.url)
        browser.wait(self.session, "Page.loadEventFired")

    def call(self, method, **parameters):
        return self.browser.call(method, session=self.session, **parameters)

    def run(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise SystemExit("script failed: " + json.dumps(answer["exceptionDetails"])[:400])
        return answer["result"].get("value")

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.browser.events
                if event.get("sessionId") == self.session and event.get("method") == "Network.requestWillBeSent"]

    def complaints(self):
        found = []
        for event in self.browser.events:
            if event.get("sessionId") == self.session and event.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled"):
                found.append(json.dumps(event["params"])[:300])
        return found

    def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "keyDown" else {}
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]))


COLUMN = "Array.from(document.querySelectorAll('#%s tbody tr')).filter(r => !r.hidden).map(r => r.cells[%d].innerText.trim())"
VISIBLE_KOREAN = r"""
(() => { const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); const found = [];
  while (walk.nextNode()) { const n = walk.currentNode, p = n.parentElement;
    if (/[\uAC00-\uD7A3]/.test(n.data) && p.getClientRects().length && !p.closest('bdi') && !p.closest('.switch')) found.push(n.data); }
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
    shown = [text for text in page.run(VISIBLE_ENGLISH) if not any(word in text for word in ("SHA-256", "report.json", "--from", "CDM"))]
    check(shown == [], "Korean page shows no English " + repr(shown[:3]))
    page.run("document.querySelector('#unmapped th:nth-child(4) button').click()")
    check(page.run(COLUMN % ("unmapped", 3))[0] != "", "sorting in Korean")
    check(page.run("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out at 1200 pixels")
    check_quiet(page, "report")

    narrow = Page(browser, path, width=420)
    check(narrow.run("document.documentElement.scrollWidth <= window.innerWidth"), "nothing sticks out at 420 pixels")

    linked = Page(browser, path + "#reason-F004")
    check(linked.run("document.querySelector(':target').id") == "reason-F004", "deep links work")


def check_without_script(browser, path):
    page = Page(browser, path, script=False)
    check(page.run("document.querySelectorAll('th button').length") == 0, "without script: no dead buttons")
    check(page.run("getComputedStyle(document.querySelector('.tools')).display") == "none", "without script: no dead filter")
    check(page.run("document.querySelectorAll('#unmapped tbody tr').length") == 6, "without script: the rows are there")
    x, y = page.run("(() => { const b = document.querySelector('label[for=lang-ko]').getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()")
    for kind in ("mousePressed", "mouseReleased"):
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    check(page.run("getComputedStyle(document.querySelector('h1 [lang=ko]')).display") != "none", "without script: the language switch works")
    check(page.run("getComputedStyle(document.querySelector('h1 [lang=en]')).display") == "none", "without script: the other language is gone")


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


def check_print(browser, path):
    page = Page(browser, path)
    page.call("Emulation.setEmulatedMedia", media="print")
    check(page.run("getComputedStyle(document.querySelector('nav')).display") == "none", "print: no navigation")
    check(page.run("getComputedStyle(document.querySelector('.tools')).display") == "none", "print: no filters")
    pdf = base64.b64decode(page.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    check(pdf.startswith(b"%PDF") and len(pdf) > 10000, "print: a PDF comes out")
    check(b"/MediaBox [0 0 594.9" in pdf or b"/MediaBox [0 0 595" in pdf, "print: on A4")


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
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../schemas/report.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    for name in ("report.json", "hostile.json"):
        with open(folder + "/" + name, encoding="utf-8") as file:
            report = json.load(file)
        found = breaches(report, schema, schema)
        check(found == [], name + " follows its schema " + " ".join(found[:5]))
    del report["summary"]["rows"]
    report["format"] = "1"
    check(len(breaches(report, schema, schema)) == 2, "the schema check sees what is wrong")


def check_in_browser(folder):
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        print("SKIPPED: the report's browser checks need chromium, which is not installed", file=sys.stderr)
        return
    browser = Browser(program)
    try:
        check_report(browser, folder + "/report.html")
        check_without_script(browser, folder + "/report.html")
        check_hostile(browser, folder + "/hostile.html", folder + "/hostile.json")
        check_print(browser, folder + "/report.html")
    finally:
        browser.close()


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([os.path.abspath(sys.argv[1]), "--test-case=sample reports*"], env={**os.environ, "PYOJUN_SAMPLE_REPORT": folder}, check=True,
                       stdout=subprocess.DEVNULL)
        check_json(folder)
        check_in_browser(folder)
    print("%d failed" % len(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
