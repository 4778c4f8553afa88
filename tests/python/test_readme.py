"""What the READMEs show of Python works as it stands there."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

from support import LIMIT

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# A file, and the heading of the part of it that is of Python.
PARTS = (
    ("README.md", "## For Python programmers\n"),
    ("python/README.md", None),
    ("docs/python-waiting.md", None),
    ("docs/python-values.md", None),
    ("docs/python-registry.md", None),
)
APP = "import socket, sys\nprint(socket.__spec__.name, sys.argv[1:])\n"


def blocks(kind):
    """The fenced blocks of a kind, with where they begin."""
    for name, heading in PARTS:
        with open(os.path.join(ROOT, name), encoding="utf-8") as file:
            text = file.read()
        before = text.index(heading) if heading else 0
        end = text.find("\n## ", before + 1) if heading else -1
        part = text[before : end if end != -1 else None]
        for found in re.finditer(rf"^```{kind}\n(.*?)^```$", part, re.MULTILINE | re.DOTALL):
            line = text[: before + found.start()].count("\n") + 1
            yield f"{name}:{line}", found[1]


class Readme(unittest.TestCase):
    def run_in_a_folder(self, command):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "app.py"), "w") as file:
                file.write(APP)
            return subprocess.run(
                command,
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=LIMIT,
                check=False,
            )

    def test_programs(self):
        count = 0
        for place, program in blocks("python"):
            with self.subTest(place):
                done = self.run_in_a_folder([sys.executable, "-c", program])
                self.assertEqual((done.stderr, done.returncode), ("", 0))
                # What a line prints may stand behind it.
                shown = re.findall(r"^ *print\(.*\) +# (.*)$", program, re.MULTILINE)
                self.assertEqual([line for line in done.stdout.splitlines() if shown], shown)
            count += 1
        self.assertGreaterEqual(count, 3)

    def test_commands(self):
        count = 0
        for place, console in blocks("console"):
            for command, *expected in (
                part.splitlines() for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]
            ):
                with self.subTest(f"{place}: {command}"):
                    program, *arguments = shlex.split(command, comments=True)
                    if program == "pip":
                        # That has happened, or there would be no package here.
                        self.assertEqual(arguments, ["install", "."])
                        continue
                    self.assertEqual(program, "python")
                    done = self.run_in_a_folder([sys.executable, *arguments])
                    self.assertEqual((done.stderr, done.returncode), ("", 0))
                    # What is not shown is what the program of this test prints.
                    program = next(iter({"app", "app.py"}.intersection(arguments)), None)
                    if program:
                        rest = arguments[arguments.index(program) + 1 :]
                        expected = [f"berkeley.socket {rest}"]
                    self.assertEqual(done.stdout.splitlines(), expected)
                    count += 1
        self.assertGreaterEqual(count, 3)


if __name__ == "__main__":
    sys.exit(unittest.main())
