"""`python -m berkeley` does with a program what `python` does with it, to the byte."""

import os
import subprocess
import sys
import tempfile
import textwrap
import unittest
import zipfile

from support import LIMIT

SHOW = """\
import sys

main = sys.modules["__main__"]
print(sys.argv, repr(sys.path[0]), main.__dict__ is globals())
for name in sorted(vars(main)):
    if name.startswith("__") and name != "__builtins__":
        print(name, repr(getattr(main, name)).split(" at 0x")[0])
print(type(__builtins__), list(vars(main))[:7])
"""
FAIL = """\
def fail():
    1 / 0


fail()
"""
INTERRUPT = """\
import os, signal

os.kill(os.getpid(), signal.SIGINT)
signal.pause()
"""
FILES = {
    "show.py": SHOW,
    "fail.py": FAIL,
    "interrupt.py": INTERRUPT,
    "syntax.py": "x = = 1\n",
    "cookie.py": "# coding: latin-1\nprint(ascii('\xe4'))\n",
    "tool/__init__.py": "import sys\nprint(__name__, sys.argv)\n",
    "tool/__main__.py": SHOW,
    "folder/__main__.py": SHOW,
    "empty/nothing.txt": "",
}
HOOK = """\
import sys

def hook(kind, error, trace):
    print(kind, error, trace.tb_lineno, trace.tb_frame.f_code.co_filename)

sys.excepthook = hook
1 / 0
"""
AFTERWARDS = """\
import atexit, sys

def tell():
    print(sys.last_value, sys.last_traceback.tb_next, sys.excepthook is sys.__excepthook__)

atexit.register(tell)
1 / 0
"""
FINALIZER = """\
class Thing:
    def __del__(self):
        print("gone")

thing = Thing()
"""
# What follows `python`, and where standard input comes from.
CALLS = [
    (["show.py", "a", "-b", "--help"], None),
    (["./show.py"], None),
    (["{folder}/show.py"], None),
    (["link.py"], None),
    (["cookie.py"], None),
    (["-m", "show", "x"], None),
    (["-mshow"], None),
    (["-m", "tool", "-m", "y"], None),
    (["folder", "z"], None),
    (["archive", "z"], None),
    (["compiled.pyc", "z"], None),
    (["-", "q"], "show.py"),
    (["-c", SHOW, "q", "-c"], None),
    (["-cprint(1)"], None),
    (["-c", ""], None),
    (["missing.py"], None),
    (["./missing/missing"], None),
    (["empty"], None),
    ([""], None),
    (["-m", "missing"], None),
    (["-m", "json.missing"], None),
    (["-m", "json"], None),
    (["-m", "unittest", "--help"], None),
    (["fail.py"], None),
    (["-m", "fail"], None),
    (["-"], "fail.py"),
    (["-c", FAIL], None),
    (["syntax.py"], None),
    (["-m", "syntax"], None),
    (["-"], "syntax.py"),
    (["-c", "x = = 1"], None),
    (["interrupt.py"], None),
    (["-m", "interrupt"], None),
    (["-c", "raise KeyboardInterrupt"], None),
    (["-c", "raise ValueError('a') from KeyError('b')"], None),
    (["-c", "raise ExceptionGroup('group', [ValueError(1)])"], None),
    (["-c", "raise GeneratorExit"], None),
    (["-c", "import sys; sys.exit('text')"], None),
    (["-c", "import sys; sys.exit(3)"], None),
    (["-c", "raise SystemExit"], None),
    (["-c", "import os; os._exit(4)"], None),
    (["-c", "import warnings; warnings.warn('x')"], None),
    (["-c", HOOK], None),
    (["-c", AFTERWARDS], None),
    (["-c", FINALIZER], None),
    (["-c", "import threading, time; threading.Thread(target=lambda: 1 / 0).start()"], None),
]


