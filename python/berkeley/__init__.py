"""Sockets on Rust, with the behaviour of Python's own.

``from berkeley import socket`` is Python's ``socket`` module. ``berkeley.install()`` puts it in the
place of ``socket`` for the whole process; ``python -m berkeley app.py`` does that for a program
that nobody edits.
"""

import sys

# What is loaded when it is asked for: install() has to come before most modules.
_LATER = {
    "Holder": "_holders",
    "IncompleteReadError": "_whole",
    "LimitOverrunError": "_whole",
    "SocketInfo": "_sockets",
    "abandoned_lookups": "_lookups",
    "decode_control": "values",
    "get_lookup_timeout": "_lookups",
    "ping": "values",
    "record_places": "_sockets",
    "set_lookup_timeout": "_lookups",
    "sockets": "_sockets",
    "trace": "_recording",
}

__all__ = [
    "Holder",
    "IncompleteReadError",
    "LimitOverrunError",
    "SocketInfo",
    "abandoned_lookups",
    "decode_control",
    "get_lookup_timeout",
    "install",
    "ping",
    "record_places",
    "set_lookup_timeout",
    "socket",
    "sockets",
    "trace",
    "values",
]


def install():
    """Put ``berkeley.socket`` under the names ``socket`` and ``_socket``, for the whole process.

    Processes that ``multiprocessing`` starts from here have it too, other programs have not.
    Call it before anything imports ``socket``. Another call does nothing.

    Raises RuntimeError if ``ssl`` is loaded already: it knows CPython's own sockets alone from then
    on. Warns (RuntimeWarning) if ``socket`` is: whoever has imported it keeps CPython's.
    """
    if is_installed():
        return
    if "_ssl" in sys.modules:
        raise RuntimeError(
            "berkeley.install() comes too late: ssl is loaded, and it takes only the sockets that "
            "were there then; call install() before anything imports ssl"
        )
    from berkeley import _berkeley, _children, _pickling, socket

    if "socket" in sys.modules:
        import warnings

        warnings.warn(
            "berkeley.install() comes late: what has imported socket already keeps CPython's",
            RuntimeWarning,
            stacklevel=2,
        )
    sys.modules["_socket"] = _berkeley
    sys.modules["socket"] = socket
    _pickling.register(socket)
    _children.register()


def is_installed():
    """Whether ``import socket`` gives ``berkeley.socket``."""
    ours = sys.modules.get("berkeley.socket")
    return ours is not None and sys.modules.get("socket") is ours


def __getattr__(name):
    if name in ("socket", "values"):
        import importlib

        return importlib.import_module(f"berkeley.{name}")
    if name in _LATER:
        import importlib

        return getattr(importlib.import_module(f"berkeley.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
