"""``python -m berkeley``: runs a program with berkeley in the place of Python's sockets."""

import os
import sys
from collections.abc import Callable
from types import CodeType, ModuleType, TracebackType

USAGE = """\
usage: python -m berkeley [trace [option ...]] [-m module | -c code | file | -] [argument ...]
       python -m berkeley ps PID

Runs a Python program with berkeley in the place of `socket` and `_socket`, otherwise as `python`
runs it. Options of Python itself stand before: python -X dev -m berkeley app.py

  -m module  a module or package, with what follows as its arguments
  -c code    a program given as text
  file       a file, a folder or a zip file with a __main__.py
  -          a program from standard input

`ps` lists the sockets of another process. A program that is run with BERKELEY_PLACES=1 in its
environment shows there where it opened each; a file of that name is ./ps.

Processes of `multiprocessing` have these sockets too, other programs that are started have not.

`trace` before it records every call of every socket, of the program and of those that it starts
with berkeley, for `berkeley trace html` and its like to draw:

  -o FILE          where (default: trace.jsonl); %p in it is the number of the process
  --payload BYTES  keep so many bytes of what each call sends and receives (default: 32)
  --sample SECONDS ask TCP about each connection so often

A program with the name `trace` is ./trace.
"""


def main(arguments: list[str]) -> int:
    if not arguments:
        sys.stderr.write(USAGE)
        return 2
    first, rest = arguments[0], arguments[1:]
    if first in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return 0
    if first == "trace":
        rest_or_status = _trace(rest)
        if isinstance(rest_or_status, int):
            return rest_or_status
        first, rest = rest_or_status[0], rest_or_status[1:]
        arguments = rest_or_status
    if first == "ps":
        from berkeley import _ps

        return _ps.main(rest)
    # As Python takes them: `-mmodule` is `-m module`.
    if first[:2] in ("-m", "-c") and len(first) > 2:
        first, rest = first[:2], [first[2:], *rest]
    if first in ("-m", "-c") and not rest:
        sys.stderr.write(f"python -m berkeley: {first} needs an argument\n{USAGE}")
        return 2
    if first.startswith("-") and first not in ("-m", "-c", "-"):
        sys.stderr.write(f"python -m berkeley: unknown option {first}\n{USAGE}")
        return 2
    if not _install():
        return 1
    if os.environ.get("BERKELEY_PLACES", "0") not in ("", "0"):
        from berkeley import _ps

        _ps.share()
    if first == "-m":
        _run_module(rest[0], ["-m", *rest[1:]])
    elif first == "-c":
        _run_code(rest[0], ["-c", *rest[1:]])
    elif first == "-":
        _run_input(arguments)
    else:
        return _run_file(first, arguments)
    return 0


def _trace(arguments: list[str]) -> list[str] | int:
    """Prepares a recording, and returns the program and its arguments, or a status."""
    options = {"-o": "trace.jsonl", "--payload": "32", "--sample": ""}
    while arguments and arguments[0].split("=")[0] in options:
        name, is_joined, value = arguments[0].partition("=")
        if not is_joined:
            if len(arguments) == 1:
                sys.stderr.write(f"python -m berkeley trace: {name} needs an argument\n{USAGE}")
                return 2
            value = arguments[1]
        options[name], arguments = value, arguments[1 if is_joined else 2 :]
    if not arguments:
        sys.stderr.write(f"python -m berkeley trace: there is no program\n{USAGE}")
        return 2
    path = os.path.abspath(options["-o"])
    try:
        int(options["--payload"] or 0), float(options["--sample"] or 0)
        if "%p" not in path:
            # Those that the program starts write behind what is there.
            open(path, "wb").close()
    except ValueError as error:
        sys.stderr.write(f"python -m berkeley trace: {error}\n{USAGE}")
        return 2
    except OSError as error:
        sys.stderr.write(f"python -m berkeley trace: {path}: {error.strerror}\n")
        return 1
    import warnings

    # The recorder's own thread is not of the program, and holds nothing when a copy is made.
    warnings.filterwarnings("ignore", ".*is multi-threaded, use of .*fork", DeprecationWarning)
    os.environ["BERKELEY_TRACE"] = path
    os.environ["BERKELEY_TRACE_PAYLOAD"] = options["--payload"]
    os.environ["BERKELEY_TRACE_SAMPLE"] = options["--sample"]
    return arguments


