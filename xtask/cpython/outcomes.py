"""outcomes.py XML LOG PROOF -- what became of each test of a run of `python -m test`, and why some
were skipped, as JSON."""

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
    found, reasons = {}, {}
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
        if (skipped := case.find("skipped")) is not None:
            reasons[name] = skipped.text or ""
    return found, reasons


def skips_of_log(file):
    """The skipped tests of a log, with reasons: Python 3.12.1 leaves some out of its report."""
    reasons, current = {}, None
    for line in file:
        if start := re.match(r"(\w+) \(([\w.]+)\)", line):
            test, place = start.groups()
            current = place if place.endswith("." + test) else f"{place}.{test}"
        if current and (skip := re.search(r"\.\.\. skipped ['\"](.*)['\"]$", line)):
            reasons[short(current)] = skip[1]
    return reasons


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
    reasons = skips_of_log(lines)
tests = dict.fromkeys(reasons, "skip")
# A run that died has none.
if os.path.exists(report):
    found, more = of_report(report)
    tests.update(found)
    reasons.update(more)
json.dump({"tests": tests, "reasons": reasons, **proof(folder)}, sys.stdout, indent=0, sort_keys=True)
