"""``python -m berkeley``: runs a program with berkeley in the place of Python's sockets."""

import os
import sys
from types import CodeType, ModuleType

USAGE = """\
usage: python -m berkeley [-m module | -c code | file] [argument ...]

Runs a Python program with berkeley in the place of `socket` and `_socket`.
"""


def main(arguments: list[str]) -> int:
    if not arguments:
        sys.stderr.write(USAGE)
        return 2
    first, rest = arguments[0], arguments[1:]
    if first in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return 0
    if first in ("-m", "-c") and not rest:
        sys.stderr.write(f"python -m berkeley: {first} needs an argument\n{USAGE}")
        return 2
    if first.startswith("-") and first not in ("-m", "-c"):
        sys.stderr.write(f"python -m berkeley: unknown option {first}\n{USAGE}")
        return 2
    if not _install():
        return 1
    if first == "-m":
        return _run_module(rest[0], rest[1:])
    if first == "-c":
        return _run_code(rest[0], rest[1:])
    return _run_file(first, rest)


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


def _become(code: CodeType, arguments: list[str], **attributes: object) -> int:
    """Runs code as ``__main__``, which it stays after its end: threads may go on."""
    module = ModuleType("__main__")
    # As in the interpreter's own.
    module.__dict__.update(__builtins__=__builtins__, __cached__=None, **attributes)
    sys.modules["__main__"] = module
    sys.argv[:] = arguments
    exec(code, module.__dict__)
    return 0


def _first_path(path: str) -> None:
    """The place of what stands beside the program, if Python has one."""
    if not sys.flags.safe_path and sys.path:
        sys.path[0] = path


def _run_code(code: str, arguments: list[str]) -> int:
    _first_path("")
    return _become(compile(code, "<string>", "exec"), ["-c", *arguments])


def _run_module(name: str, arguments: list[str]) -> int:
    from importlib.util import find_spec

    # What the package of a module does when it is imported may look at it.
    sys.argv[:] = ["-m", *arguments]
    try:
        spec = find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = find_spec(f"{name}.__main__")
            if spec is None:
                return _cannot(f"{name} is a package that cannot be executed: it has no __main__")
    except ModuleNotFoundError as error:
        return _cannot(str(error))
    if spec is None:
        return _cannot(f"no module named {name}")
    code = getattr(spec.loader, "get_code", lambda _: None)(spec.name)
    if code is None:
        return _cannot(f"{name} has no code that can be executed")
    return _become(
        code,
        [spec.origin or name, *arguments],
        __spec__=spec,
        __file__=spec.origin,
        __loader__=spec.loader,
        __package__=spec.parent,
    )


def _run_file(path: str, arguments: list[str]) -> int:
    from importlib.machinery import SourceFileLoader
    from io import open_code

    if os.path.isdir(path) or path.endswith((".pyz", ".zip", ".pyc")):
        from runpy import run_path

        sys.argv[:] = [path, *arguments]
        run_path(path, run_name="__main__")
        return 0
    try:
        with open_code(os.path.abspath(path)) as file:
            source = file.read()
    except OSError as error:
        return _cannot(f"can't open file {path!r}: {error.strerror}", 2)
    _first_path(os.path.dirname(os.path.realpath(path)))
    return _become(
        compile(source, path, "exec"),
        [path, *arguments],
        __file__=path,
        __loader__=SourceFileLoader("__main__", path),
    )


def _cannot(problem: str, status: int = 1) -> int:
    sys.stderr.write(f"python -m berkeley: {problem}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
