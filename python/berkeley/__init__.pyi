from berkeley import socket as socket
from berkeley._holders import Holder as Holder
from berkeley._lookups import (
    abandoned_lookups as abandoned_lookups,
    get_lookup_timeout as get_lookup_timeout,
    set_lookup_timeout as set_lookup_timeout,
)
from berkeley._sockets import (
    SocketInfo as SocketInfo,
    record_places as record_places,
    sockets as sockets,
)

__all__ = [
    "Holder",
    "SocketInfo",
    "abandoned_lookups",
    "get_lookup_timeout",
    "install",
    "record_places",
    "set_lookup_timeout",
    "socket",
    "sockets",
]

def install() -> None: ...
def is_installed() -> bool: ...
def __dir__() -> list[str]: ...
