from berkeley import socket as socket
from berkeley._holders import Holder as Holder
from berkeley._lookups import (
    abandoned_lookups as abandoned_lookups,
    get_lookup_timeout as get_lookup_timeout,
    set_lookup_timeout as set_lookup_timeout,
)
from berkeley._recording import trace as trace

__all__ = [
    "Holder",
    "abandoned_lookups",
    "get_lookup_timeout",
    "install",
    "set_lookup_timeout",
    "socket",
    "trace",
]

def install() -> None: ...
def is_installed() -> bool: ...
def __dir__() -> list[str]: ...
