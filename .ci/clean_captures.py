#!/usr/bin/env python3
"""Checks that no capture of .ci/clean-captures has turned bad.

usage: clean_captures.py SHARED

SHARED holds `captures/` and `tools/check-captures`. A line of .ci/clean-captures names a capture below `captures/`; behind it
may stand kinds of finding that are known to be open.
"""
import json, os, subprocess, sys, tempfile

here = os.path.dirname(os.path.abspath(__file__))
shared = sys.argv[1]
names = {}
for line in open(os.path.join(here, 'clean-captures')):
    words = line.split('#')[0].split()
    if words:
        names[words[0]] = set(words[1:])
paths = [os.path.join(shared, 'captures', name) for name in names]
there = [path for path in paths if os.path.exists(path)]
with tempfile.TemporaryDirectory() as folder:
    report = os.path.join(folder, 'report.json')
    tool = os.path.join(shared, 'tools', 'check-captures')
    command = [sys.executable, tool, '--json', report, '--bin', 'target/release/mailtap', *there]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    found = json.load(open(report))
bad = 0
for entry in found:
    name = os.path.relpath(entry['capture'], os.path.join(shared, 'captures'))
    wrong = [item for item in entry['wrong'] if item[0] not in names[name]]
    for kind, text in wrong:
        print(f'{name}: {kind}: {text}')
    bad += bool(wrong)
print(f'{len(found) - bad} passed, {bad} failed')
sys.exit(1 if bad or len(found) != len(there) or not found else 0)