class Command(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        for name, content in FILES.items():
            path = os.path.join(self.folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="latin-1") as file:
                file.write(content)
        # A program may be a zip file of any name, compiled, or a link to elsewhere.
        with zipfile.ZipFile(os.path.join(self.folder, "archive"), "w") as archive:
            archive.writestr("__main__.py", SHOW)
        compiling = "import py_compile; py_compile.compile('show.py', 'compiled.pyc', doraise=True)"
        subprocess.run([sys.executable, "-c", compiling], cwd=self.folder, check=True)
        os.symlink("folder/__main__.py", os.path.join(self.folder, "link.py"))

    def run_python(self, arguments, stdin, *options):
        with open(os.path.join(self.folder, stdin) if stdin else os.devnull) as file:
            done = subprocess.run(
                [sys.executable, "-B", *options, *arguments],
                stdin=file,
                capture_output=True,
                cwd=self.folder,
                timeout=LIMIT,
                check=False,
            )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_a_program_is_run_as_by_python(self):
        for options in ((), ("-P",)):
            for arguments, stdin in CALLS:
                if options and "show" not in "".join(arguments):
                    continue
                with self.subTest(arguments, options=options):
                    arguments = [part.replace("{folder}", self.folder) for part in arguments]
                    stock = self.run_python(arguments, stdin, *options)
                    ours = self.run_python(arguments, stdin, *options, "-m", "berkeley")
                    self.assertEqual(ours, stock)

    def test_errors_of_sockets_show_where_the_program_was(self):
        program = "import socket\nsocket.socket().recv(1, 2, 3)\n"
        status, _, errors = self.run_python(["-c", program], None, "-m", "berkeley")
        self.assertEqual(status, 1)
        lines = [line for line in errors.splitlines() if line.startswith("  File")]
        self.assertEqual(lines, ['  File "<string>", line 2, in <module>'])


class Children(unittest.TestCase):
    """Processes that a program starts."""

    PROGRAM = """\
    import multiprocessing, os, socket, sys
    from concurrent.futures import ProcessPoolExecutor

    def who(sock):
        import _socket, socket as again
        kinds = {kind.__spec__.name for kind in (socket, again)}
        with sock:
            return *kinds, type(sock) is socket.socket, issubclass(socket.socket, _socket.socket)

    def grandchild(method, sock):
        with sock, ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
            return pool.submit(who, sock).result()

    if __name__ == "__main__":
        for method in ("fork", "spawn", "forkserver"):
            with socket.socket() as sock:
                with ProcessPoolExecutor(2, multiprocessing.get_context(method)) as pool:
                    print(method, pool.submit(who, sock).result())
                    if method != "fork":
                        print(pool.submit(grandchild, method, sock).result())
    """
    EXPECTED = "".join(
        f"{start}('berkeley.socket', True, True)\n"
        for start in ("fork ", "spawn ", "", "forkserver ", "")
    )

    def check(self, head, *before, environment=None):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "program.py")
            with open(path, "w") as file:
                file.write(head + textwrap.dedent(self.PROGRAM))
            done = subprocess.run(
                [sys.executable, "-W", "error", *before, path],
                capture_output=True,
                text=True,
                timeout=LIMIT,
                env={**os.environ, **(environment or {})},
                check=False,
            )
        self.assertEqual((done.stdout, done.stderr, done.returncode), (self.EXPECTED, "", 0))

    def test_of_multiprocessing_have_these_sockets(self):
        self.check("", "-m", "berkeley")

    def test_with_install_too_also_if_multiprocessing_was_there_before(self):
        self.check("import berkeley\nberkeley.install()\n")
        late = "import multiprocessing, berkeley\nberkeley.install()\n"
        self.check(late, "-W", "ignore::RuntimeWarning")

    def test_also_where_only_the_program_knows_the_package_s_place(self):
        import berkeley

        # Without the packages of the environment, in the children too.
        with tempfile.TemporaryDirectory() as home:
            os.symlink(berkeley.__path__[0], os.path.join(home, "berkeley"))
            head = f"import sys\nsys.path.append({home!r})\nimport berkeley\nberkeley.install()\n"
            self.check(head, "-S")

    def test_programs_that_are_started_anew_have_python_s(self):
        shown = subprocess.run(
            [
                *(sys.executable, "-m", "berkeley", "-c"),
                "import subprocess, sys\n"
                "show = 'import socket; print(socket.__spec__.name)'\n"
                "for way in ([], ['-m', 'berkeley']):\n"
                "    subprocess.run([sys.executable, *way, '-c', show], check=True)\n",
            ],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=True,
        )
        self.assertEqual((shown.stdout, shown.stderr), ("socket\nberkeley.socket\n", ""))


if __name__ == "__main__":
    sys.exit(unittest.main())
