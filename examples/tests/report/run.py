#!/usr/bin/env python3
"""The report in a browser: it opens, search and filters work, hostile mail runs and loads nothing, 5,000 messages stay
usable, it can be printed. Needs Chromium; says so and leaves with 77 where there is none.

    python3 examples/tests/report/run.py [MAILTAP] [--pictures DIR]

MAILTAP is the program, default target/debug/mailtap. With --pictures it takes those of the README as well.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import browser
import mail

ROOT = pathlib.Path(__file__).resolve().parents[3]
TABS = ("overview", "findings", "messages", "sessions", "logins", "anomalies", "maps", "sources")
# What nobody waits for; far above what is measured, so that only a page that hangs fails.
PATIENCE = 60
failures = []


def check(what, is_so, found=""):
    if not is_so:
        failures.append(what)
        print(f"  FAILED {what} {found}", flush=True)


def quiet(page, path, what):
    """Nothing was asked for but the file itself and what stands in it, nothing ran, nothing went wrong."""
    page.settle()
    own = ("file://" + str(path), "data:image/png;base64,", "data:image/jpeg;base64,", "about:blank")
    loud = [entry for entry in page.log if entry[0] != "request" or not entry[1].startswith(own)]
    check(f"{what}: silence", not loud, loud[:5])
    check(f"{what}: nothing ran", page.evaluate("window.ran === undefined"))


# What a report may consist of, whatever is in it.
INERT = """(() => {
  const bad = [];
  const allowed = new Set("A ARTICLE BDI BODY BR BUTTON CAPTION CODE DD DETAILS DIALOG DIV DL DT FIGCAPTION FIGURE FORM H1 H2 H3 H4 H5 HEAD HEADER HTML IMG INPUT KBD LABEL LI MAIN META NAV NOSCRIPT OL OPTION P PRE SCRIPT SECTION SELECT SMALL SPAN STRONG STYLE SUMMARY B TABLE TBODY TD TH THEAD TIME TITLE TR UL".split(" "));
  const drawn = new Set("svg rect line text path title".split(" "));
  for (const node of document.querySelectorAll("*")) {
    const svg = node.namespaceURI === "http://www.w3.org/2000/svg";
    if (!(svg ? drawn : allowed).has(node.tagName)) bad.push(node.tagName);
    for (const { name, value } of node.attributes) {
      if (name.startsWith("on") || name === "srcset" || name === "action" || name === "formaction" || name === "xlink:href") bad.push(name);
      if (name === "href" && !value.startsWith("#")) bad.push("href " + value);
      if (name === "src" && !/^data:image\\/(png|jpeg);base64,/.test(value)) bad.push("src " + value.slice(0, 60));
    }
  }
  const scripts = document.querySelectorAll('script:not([type="application/json"])').length;
  if (scripts !== 1) bad.push(scripts + " scripts");
  if (document.querySelectorAll("style").length !== 1) bad.push("styles");
  const text = document.getElementById("main").textContent;
  if (/[\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]/.test(text)) bad.push("text turns around");
  return bad;
})()"""

# Controls without a name, and text that is hard to read.
ACCESS = """(() => {
  const bad = [];
  for (const node of document.querySelectorAll("button, a, input, select, [role=grid], img, svg[role=img]")) {
    const name = node.getAttribute("aria-label") || node.textContent.trim() || node.alt;
    if (!name) bad.push("no name: " + node.outerHTML.slice(0, 80));
  }
  const parse = (text) => { const found = text.match(/[\\d.]+/g).map(Number); return found.length > 3 ? found : [...found, 1]; };
  const light = (color) => color.slice(0, 3).map((one) => (one /= 255) <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((all, one, at) => all + one * [0.2126, 0.7152, 0.0722][at], 0);
  const seen = new Set();
  for (const node of document.querySelectorAll("main *, .top *")) {
    if (!node.checkVisibility() || ![...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim()) || node.closest("svg, option")) continue;
    let behind = node;
    while (behind && parse(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
    const [ink, paper] = [getComputedStyle(node).color, getComputedStyle(behind || document.body).backgroundColor];
    const pair = ink + " on " + paper;
    if (seen.has(pair)) continue;
    seen.add(pair);
    const [a, b] = [light(parse(ink)), light(parse(paper))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(((a + 0.05) / (b + 0.05)).toFixed(2) + " " + pair + " " + node.className);
  }
  return bad;
})()"""

COUNT = "document.getElementById('result').textContent.replace(/\\u2009/g, '')"


def found(page):
    """How many messages the list says it holds."""
    return int(page.evaluate(COUNT).split(" ")[0])


def search(page, words):
    page.evaluate("document.getElementById('search').value = ''; document.getElementById('search').focus()")
    page.write(words)
    return found(page)


def press(page, id_):
    page.evaluate(f"document.getElementById('{id_}').click()")
    page.settle()
    return found(page)


def everywhere(page, path, what, messages):
    """Every section, and every message of it."""
    for tab in TABS:
        page.go(tab)
        check(f"{what}: {tab} is shown", page.evaluate(f"document.getElementById('view-{tab}').checkVisibility()"))
        check(f"{what}: {tab} is inert", not (bad := page.evaluate(INERT)), bad)
    for number in range(1, messages + 1):
        page.go(f"messages/{number}")
        check(f"{what}: message {number} is inert", not (bad := page.evaluate(INERT)), bad)
    quiet(page, path, what)


def fits(page, what, fragments):
    """No section is wider than the window."""
    for width in (360, 800, 1600):
        page.size(width, 900)
        for fragment in fragments:
            page.go(fragment)
            wide = page.evaluate("document.documentElement.scrollWidth")
            check(f"{what}: {fragment} fits into {width}", wide <= width, wide)
            if "/" in fragment:
                pane = page.evaluate("(() => { const pane = document.querySelector('.pane:not([hidden])'); return pane.scrollWidth - pane.clientWidth; })()")
                check(f"{what}: the pane of {fragment} fits into {width}", pane <= 1, pane)
    page.size(1400, 900)


def hostile(page, path, messages):
    page.open(path)
    everywhere(page, path, "hostile mail", messages)
    shown = page.evaluate(
        "[...document.querySelectorAll('[id^=details-]')].flatMap((one) => JSON.parse(one.textContent)).map((one) => one.record.headers.subject || '')")
    for text in mail.SCRIPTS:
        check("hostile mail: a subject as it was", text in shown, text)
    number = {subject: at + 1 for at, subject in reversed(list(enumerate(shown)))}
    page.go("messages/1")
    text = page.evaluate("document.getElementById('message').innerText")
    check("hostile mail: markup is text", text.count(mail.SCRIPTS[0]) >= 2, text[:300])
    page.go(f"messages/{number['A page']}")
    text = page.evaluate("document.querySelector('#message .text pre').innerText")
    check("hostile mail: the text of a page", text.startswith("Readable words of a page") and "http://evil.example/track.gif" in text and "window.ran" not in text.replace("javascript:window.ran", ""), text)
    turned = next(at for subject, at in number.items() if "fdp.exe" in subject)
    page.go(f"messages/{turned}")
    marks = page.evaluate("[...document.querySelectorAll('#message h3 .unseen')].map((one) => one.textContent)")
    check("hostile mail: what turns text around is marked", marks == ["RLO", "PDF", "LRI", "PDI", "ZWSP"], marks)
    page.go(f"messages/{number['A thousand recipients']}")
    text = page.evaluate("document.getElementById('message').innerText")
    check("hostile mail: a thousand recipients", "1\u2009000 recipients" in text and "800 not in the header" in text, text[:600])
    before = page.evaluate("document.querySelectorAll('#message li').length")
    page.evaluate("document.querySelector('#message .beside .more').click()")
    check("hostile mail: the rest of them", page.evaluate("document.querySelectorAll('#message li').length") > before + 900)
    page.go(f"messages/{number['Three hundred parts']}")
    check("hostile mail: three hundred parts", "301" in page.evaluate("document.getElementById('message').innerText"))
    page.evaluate("document.querySelector('#message .parts').closest('.block').querySelector('.more').click()")
    check("hostile mail: all of the parts", page.evaluate("document.querySelectorAll('#message .parts tbody tr').length") == 301)
    page.go(f"messages/{number['Pictures']}")
    page.wait("[...document.querySelectorAll('#message img')].every((one) => one.complete)")
    pictures = page.evaluate("[...document.querySelectorAll('#message img')].map((one) => [one.naturalWidth, one.naturalHeight])")
    check("hostile mail: one picture", pictures == [[64, 48]], pictures)
    page.go(f"messages/{number['Seen twice']}")
    text = page.evaluate("document.getElementById('message').innerText")
    check("hostile mail: the other transfer", "same Message-ID" in text and text.count("this message") == 1)
    check("hostile mail: the envelope differs", "differs" in text and "not in the header" in text)
    longest = next(at for subject, at in number.items() if subject.startswith("A very long"))
    fits(page, "hostile mail", [*TABS, *(f"messages/{at}" for at in (1, longest, turned, number["A thousand recipients"], number["Three hundred parts"]))])
    # The policy holds also against what would come after the page: text made into markup, a script, a load.
    refused = page.evaluate("""(() => {
      let refused = 0;
      try { document.body.innerHTML = "<b>x</b>"; } catch { refused += 1; }
      try { eval("1"); } catch { refused += 1; }
      try { new Function("1")(); } catch { refused += 1; }
      return refused;
    })()""", allowUnsafeEvalBlockedByCSP=False)
    check("hostile mail: the policy refuses markup and code", refused == 3, refused)
    loaded = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'loaded', (error) => String(error))")
    check("hostile mail: the policy refuses loads", "loaded" not in loaded and any("violates" in entry[1] for entry in page.log), page.log)


def own(page, path, messages):
    """Our own captures: search, filters, keys, light and dark."""
    page.open(path)
    everywhere(page, path, "own captures", messages)
    for scheme in ("light", "dark"):
        page.scheme(scheme)
        for fragment in (*TABS, "messages/3", "sessions/1"):
            page.go(fragment)
            check(f"{scheme}: {fragment} can be read", not (bad := page.evaluate(ACCESS)), bad)
    page.scheme("light")
    back = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(back)
    page.evaluate("document.getElementById('theme').click()")
    check("the switch makes it dark", page.evaluate(back) != light)
    page.evaluate("document.getElementById('theme').click()")
    check("and light again", page.evaluate(back) == light)

    page.go("messages")
    everything = found(page)
    check("all messages are listed", everything == messages, everything)
    few = search(page, "alternative")
    check("a search finds some", 0 < few < everything, few)
    check("a search of two words finds fewer or as many", search(page, "alternative alice") <= few)
    check("a search finds nothing", search(page, "no such words anywhere") == 0)
    check("which is said", "No message" in page.evaluate("document.querySelector('#view-messages .none').innerText"))
    page.key("Escape")
    check("all again", search(page, "") == everything or press(page, "in-texts") == everything)
    page.evaluate("document.getElementById('search').value = ''; document.getElementById('search').dispatchEvent(new Event('input'))")
    for id_, flag in (("f-attachment", "row.flags & 1"), ("f-anomaly", "row.flags & 4"), ("f-incomplete", "row.flags & 2"), ("f-finding", "row.findings > 0")):
        expected = page.evaluate(f"MESSAGES.filter((row) => {flag}).length")
        check(f"filter {id_}", press(page, id_) == expected)
        check(f"without {id_}", press(page, id_) == everything)
    for id_, key in (("choose-protocol", "protocol"), ("choose-outcome", "outcome")):
        for word in page.evaluate(f"[...document.getElementById('{id_}').options].map((one) => one.value)"):
            page.evaluate(f"(() => {{ const one = document.getElementById('{id_}'); one.value = '{word}'; one.dispatchEvent(new Event('change')); }})()")
            expected = page.evaluate(f"MESSAGES.filter((row) => !'{word}' || row.{key} === '{word}').length")
            check(f"{id_} {word}", found(page) == expected)
        page.evaluate(f"(() => {{ const one = document.getElementById('{id_}'); one.value = ''; one.dispatchEvent(new Event('change')); }})()")
    page.evaluate("[...document.querySelectorAll('#view-messages .grid-head button')].find((one) => one.textContent === 'Size').click()")
    page.settle()
    sizes = page.evaluate("messages.grid.items.map((item) => item.size)")
    check("sorted by size", sizes == sorted(sizes, reverse=True) and len(sizes) == everything)

    page.open(path)
    page.key("/")
    check("/ goes to the search", page.evaluate("document.activeElement.id") == "search" and page.evaluate("location.hash") == "#messages")
    page.write("alternative")
    page.key("Enter")
    page.key("j")
    page.key("k")
    page.key("ArrowDown")
    page.key("Enter")
    page.settle()
    second = page.evaluate("messages.grid.items[1].message")
    check("keys open a message", page.evaluate("location.hash") == f"#messages/{second}", page.evaluate("location.hash"))
    check("and it is shown", page.evaluate("document.getElementById('message').checkVisibility()"))
    page.key("n")
    check("n opens the next", page.evaluate("location.hash") == f"#messages/{page.evaluate('messages.grid.items[2].message')}")
    page.key("Escape")
    check("Escape closes it", page.evaluate("location.hash") == "#messages" and not page.evaluate("document.getElementById('message').checkVisibility()"))
    page.key("4")
    check("4 goes to the sessions", page.evaluate("location.hash") == "#sessions")
    page.key("j")
    page.key("Enter")
    check("and Enter opens one", page.evaluate("location.hash") == "#sessions/1", page.evaluate("location.hash"))
    page.evaluate("history.back()")
    page.settle()
    check("back closes it", page.evaluate("location.hash") == "#sessions")
    quiet(page, path, "own captures, searched")

    page.open(path, "messages/3")
    page.evaluate("addEventListener('beforeprint', () => { window.printed = [document.querySelectorAll('.printed tbody tr').length, document.querySelectorAll('.chart svg').length]; })")
    paper = page.paper()
    rows, charts = page.evaluate("window.printed")
    check("all is on paper", rows > everything and charts == 3, (rows, charts))
    check("it is printed", paper.startswith(b"%PDF") and len(paper) > 50_000, len(paper))
    check("nothing of that stays", page.evaluate("document.querySelectorAll('.printed').length") == 0)
    return paper


def many(page, path, messages):
    ready = page.open(path)
    script = page.evaluate("document.documentElement.dataset.ready")
    before = time.monotonic()
    page.go("messages")
    listed = time.monotonic() - before
    check("many: all are listed", found(page) == messages, found(page))
    rows = "document.querySelectorAll('#view-messages .row').length"
    check("many: few rows are drawn", page.evaluate(rows) < 120, page.evaluate(rows))
    page.evaluate("document.activeElement.blur()")
    page.key("End")
    check("many: the end of the list", page.evaluate(f"[...document.querySelectorAll('#view-messages .row')].some((row) => row.textContent.startsWith('{messages}'))"))
    page.key("Enter")
    check("many: the last is shown", page.evaluate("document.getElementById('message').innerText").startswith("\u00d7") or page.evaluate("location.hash") == f"#messages/{messages}")
    # Without the pauses of the driver: a search from the word to the list.
    took = page.evaluate("""(() => {
      const field = document.getElementById("search");
      const times = ["invoice", "budget travel", "4999", ""].map((words) => {
        const before = performance.now();
        field.value = words;
        field.dispatchEvent(new Event("input"));
        return performance.now() - before;
      });
      return Math.max(...times);
    })()""")
    before = time.monotonic()
    page.evaluate("document.getElementById('in-texts').checked = true")
    search(page, "quodlibet")
    page.wait("!document.getElementById('result').textContent.includes('looking')", PATIENCE)
    texts = time.monotonic() - before
    check("many: a word in one text", found(page) == 1, found(page))
    check("many: nobody waits", ready < PATIENCE and took < 5000 and texts < PATIENCE)
    quiet(page, path, "many")
    size = path.stat().st_size / (1 << 20)
    print(f"  {messages} messages, {size:.1f} MiB: ready after {ready:.2f} s (as the page says {script} ms), list {listed:.2f} s, "
          f"search {took:.0f} ms, search in all texts {texts:.2f} s", flush=True)
    before = time.monotonic()
    paper = page.paper()
    check("many: it is printed", paper.startswith(b"%PDF"))
    print(f"  printed in {time.monotonic() - before:.1f} s, {len(paper) / (1 << 20):.1f} MiB", flush=True)


def pictures(page, path, folder):
    """Those of the README."""
    page.open(path)
    for scheme, fragment, name, size in (
        ("light", "overview", "overview", (1280, 800)),
        ("dark", "messages/8", "message", (1280, 800)),
    ):
        page.size(*size)
        page.scheme(scheme)
        page.go(fragment)
        path = folder.resolve() / f"{name}.png"
        page.picture(path)
        # As small as may be, where the tool for it is there.
        if shutil.which("pngquant"):
            subprocess.run(["pngquant", "--force", "--ext", ".png", "--speed", "1", "96", str(path)], check=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("mailtap", nargs="?", type=pathlib.Path, default=ROOT / "target/debug/mailtap")
    arguments.add_argument("--pictures", type=pathlib.Path)
    arguments = arguments.parse_args()
    program = browser.find()
    if not program:
        print("left out: there is no Chromium (apt-get install chromium, or name one in CHROMIUM)")
        return 77
    with tempfile.TemporaryDirectory(prefix="mailtap-report-") as work:
        work = pathlib.Path(work)

        def report(name, *captures):
            run = lambda *words: subprocess.run([arguments.mailtap.resolve(), *words], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
            run("extract", *captures, "-o", work / name)
            before = time.monotonic()
            run("report", work / name)
            print(f"{name}: report written in {time.monotonic() - before:.1f} s", flush=True)
            return work / name / "report.html"

        number = mail.hostile(work / "hostile.pcap")
        all_ = mail.many(work / "many.pcap")
        page = browser.Browser(program)
        try:
            print(page.call("Browser.getVersion")["product"], flush=True)
            path = report("own", "examples/captures")
            count = (work / "own/messages.jsonl").read_bytes().count(b"\n")
            own(page, path, count)
            if arguments.pictures:
                pictures(page, path, arguments.pictures)
            hostile(page, report("hostile", work / "hostile.pcap"), number)
            many(page, report("many", work / "many.pcap"), all_)
        finally:
            page.close()
    print(f"{len(failures)} failures" if failures else "all is well")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
