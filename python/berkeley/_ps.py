"""``python -m berkeley ps``: the sockets of another process."""

import mmap
import os
import struct
import sys
import time

#: The name of the memory in which a process shows where it opened its sockets, and its rows: when,
#: as seconds since 1970, and the place.
_NAME = "berkeley-places"
_ROW = struct.Struct("=d248s")
_ROWS = 4096

USAGE = """\
usage: python -m berkeley ps PID

Lists the sockets that a process has open: number, kind, addresses, state; what it waits to send and
to read. Where each was opened is known of a process that runs with BERKELEY_PLACES=1 in its
environment: BERKELEY_PLACES=1 python -m berkeley app.py
"""


def share() -> None:
    """Let other processes of this user see where sockets are opened from now on."""
    from berkeley._berkeley import _native
    from berkeley._sockets import record_places

    # No folder has it: it is found among the files of this process, and ends with it.
    file = os.memfd_create(f"{_NAME}-{os.getpid()}", os.MFD_CLOEXEC)
    os.ftruncate(file, _ROWS * _ROW.size)
    _native.share_places(mmap.mmap(file, _ROWS * _ROW.size))
    record_places(True)


def main(arguments: list[str]) -> int:
    if arguments in (["-h"], ["--help"]):
        sys.stdout.write(USAGE)
        return 0
    if len(arguments) != 1 or not arguments[0].isdecimal():
        sys.stderr.write(USAGE)
        return 2
    pid = int(arguments[0])
    try:
        rows = _rows(pid)
    except OSError as error:
        why = "there is no such process" if isinstance(error, FileNotFoundError) else error.strerror
        sys.stderr.write(f"python -m berkeley ps: {pid}: {why}\n")
        return 1
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")
    return 0


def _rows(pid: int) -> list[tuple[str, ...]]:
    """The table, with its heading."""
    from berkeley._berkeley import _native
    from berkeley._sockets import _span

    known = {inode: facts for inode, *facts in _native.open_sockets(pid)}
    files = _files(pid)
    places = _places(pid, files)
    rows: list[tuple[str, ...]] = [("FD", "KIND", "LOCAL", "PEER", "STATE", "OPENED")]
    for fd, target in sorted(files.items()):
        if not target.startswith("socket:["):
            continue
        inode = int(target[len("socket:[") : -1])
        kind, local, peer, state = known.get(inode, ("?", "", "", ""))
        kind = kind.replace("AF_", "").replace("SOCK_", "")
        when, place = places.get(fd, (0.0, ""))
        opened = f"{_span(max(time.time() - when, 0))} ago" if when else ""
        if place:
            opened += f" at {place}"
        rows.append((str(fd), kind, local, peer, state, opened))
    return rows


def _files(pid: int) -> dict[int, str]:
    """What each descriptor of a process is."""
    folder = f"/proc/{pid}/fd"
    files = {}
    for name in os.listdir(folder):
        try:
            files[int(name)] = os.readlink(f"{folder}/{name}")
        except FileNotFoundError:
            continue
    return files


def _places(pid: int, files: dict[int, str]) -> dict[int, tuple[float, str]]:
    """When and where the descriptors were opened, if the process shows it."""
    # A child of fork has its parent's too, in which nothing of its own stands.
    name = f"/memfd:{_NAME}-{pid} (deleted)"
    memory = [fd for fd, target in files.items() if target == name]
    if not memory:
        return {}
    with open(f"/proc/{pid}/fd/{memory[0]}", "rb") as file:
        rows = file.read(_ROWS * _ROW.size)
    rows = rows[: len(rows) // _ROW.size * _ROW.size]
    shown = {}
    for fd, (when, place) in enumerate(_ROW.iter_unpack(rows)):
        text = place.partition(b"\0")[0].decode(errors="replace")
        if when > 0 and text.isprintable():
            shown[fd] = (when, text)
    return shown
