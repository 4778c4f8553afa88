"""outcomes.py XML LOG PROOF -- what became of each test of a run of `python -m test`, as JSON."""

import json
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

WORST_LAST = ["ok", "skip", "fail", "error"]


def short(name):
    return name.removeprefix("test.")


def of_report(file):
    """The outcomes of a JUnit report; a test that stands there twice has the worse."""
    found = {}
    for case in ElementTree.parse(file).iter("testcase"):
        parts = {part.tag for part in case}
        outcome = (
            "error" if "error" in parts
            else "fail" if "failure" in parts
            else "skip" if "skipped" in parts
            else "ok"
        )
        name = short(case.get("name"))
        found[name] = max(found.get(name, "ok"), outcome, key=WORST_LAST.index)
    return found


def skips_of_log(file):
    """The skipped tests of a log: Python 3.12.1 leaves some out of its report."""
    found, current = {}, None
    for line in file:
        if start := re.match(r"(\w+) \(([\w.]+)\)", line):
            test, place = start.groups()
            current = place if place.endswith("." + test) else f"{place}.{test}"
        if current and re.search(r"\.\.\. skipped ['\"]", line):
            found[short(current)] = "skip"
    return found


def proof(folder):
    """The sockets of our type and of others that were made, and by how many processes."""
    ours = others = processes = astray = 0
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as file:
            for line in file:
                mine, foreign, kept = map(int, line.split())
                ours += mine
                others += foreign
                processes += 1
                astray += not kept
    return {"ours": ours, "others": others, "processes": processes, "astray": astray}


report, log, folder = sys.argv[1:]
with open(log, errors="replace") as lines:
    tests = skips_of_log(lines)
# A run that died has none.
if os.path.exists(report):
    tests.update(of_report(report))
json.dump({"tests": tests, **proof(folder)}, sys.stdout, indent=0, sort_keys=True)
