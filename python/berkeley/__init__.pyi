from berkeley import socket as socket, values as values
from berkeley._holders import Holder as Holder
from berkeley._lookups import (
    abandoned_lookups as abandoned_lookups,
    get_lookup_timeout as get_lookup_timeout,
    set_lookup_timeout as set_lookup_timeout,
)
from berkeley._recording import trace as trace
from berkeley._sockets import (
    SocketInfo as SocketInfo,
    record_places as record_places,
    sockets as sockets,
)
from berkeley._whole import (
    IncompleteReadError as IncompleteReadError,
    LimitOverrunError as LimitOverrunError,
)
from berkeley.values import decode_control as decode_control, ping as ping

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

def install() -> None: ...
def is_installed() -> bool: ...
def __dir__() -> list[str]: ...
