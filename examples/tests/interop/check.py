"""Opens each export with programs and libraries that are not ours, and compares what they find with the records.

check.py WORK FORMAT...: WORK/out is a folder that `mailtap extract` wrote, WORK/FORMAT the export.
"""

import csv
import gzip
import hashlib
import hmac
import base64
import json
import mailbox
import re
import shutil
import subprocess
import sys
from pathlib import Path

WORK = Path(sys.argv[1])
HERE = Path(__file__).parent
OUT = WORK / "out"
KINDS = ["sessions", "messages", "logins", "commands", "anomalies", "findings"]
# What the accounts of the lab have.
PASSWORDS = ["wonderland", "b0b s3cret", 'c%r"o\\l {3}!', "nope"]
counts = {"passed": 0, "failed": 0, "skipped": 0}


def records(kind):
    path = OUT / f"{kind}.jsonl"
    if not path.exists():
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def check(what, ok, detail=""):
    counts["passed" if ok else "failed"] += 1
    print(f"{'ok' if ok else 'FAILED'}: {what}{'' if ok else ': ' + str(detail)[:300]}")


def left_out(what, why):
    counts["skipped"] += 1
    print(f"left out: {what}: {why}")


def module(name):
    try:
        return __import__(name)
    except ImportError:
        return None