def _install() -> bool:
    import berkeley

    early = [name for name in ("ssl", "_ssl", "socket", "_socket") if name in sys.modules]
    if not early or berkeley.is_installed():
        berkeley.install()
        return True
    names = ", ".join(early)
    why = "something that runs at the start of Python has done that: sitecustomize, or a .pth file"
    if "_ssl" in early:
        sys.stderr.write(
            f"python -m berkeley: too late: {names} imported before; {why}. "
            "The program would have CPython's sockets, so it is not run\n"
        )
        return False
    sys.stderr.write(
        f"python -m berkeley: {names} imported before; {why}. "
        "What has imported them keeps CPython's sockets, the rest of the program has berkeley's\n"
    )
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        berkeley.install()
    return True


def _new_main(arguments: list[str], **attributes: object) -> dict[str, object]:
    """The names of a new ``__main__``, which stays after the program's end: threads may go on."""
    from importlib.machinery import BuiltinImporter

    module = ModuleType("__main__")
    # As in the interpreter's own.
    if sys.version_info < (3, 14):
        module.__annotations__ = {}
    names = {"__loader__": BuiltinImporter, "__builtins__": sys.modules["builtins"]}
    module.__dict__.update({**names, **attributes})
    sys.modules["__main__"] = module
    sys.argv[:] = arguments
    return module.__dict__


def _first_path(path: str) -> None:
    """The place of what stands beside the program, if Python has one."""
    if not sys.flags.safe_path and sys.path:
        sys.path[0] = path


def _run_code(code: str, arguments: list[str]) -> None:
    _first_path("")
    if sys.version_info >= (3, 14):
        import textwrap

        code = textwrap.dedent(code)
    if sys.version_info >= (3, 13):
        # Where tracebacks find its lines.
        import linecache

        lines = code.splitlines(keepends=True)
        linecache.cache["<string>"] = (len(code), None, lines, "<string>")
    _execute(code, "<string>", _new_main(arguments))


def _run_input(arguments: list[str]) -> None:
    _first_path("")
    names = _new_main(arguments, __file__="<stdin>", __cached__=None)
    if sys.stdin.isatty():
        from code import interact

        interact(local=names, exitmsg="")
    else:
        _execute(sys.stdin.buffer.read(), "<stdin>", names)


def _run_module(name: str, arguments: list[str], is_option: bool = True) -> None:
    # What the interpreter itself calls for -m.
    from runpy import _run_module_as_main  # type: ignore[attr-defined]

    _new_main(arguments)
    _run(lambda: _run_module_as_main(name, is_option))


def _run_file(path: str, arguments: list[str]) -> int:
    from importlib.machinery import SourceFileLoader, SourcelessFileLoader
    from io import open_code
    from pkgutil import get_importer

    full = os.path.join(os.getcwd(), path) if path else os.getcwd()
    if get_importer(full) is not None:
        # A folder or a zip file, whatever its name.
        if sys.flags.safe_path:
            sys.path.insert(0, full)
        _first_path(full)
        _run_module("__main__", arguments, False)
        return 0
    try:
        with open_code(full) as file:
            source = file.read()
    except OSError as error:
        problem = f"[Errno {error.errno}] {error.strerror}"
        sys.stderr.write(f"{sys.orig_argv[0]}: can't open file {full!r}: {problem}\n")
        return 2
    _first_path(os.path.dirname(os.path.realpath(path)))
    compiled = path.endswith(".pyc")
    loader = (SourcelessFileLoader if compiled else SourceFileLoader)("__main__", full)
    names = _new_main(arguments, __file__=full, __cached__=None, __loader__=loader)
    _execute(loader.get_code("__main__") if compiled else source, full, names)
    return 0


def _execute(source: str | bytes | CodeType | None, name: str, names: dict[str, object]) -> None:
    def run() -> None:
        code = source
        if isinstance(code, (str, bytes)):
            code = compile(code, name, "exec", dont_inherit=True)
        if code is not None:
            exec(code, names)

    _run(run)


def _run(program: Callable[[], object]) -> None:
    """Runs it. An exception that ends it is shown as Python shows it: without frames from here."""
    try:
        program()
    except SystemExit:
        raise
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        _show_without(trace)
        raise


def _show_without(trace: TracebackType | None) -> None:
    """Lets the exception that is now on its way be shown with this trace of it.

    Only the interpreter can end as after an exception, a signal of Ctrl-C included. It adds frames
    until it asks this hook.
    """
    hook = getattr(sys, "excepthook", None)
    if hook is None:
        return

    def show(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
        sys.excepthook, sys.last_traceback = hook, trace
        hook(kind, error.with_traceback(trace), trace)

    sys.excepthook = show


def _begin() -> None:
    """Without an exit where there is nothing to say: a program that ends well ends by itself."""
    status = main(sys.argv[1:])
    if status:
        sys.exit(status)


if __name__ == "__main__":
    _begin()
