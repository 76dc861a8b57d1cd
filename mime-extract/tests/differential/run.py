#!/usr/bin/env python3
"""Compares mime-extract with Python's email, mail-parser and mailparse on folders of mail.

    mime-extract/tests/differential/run.py [--show N] PATH...

Needs Python 3.10 and cargo; the crates are run by `examples/listing.rs`. What is compared, what counts as agreement
and which differences are legitimate stands in README.md beside this file.
"""

import argparse
import collections
import email
import email.policy
import hashlib
import json
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

CRATE = Path(__file__).resolve().parents[2]
# Who votes. mailparse is listed only: it gives no bytes at all where base64 is damaged, and refuses whole mails.
VOTERS = ["python", "mail-parser"]


def normalised(data):
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return re.sub(rb"[ \t]+(?=\n)", b"", data).rstrip(b" \t\n")


def leaf(content_type, name, data):
    return {
        "type": content_type,
        "name": name,
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "normalised": hashlib.sha256(normalised(data)).hexdigest(),
    }


def python(path):
    leaves = []

    def walk(part):
        if part.is_multipart():
            if part.get_content_type() == "message/delivery-status":
                # One leaf: Python makes one of each block.
                text = b"\n".join(block.as_bytes() for block in part.get_payload())
                leaves.append(leaf("message/delivery-status", part.get_filename(), text))
                return
            for child in part.get_payload():
                walk(child)
            return
        data = part.get_payload(decode=True)
        if data is None:
            data = str(part.get_payload()).encode("utf-8", "surrogateescape")
        leaves.append(leaf(part.get_content_type(), part.get_filename(), data))

    try:
        walk(email.message_from_bytes(path.read_bytes(), policy=email.policy.default))
    except Exception as error:  # the oracle may fail on anything
        return {"error": repr(error)}
    return {"leaves": leaves}


def listing(reader, paths):
    command = ["cargo", "run", "--quiet", "--release", "-p", "mime-extract", "--example", "listing", "--"]
    arguments = ["--as", reader] if reader != "ours" else []
    run = subprocess.run(command + arguments + paths, cwd=CRATE.parent, stdout=subprocess.PIPE, check=True)
    lines = map(json.loads, run.stdout.splitlines())
    return {line["file"]: line for line in lines}


def name(value):
    return " ".join(unicodedata.normalize("NFC", value).strip('"').split()) if value else ""


FACTS = {
    "leaf count": lambda leaves: len(leaves),
    "types": lambda leaves: tuple(one["type"] for one in leaves),
    "content": lambda leaves: tuple(sorted(one["normalised"] for one in leaves)),
    "names": lambda leaves: tuple(name(one["name"]) for one in leaves),
}


def facts(listed):
    if "leaves" not in listed:
        return None
    return {fact: of(listed["leaves"]) for fact, of in FACTS.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", type=int, default=5, help="files listed for each kind of difference")
    parser.add_argument("paths", nargs="+")
    options = parser.parse_args()
    paths = [str(Path(path).resolve()) for path in options.paths]

    listed = {reader: listing(reader, paths) for reader in ["ours", "mail-parser", "mailparse"]}
    files = sorted(listed["ours"])
    listed["python"] = {file: python(Path(file)) for file in files}

    pairs = collections.Counter()
    exact = collections.Counter()
    kinds = collections.defaultdict(list)
    outvoted = collections.defaultdict(list)
    split = []
    for file in files:
        ours = facts(listed["ours"][file])
        others = {reader: facts(listed[reader][file]) for reader in ["python", "mail-parser", "mailparse"]}
        for reader, other in others.items():
            for fact in FACTS:
                pairs[reader, fact] += other is not None and ours[fact] == other[fact]
            pairs[reader, "all"] += ours == other
            if "leaves" in listed[reader][file]:
                same = [[one["sha256"] for one in listed[who][file]["leaves"]] for who in ("ours", reader)]
                exact[reader] += same[0] == same[1]
        votes = [others[reader] for reader in VOTERS if others[reader] is not None]
        differing = [reader for reader in VOTERS if others[reader] != ours]
        if not differing:
            continue
        # With two voters the majority is ours and one of them, or the two of them.
        first = next((fact for fact in FACTS if votes and any(vote[fact] != ours[fact] for vote in votes)), "refused")
        if len(differing) == 1:
            kinds[f"only {differing[0]} differs: {first}"].append(file)
        elif len(votes) == 2 and votes[0] == votes[1]:
            outvoted[first].append(file)
        else:
            split.append((first, file))

    total = len(files)
    print(f"{total} files")
    print(f"{'':12}" + "".join(f"{fact:>12}" for fact in [*FACTS, "all"]) + f"{'exact bytes':>13}")
    for reader in ["python", "mail-parser", "mailparse"]:
        row = [pairs[reader, fact] for fact in [*FACTS, "all"]] + [exact[reader]]
        print(f"{reader:12}" + "".join(f"{100 * value / max(total, 1):11.2f}%" for value in row))
    lost = sum(map(len, outvoted.values()))
    print(f"\nagreement with the majority: {100 * (total - lost - len(split)) / max(total, 1):.2f} %"
          f" ({lost} outvoted, {len(split)} with no two alike)")
    for title, groups in [("differs", kinds), ("outvoted", outvoted)]:
        for kind, found in sorted(groups.items(), key=lambda item: -len(item[1])):
            print(f"\n{title}: {kind}: {len(found)}")
            for file in found[: options.show]:
                print(f"  {file}")
    if split:
        print(f"\nno two alike: {len(split)}")
        for kind, file in split[: options.show]:
            print(f"  {kind}: {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
