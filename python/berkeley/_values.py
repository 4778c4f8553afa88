"""Methods of sockets that answer values where CPython has bytes; what needs Rust is not here.

The types of the values are in ``berkeley.values``, which is loaded when one is needed.
"""

from array import array

from berkeley._berkeley import (
    CMSG_LEN,
    MSG_CMSG_CLOEXEC,
    SCM_RIGHTS,
    SOCK_STREAM,
    SOL_SOCKET,
    _native,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from berkeley.socket import socket
    from berkeley.values import ControlData, MptcpInfo, TcpInfo, Timestamp


def tcp_info(self: "socket") -> "TcpInfo":
    """tcp_info() -> TcpInfo

    Everything that the system knows of a TCP connection. Times are in seconds; what an older
    kernel does not tell is None.
    """
    info: TcpInfo = self.get_option("TCP_INFO")
    return info


def mptcp_info(self: "socket") -> "MptcpInfo":
    """mptcp_info() -> MptcpInfo

    Everything that the system knows of a connection of Multipath TCP.
    """
    info: MptcpInfo = self.get_option("MPTCP_INFO")
    return info


def decode_control(self: "socket", ancdata: "Iterable[tuple[int, int, Any]]") -> "ControlData":
    """decode_control(ancdata) -> ControlData

    What recvmsg() has answered as (level, type, data), as a list of (name, value, level, type).
    A kind that is not known has no name, and its bytes as the value. Descriptors belong to the
    caller, as they did before.
    """
    decoded: ControlData = _native.decode_control(self.family, ancdata)
    return decoded


def set_timestamps(
    self: "socket",
    receive: bool = True,
    send: bool = False,
    *,
    scheduled: bool = False,
    acknowledged: bool = False,
    hardware: bool = False,
) -> None:
    """set_timestamps(receive=True, send=False, *, scheduled=False, acknowledged=False,
    hardware=False)

    Decides which packets bear the time. Those that are received tell it to recv_timestamped() and
    recvmsg(); those that are sent to recv_error(): when the device got them (send), the queue
    (scheduled), and when the peer acknowledged them (of streams). With hardware, the device's own
    clock is told too, if it has one. A stream must be connected first.
    """
    sending = [
        name for name, on in (("SOFTWARE", send), ("SCHED", scheduled), ("ACK", acknowledged)) if on
    ]
    names = [f"TX_{name}" for name in sending]
    if hardware:
        names += ["RX_HARDWARE"] * receive + ["TX_HARDWARE", "OPT_TX_SWHW"] * send
        names.append("RAW_HARDWARE")
    if sending:
        # The packets are numbered, and do not come back with their times.
        names += ["SOFTWARE", "OPT_ID", "OPT_TSONLY"]
        if self.type == SOCK_STREAM:
            names.append("OPT_ID_TCP")
    # By this, no packet that is received lacks its time, as the first after SO_TIMESTAMPING may.
    self.set_option("SO_TIMESTAMPNS", receive)
    self.set_option("SO_TIMESTAMPING", "|".join(names) if names else 0)


def recv_timestamped(
    self: "socket", bufsize: int, flags: int = 0
) -> "tuple[bytes, Timestamp | None, Any]":
    """recv_timestamped(bufsize[, flags]) -> (data, time, address)

    Like recvfrom(), and when the system received it, after set_timestamps(): seconds since the
    epoch, whose attribute ns is exact. None if it was not told.
    """
    data, control, _, address = self.recvmsg(bufsize, 512, flags)
    time = None
    for name, value, _, _ in _native.decode_control(self.family, control):
        if name in _TIMES:
            time = value
    return data, time, address


_TIMES = {"SCM_TIMESTAMPNS", "SCM_TIMESTAMP", "SO_TIMESTAMPNS_NEW", "SO_TIMESTAMP_NEW"}


def send_fds(
    self: "socket",
    buffers: "Iterable[Any]",
    fds: "Iterable[Any]",
    flags: int = 0,
    address: "Any" = None,
) -> int:
    """send_fds(buffers, fds[, flags[, address]]) -> count

    Sends open files along with data, through a UNIX socket: descriptors, or what has a fileno().
    They stay open here.
    """
    numbers = array("i", [fd if isinstance(fd, int) else fd.fileno() for fd in fds])
    return self.sendmsg(buffers, [(SOL_SOCKET, SCM_RIGHTS, numbers)], flags, address)


def recv_fds(
    self: "socket", bufsize: int, maxfds: int, flags: int = 0
) -> "tuple[bytes, list[int], int, Any]":
    """recv_fds(bufsize, maxfds[, flags]) -> (data, fds, msg_flags, address)

    Receives up to maxfds open files, and the data that came along. The descriptors belong to the
    caller, and no program that is started from here has them. MSG_CTRUNC in msg_flags says that
    there were more, which are closed.
    """
    fds = array("i")
    room = CMSG_LEN(maxfds * fds.itemsize)
    data, control, told, address = self.recvmsg(bufsize, room, flags | MSG_CMSG_CLOEXEC)
    for level, kind, content in control:
        if (level, kind) == (SOL_SOCKET, SCM_RIGHTS):
            fds.frombytes(content[: len(content) // fds.itemsize * fds.itemsize])
    return data, list(fds), told & ~MSG_CMSG_CLOEXEC, address
