"""Processes that multiprocessing starts have the sockets of the one that starts them.

Those of the methods ``spawn`` and ``forkserver`` are new interpreters, which import ``socket``
before anything of the program. So they are told to begin with berkeley by the line of Python that
multiprocessing starts them with, the only thing that comes early enough.
"""

import os
from collections.abc import Sequence
from types import ModuleType

from berkeley import _loading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# How the line begins. The third kind of process, of resource_tracker, has no sockets.
_LINES = ("from multiprocessing.spawn import ", "from multiprocessing.forkserver import ")


def register() -> None:
    """Arranges that, also if multiprocessing is loaded later."""
    _loading.when_loaded("multiprocessing.util", _extend)


def _extend(util: ModuleType) -> None:
    # Not of its documented interface, but there since 3.4.
    spawn = getattr(util, "spawnv_passfds", None)
    if spawn is None:
        return

    def spawnv_passfds(path: "Any", args: Sequence[str], passfds: "Any") -> "Any":
        return spawn(path, [_line(word) for word in args], passfds)

    util.spawnv_passfds = spawnv_passfds  # type: ignore[attr-defined]


def _line(word: str) -> str:
    if not isinstance(word, str) or not word.startswith(_LINES):
        return word
    # Where this package is: the child has the program's sys.path only later.
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return (
        f"import sys; sys.path.append({folder!r}); "
        f"from berkeley import _children; sys.path.pop(); _children.begin(); {word}"
    )


def begin() -> None:
    """What such a process does first."""
    import warnings

    import berkeley

    # If it comes late, the program has been told so where it began.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        berkeley.install()
