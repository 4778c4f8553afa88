"""What the tests of the Python package share."""

import contextlib
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

# A test that hangs fails after so many seconds.
LIMIT = 60


def run(*arguments, code=None, stdin=None, environment=None, dev=True):
    """Runs this Python in a process of its own and returns what it did, with its output as text.

    With `code`, that is what it runs. Warnings are errors, so that none is missed.
    """
    command = [sys.executable, "-W", "error", *(["-X", "dev"] if dev else [])]
    if code is not None:
        command += ["-c", textwrap.dedent(code)]
    # With -X dev it is so anyway.
    variables = {**os.environ, "PYTHONMALLOC": "debug", **(environment or {})}
    variables.pop("PYTHONWARNINGS", None)
    return subprocess.run(
        [*command, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        env=variables,
        check=False,
    )


def output(*arguments, **options):
    """The output of a program that must end well and say nothing on standard error."""
    done = run(*arguments, **options)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


@contextlib.contextmanager
def certificate():
    """The paths of a certificate for localhost, made for this test, and of its key."""
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
        names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        subprocess.run(
            ["openssl", *command.split(), *names, "-keyout", key, "-out", certificate],
            check=True,
            capture_output=True,
            timeout=LIMIT,
        )
        yield certificate, key


# How a program may come to its sockets. `socket` is ours in each.
STARTS = {
    "installed": "import berkeley; berkeley.install(); import socket, {}",
    "alone": "from berkeley import socket; import {}",
    "before": "from berkeley import socket as ours; import socket, {}; socket = ours",
    "after": "import socket, {}; from berkeley import socket",
}


class Interplaying(unittest.TestCase):
    """Tests of programs that come to their sockets in each of these ways."""

    def each(self, modules, code, *arguments, starts=tuple(STARTS)):
        for start in starts:
            with self.subTest(start):
                program = f"START = {start!r}\n" + STARTS[start].format(modules) + "\n"
                shown = output(*arguments, code=program + textwrap.dedent(code))
                self.assertEqual(shown, "ok\n")