def tool(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def mails():
    return [m for m in records("messages") if m["reading"] == "primary" and m.get("section") in (None, "top")]


def eml(message):
    return (OUT / message["file"]).read_bytes()


def plain(cell):
    """A cell as it was before it was defused."""
    return cell[1:] if cell.startswith("'") else cell


# How a column is found in a record.
COLUMNS = {
    "sessions": {"session": lambda r: r["session"], "greeting": lambda r: r.get("greeting"), "start": lambda r: r["start"]},
    "messages": {
        "message": lambda r: r["message"],
        "subject": lambda r: r.get("headers", {}).get("subject"),
        "sha256": lambda r: r["sha256"],
        "size": lambda r: r["size"],
        "mail_from": lambda r: r.get("envelope", {}).get("mail_from"),
    },
    "logins": {"username": lambda r: r.get("username"), "password": lambda r: r.get("password"), "at": lambda r: r["at"]},
    "commands": {"verb": lambda r: r.get("verb"), "text": lambda r: r.get("text")},
    "anomalies": {"code": lambda r: r["code"], "detail": lambda r: r.get("detail")},
    "findings": {"rule": lambda r: r["rule"], "title": lambda r: r["title"]},
}


def check_csv(folder):
    csv.field_size_limit(1 << 30)
    for kind in KINDS:
        path = folder / f"{kind}.csv"
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        wanted = records(kind)
        check(f"csv: Python's csv: {kind}: {len(rows)} rows", len(rows) == len(wanted), len(wanted))
        text = lambda value: "" if value is None else str(value).replace("\0", "\u2400")
        for name, get in COLUMNS[kind].items():
            found, expected = [plain(row[name]) for row in rows], [text(get(r)) for r in wanted]
            check(f"csv: Python's csv: {kind}.{name}", found == expected, (found, expected))
        bad = [c for row in rows for c in row.values() if c.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
        check(f"csv: {kind}: no formula", not bad, bad)
    for name in ["pandas", "duckdb"]:
        library = module(name)
        if not library:
            left_out(f"csv: {name}", "not installed")
            continue
        for kind in KINDS + ["parts"]:
            path = folder / f"{kind}.csv"
            with open(path, newline="", encoding="utf-8") as file:
                rows = len(list(csv.reader(file))) - 1
            if name == "pandas":
                found = len(library.read_csv(path, dtype=str, keep_default_na=False))
            else:
                sql = f"select count(*) from read_csv('{path}', header=true, all_varchar=true, quote='\"', escape='\"')"
                found = library.execute(sql).fetchall()[0][0]
            check(f"csv: {name}: {kind}: {found} rows", found == rows, rows)


def check_parquet(folder):
    duckdb, pyarrow = module("duckdb"), module("pyarrow")
    if not duckdb:
        left_out("parquet: duckdb", "not installed")
    if not pyarrow:
        left_out("parquet: pyarrow", "not installed")
    for kind in ["sessions", "messages", "logins", "findings"]:
        path, wanted = folder / f"{kind}.parquet", records(kind)
        for name in ["duckdb"] * bool(duckdb) + ["pyarrow"] * bool(pyarrow):
            if name == "duckdb":
                # Times become objects only with another module: they are compared as numbers below.
                names = [column for column in COLUMNS[kind] if column not in ("start", "at")]
                quoted = ", ".join(f'"{column}"' for column in names)
                rows = duckdb.execute(f"select {quoted} from '{path}'").fetchall()
                table = [dict(zip(names, row)) for row in rows]
            else:
                import pyarrow.parquet as parquet

                table = parquet.read_table(path).to_pylist()
            check(f"parquet: {name}: {kind}: {len(table)} rows", len(table) == len(wanted), len(wanted))
            for column, get in COLUMNS[kind].items():
                if column in ("start", "at"):
                    continue
                found, expected = [row[column] for row in table], [get(r) for r in wanted]
                check(f"parquet: {name}: {kind}.{column}", found == expected, (found, expected))
        if duckdb and kind != "findings":
            column = "at" if kind == "logins" else "start"
            found = [row[0] for row in duckdb.execute(f"""select epoch_ns("{column}") from '{path}'""").fetchall()]
            expected = [nanoseconds(r[column]) for r in wanted]
            check(f"parquet: duckdb: {kind}.{column} in nanoseconds", found == expected, (found[:3], expected[:3]))
    if duckdb:
        path = folder / "parts.parquet"
        found = duckdb.execute(f"select message, path, sha256, size from '{path}'").fetchall()
        expected = [
            (m["message"], p["path"], p.get("sha256"), p.get("size")) for m in records("messages") for p in m.get("parts", [])
        ]
        check(f"parquet: duckdb: parts: {len(found)} rows", found == expected, (found[:3], expected[:3]))
        path = folder / "messages.parquet"
        found = [row[0] for row in duckdb.execute(f"select rcpt_to from '{path}'").fetchall()]
        rcpt = lambda m: [r["address"] for r in m.get("envelope", {}).get("rcpt_to", [])] or None
        check("parquet: duckdb: messages.rcpt_to as lists", found == [rcpt(m) for m in records("messages")], found)


def nanoseconds(text):
    import calendar
    import time

    whole, _, fraction = text.rstrip("Z").partition(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int((fraction + "0" * 9)[:9])


def check_mbox(path):
    wanted = [eml(m).replace(b"\r\n", b"\n") for m in mails()]
    box = mailbox.mbox(path, create=False)
    unquoted = lambda mail: re.sub(rb"(?m)^>(>*From )", rb"\1", mail)
    found = [unquoted(box.get_bytes(key)) for key in box.keys()]
    check(f"mbox: Python's mailbox: {len(found)} mails", len(found) == len(wanted), len(wanted))
    same = all(a.rstrip(b"\n") == b.rstrip(b"\n") for a, b in zip(found, wanted))
    check("mbox: Python's mailbox: the bytes of the mails", same)
    times = all(mail.get_from().endswith(m["end"][:4]) for mail, m in zip(box, mails()))
    check("mbox: Python's mailbox: the lines in front", times)
    check_mutt("mbox", path, len(wanted))


def check_mutt(form, path, count):
    if not (tool("mutt") and tool("script")):
        left_out(f"{form}: mutt", "not installed")
        return
    numbers = WORK / f"{form}.mutt"
    numbers.unlink(missing_ok=True)
    # It would ask whether to make one.
    (WORK / "Mail").mkdir(exist_ok=True)
    push = f"<tag-pattern>~A<enter><tag-prefix-cond><pipe-message>echo x >>{numbers}<enter><end-cond><exit>"
    options = ["set pipe_split wait_key=no quit=yes mail_check=0 mark_old=no", "unset move confirmappend", f'push "{push}"']
    command = ["mutt", "-n", "-F", "/dev/null", "-R", "-f", str(path)] + [x for o in options for x in ("-e", o)]
    quoted = " ".join("'" + part.replace("'", "'\\''") + "'" for part in command)
    try:
        subprocess.run(["script", "-qec", f"TERM=xterm HOME={WORK} {quoted}", f"{WORK}/{form}.screen"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        left_out(f"{form}: mutt", "it did not end")
        return
    found = len(numbers.read_text().splitlines()) if numbers.exists() else 0
    check(f"{form}: mutt: {found} mails", found == count, count)


def check_maildir(path):
    wanted = mails()
    box = mailbox.Maildir(path, create=False)
    found = sorted(hashlib.sha256(Path(path, box._lookup(key)).read_bytes()).hexdigest() for key in box.keys())
    check(f"maildir: Python's mailbox: {len(found)} mails", found == sorted(m["sha256"] for m in wanted), len(wanted))
    letters = {"\\seen": "S", "\\answered": "R", "\\flagged": "F", "\\deleted": "T", "\\draft": "D", "$forwarded": "P"}
    flags = lambda m: "".join(sorted(letters[f.lower()] for f in m.get("flags", []) if f.lower() in letters))
    found = sorted(box[key].get_flags() for key in box.keys())
    check("maildir: Python's mailbox: flags", found == sorted(flags(m) for m in wanted))
    check_mutt("maildir", path, len(wanted))


def check_hashcat(folder):
    lines = [l["hash"] for l in records("logins") if "hashcat_mode" in l.get("hash", {})]
    files = sorted(folder.glob("*.txt"))
    found = {f.stem: f.read_text().splitlines() for f in files}
    check("hashcat: all lines", sum(map(len, found.values())) == len(lines), found)
    for mode, kind in found.items():
        if tool("hashcat"):
            command = ["hashcat", "-m", mode, "--left", "--potfile-path", str(WORK / "no-pot"), str(folder / f"{mode}.txt")]
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            left = [line for line in done.stdout.splitlines() if line.strip()]
            check(f"hashcat: mode {mode}: hashcat reads {len(left)} lines", sorted(set(left)) == sorted(set(kind)), done.stdout + done.stderr)
            words = WORK / "words.txt"
            words.write_text("\n".join(PASSWORDS) + "\n")
            command = ["hashcat", "-m", mode, "-a", "0", "--potfile-path", str(WORK / f"pot-{mode}"), "--quiet", "--force",
                       "--self-test-disable", str(folder / f"{mode}.txt"), str(words)]
            try:
                done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
                cracked = [line for line in done.stdout.splitlines() if line.strip()]
                if done.returncode in (0, 1):
                    check(f"hashcat: mode {mode}: {len(cracked)} passwords found", len(cracked) > 0, done.stdout + done.stderr)
                else:
                    left_out(f"hashcat: mode {mode}: guessing", (done.stderr or done.stdout).strip().splitlines()[-1:])
            except subprocess.TimeoutExpired:
                left_out(f"hashcat: mode {mode}: guessing", "it took too long")
        else:
            left_out(f"hashcat: mode {mode}", "hashcat is not installed")
    for line in found.get("10200", []):
        _, _, challenge, response = line.split("$")
        user, digest = base64.b64decode(response).decode().rsplit(" ", 1)
        challenge = base64.b64decode(challenge)
        known = any(hmac.new(p.encode(), challenge, "md5").hexdigest() == digest for p in PASSWORDS)
        check(f"hashcat: Python's hmac: the password of {user}", known)
    for line in found.get("20", []):
        digest, challenge = line.split(":", 1)
        known = any(hashlib.md5((challenge + p).encode()).hexdigest() == digest for p in PASSWORDS)
        check("hashcat: Python's hashlib: the password of APOP", known)


def check_john(folder):
    files = sorted(folder.glob("*.txt"))
    john = tool("john")
    formats = subprocess.run([john, "--list=formats"], capture_output=True, text=True, check=False).stdout if john else ""
    for file in files:
        if file.stem.lower() not in formats.lower():
            left_out(f"john: {file.stem}", "no john that knows it is installed (Debian has no jumbo edition)")
            continue
        words = WORK / "words.txt"
        words.write_text("\n".join(PASSWORDS) + "\n")
        command = [john, f"--format={file.stem}", f"--wordlist={words}", f"--pot={WORK}/john.pot", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        check(f"john: {file.stem}", "Loaded" in done.stdout + done.stderr, done.stdout + done.stderr)
    for file in files:
        for line in file.read_text().splitlines():
            if file.stem == "dynamic_1017":
                user, digest, challenge = re.fullmatch(r"([^:]*):\$dynamic_1017\$([0-9a-f]{32})\$HEX\$([0-9a-f]+)", line).groups()
                known = any(hashlib.md5(bytes.fromhex(challenge) + p.encode()).hexdigest() == digest for p in PASSWORDS)
                check(f"john: Python's hashlib: the password of {user}", known)


ALLOWED = {
    "kind": {"alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"},
    "category": {"api", "authentication", "configuration", "database", "driver", "email", "file", "host", "iam",
                 "intrusion_detection", "library", "malware", "network", "package", "process", "registry", "session",
                 "threat", "vulnerability", "web"},
    "type": {"access", "admin", "allowed", "change", "connection", "creation", "deletion", "denied", "end", "error", "group",
             "indicator", "info", "installation", "protocol", "start", "user"},
    "outcome": {"success", "failure", "unknown"},
}


def check_ecs(path):
    known = {line.strip() for line in open(HERE / "ecs-8.11.0-fields.txt", encoding="utf-8") if not line.startswith("#")}
    used, wrong, kinds = set(), [], {}

    def walk(value, name):
        if isinstance(value, dict):
            for key, below in value.items():
                walk(below, f"{name}.{key}" if name else key)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for below in value:
                walk(below, name)
        else:
            used.add(name)

    lines = path.read_text(encoding="utf-8").split("\n")
    check("ecs: ends with a line end", lines.pop() == "")
    for line in lines:
        event = json.loads(line)
        kinds[event["event"]["dataset"]] = kinds.get(event["event"]["dataset"], 0) + 1
        walk({k: v for k, v in event.items() if k != "mailtap"}, "")
        for name, allowed in ALLOWED.items():
            values = event["event"].get(name, [])
            wrong += [v for v in (values if isinstance(values, list) else [values]) if v not in allowed]
    check(f"ecs: {len(used)} names of fields are of ECS 8.11.0", used <= known, used - known)
    check("ecs: values of event.kind, category, type, outcome are allowed ones", not wrong, wrong)
    for kind, dataset in [("sessions", "session"), ("messages", "message"), ("logins", "login"), ("anomalies", "anomaly"), ("findings", "finding")]:
        check(f"ecs: one event for each of {kind}", kinds.get(f"mailtap.{dataset}", 0) == len(records(kind)), kinds)


def check_netcap(folder):
    for name, expected in [
        ("Mail", [m for m in records("messages") if m["reading"] == "primary"]),
        ("POP3", [s for s in records("sessions") if s["protocol"] == "pop3"]),
        ("SMTP", [s for s in records("sessions") if s["protocol"] in ("smtp", "lmtp")]),
        ("Credentials", records("logins")),
    ]:
        data, parts, at = gzip.open(folder / f"{name}.ncap.gz").read(), [], 0
        while at < len(data):
            length = shift = 0
            while True:
                byte = data[at]
                at += 1
                length |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            parts.append(data[at : at + length])
            at += length
        check(f"netcap: gzip and lengths: {name}: {len(parts) - 1} records", len(parts) - 1 == len(expected), len(expected))
        if not tool("protoc"):
            left_out(f"netcap: protoc: {name}", "not installed")
            continue

        def decode(kind, part):
            command = ["protoc", f"--decode=types.{kind}", f"--proto_path={folder}", "netcap.proto"]
            return subprocess.run(command, input=part, capture_output=True, check=True).stdout.decode()

        header = decode("Header", parts[0])
        check(f"netcap: protoc: {name}: the header", f"Type: NC_{name}" in header, header)
        texts = [decode(name, part) for part in parts[1:50]]
        unknown = [text for text in texts if re.search(r"^\s*\d+:", text, re.M)]
        check(f"netcap: protoc: {name}: all fields are known", not unknown, unknown)
        for text, record in zip(texts, expected):
            wanted = {"Mail": lambda r: r.get("headers", {}).get("message_id"), "Credentials": lambda r: r.get("username")}
            value = wanted.get(name, lambda r: None)(record)
            if value and value.isascii() and value.isprintable() and not set(value) & set("\"'\\"):
                if f'"{value}"' not in text:
                    check(f"netcap: protoc: {name}: {value}", False, text)
        check(f"netcap: protoc: {name}: the fields have the values of the records", True)


def check_maltego(folder):
    left_out("maltego: Maltego", "it cannot be installed here; its tables are read as CSV alone")
    counts_of = {}
    for path in sorted(folder.glob("*.csv")):
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        counts_of[path.stem] = len(rows) - 1
        check(f"maltego: Python's csv: {path.name}: {len(rows) - 1} rows", all(len(row) == len(rows[0]) for row in rows))
    primary = [m for m in records("messages") if m["reading"] == "primary"]
    check("maltego: a transfer for each message", counts_of.get("transfers") == len(primary), counts_of)
    kept = sum("file" in p for m in primary for p in m.get("parts", []))
    check("maltego: a row for each file", counts_of.get("files") == kept, (counts_of, kept))


for form in sys.argv[2:]:
    checker = globals().get(f"check_{form}")
    if checker:
        checker(WORK / form)
    else:
        check(f"{form}: somebody reads it", False, "there is no check for it")
print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
sys.exit(counts["failed"] > 0)
