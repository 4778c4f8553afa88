"""What options, control messages, errors and pings tell, as values with names.

Sockets answer these: ``sock.tcp_info()``, ``sock.get_option(name)``, ``sock.decode_control(...)``,
``sock.recv_error()``; and ``berkeley.ping()``. Every duration is in seconds.
"""

import os
import sys
from collections import namedtuple
from collections.abc import Iterable, Sequence
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex, TypeVar

from berkeley._berkeley import _native, if_indextoname

__all__ = [
    "Control",
    "ControlData",
    "Credentials",
    "DeliveryFlags",
    "ExtendedError",
    "Flags",
    "MemInfo",
    "MptcpInfo",
    "Named",
    "PacketInfo",
    "PingReply",
    "PingReport",
    "QueuedError",
    "TcpInfo",
    "Timestamp",
    "Timestamps",
    "WindowScales",
    "decode_control",
    "ping",
]


if TYPE_CHECKING and sys.version_info < (3, 12):
    # A class below int has a layout of its own there, and stubtest wants to be told.
    from typing_extensions import disjoint_base as _disjoint_base
else:
    _Kind = TypeVar("_Kind")

    def _disjoint_base(kind: _Kind) -> _Kind:
        return kind


@_disjoint_base
class Named(int):
    """A number that may have a name: the state of a connection, a family, an error."""

    name: str | None

    def __new__(cls, number: int, name: str | None = None) -> "Named":
        self = super().__new__(cls, number)
        self.name = name
        return self

    def __repr__(self) -> str:
        return f"<{self.name}: {int(self)}>" if self.name else str(int(self))

    def __str__(self) -> str:
        return self.name or str(int(self))


@_disjoint_base
class Flags(int):
    """Bits, and the names of those that have one: ``"SACK" in info.options``."""

    names: tuple[str, ...]

    def __new__(cls, bits: int, names: Iterable[str] = ()) -> "Flags":
        self = super().__new__(cls, bits)
        self.names = tuple(names)
        return self

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __repr__(self) -> str:
        return f"<{'|'.join(self.names) or 'none'}: {int(self)}>"

    __str__ = __repr__


class Timestamp(float):
    """Seconds since the epoch, as time.time() has them; ``ns`` is exact, as time.time_ns()."""

    ns: int

    def __new__(cls, ns: int) -> "Timestamp":
        self = super().__new__(cls, ns / 1_000_000_000)
        self.ns = ns
        return self

    def __repr__(self) -> str:
        seconds, rest = divmod(abs(self.ns), 1_000_000_000)
        return f"{'-' * (self.ns < 0)}{seconds}.{rest:09}"

    def __getnewargs__(self) -> tuple[int]:
        return (self.ns,)


class WindowScales(NamedTuple):
    """By which powers of two windows are to be multiplied."""

    send: int
    receive: int


class DeliveryFlags(NamedTuple):
    """What limits the delivery rate, and what became of data in the first packet."""

    app_limited: bool
    fast_open_failure: int


class TcpInfo(NamedTuple):
    """What the system knows of a TCP connection. Times are in seconds; see tcp(7), TCP_INFO.

    What an older kernel does not tell is None.
    """

    #: The state.
    state: Named
    #: What congestion control makes of losses.
    congestion: Named
    #: How often the oldest segment has been sent again without an answer.
    retransmits: int
    #: How many probes of a closed window or an idle peer have not been answered.
    probes: int
    #: How often the timeout has been doubled.
    backoff: int
    #: What both sides have agreed on.
    options: Flags
    #: By what the windows in packets are to be multiplied.
    window_scales: WindowScales
    #: What limits the delivery rate, and what became of data in the first packet.
    delivery: DeliveryFlags
    #: After how long without an acknowledgement data is sent again.
    rto: float
    #: How long an acknowledgement may be delayed.
    ato: float
    #: The largest segment sent, in bytes.
    send_mss: int
    #: The largest segment received, in bytes.
    receive_mss: int
    #: How many segments are sent and not acknowledged; how many connections wait to be accepted,
    #: if the socket listens.
    unacked: int
    #: How many of them the peer has beyond a gap; how many connections may wait, if the socket
    #: listens.
    sacked: int
    #: How many are taken for lost, in segments.
    lost: int
    #: How many are sent again and not acknowledged, in segments.
    retransmitting: int
    #: No longer used by the kernel.
    forward_acked: int
    #: How long ago data was sent.
    last_data_sent: float
    #: Never told.
    last_ack_sent: float
    #: How long ago data was received.
    last_data_received: float
    #: How long ago an acknowledgement was received.
    last_ack_received: float
    #: The largest packet of the path, in bytes.
    path_mtu: int
    #: How large the receive window may become at once, in bytes.
    receive_ssthresh: int
    #: The time there and back, smoothed.
    rtt: float
    #: How much that time varies.
    rtt_variance: float
    #: From which window on it grows slowly, in segments.
    send_ssthresh: int
    #: The congestion window, in segments.
    congestion_window: int
    #: The largest segment that the peer was told of, in bytes.
    advertised_mss: int
    #: How far out of order segments may come without being taken for lost, in segments.
    reordering: int
    #: The time there and back as the receiver sees it; zero if it does not.
    receive_rtt: float
    #: How much the application reads in that time, in bytes.
    receive_space: int
    #: How many segments have been sent again in all.
    total_retransmits: int
    #: How fast the kernel sends, in bytes per second; `u64::MAX` is without a limit.
    pacing_rate: int | None
    #: How fast it may send, in bytes per second; `u64::MAX` is without a limit.
    max_pacing_rate: int | None
    #: How many bytes have been acknowledged. Linux 4.1
    bytes_acked: int | None
    #: How many bytes have been received. Linux 4.1
    bytes_received: int | None
    #: How many segments have been sent. Linux 4.2
    segments_out: int | None
    #: How many segments have been received. Linux 4.2
    segments_in: int | None
    #: How many bytes wait to be sent. Linux 4.6
    unsent_bytes: int | None
    #: The shortest time there and back; `u32::MAX` microseconds before the first. Linux 4.6
    min_rtt: float | None
    #: How many segments with data have been received. Linux 4.6
    data_segments_in: int | None
    #: How many segments with data have been sent. Linux 4.6
    data_segments_out: int | None
    #: How fast data has arrived at the peer, in bytes per second. Linux 4.9
    delivery_rate: int | None
    #: How long there was something to send. Linux 4.10
    busy_time: float | None
    #: How long the peer's window was in the way. Linux 4.10
    receive_window_limited: float | None
    #: How long the send buffer was in the way. Linux 4.10
    send_buffer_limited: float | None
    #: How many segments have arrived, also those sent twice. Linux 4.18
    delivered: int | None
    #: How many of them met congestion. Linux 4.18
    delivered_ce: int | None
    #: How many bytes have been sent, also those sent twice. Linux 4.19
    bytes_sent: int | None
    #: How many bytes have been sent again. Linux 4.19
    bytes_retransmitted: int | None
    #: How many segments came to the peer twice. Linux 4.19
    duplicate_sacks: int | None
    #: How often segments came out of order. Linux 4.19
    reorderings_seen: int | None
    #: How many segments have been received out of order. Linux 5.4
    out_of_order: int | None
    #: The peer's window, in bytes. Linux 5.4
    send_window: int | None
    #: This side's window, in bytes. Linux 6.2
    receive_window: int | None
    #: How often another path was tried after a timeout. Linux 6.2
    rehashes: int | None
    #: How many timeouts there have been. Linux 6.7
    timeouts: int | None
    #: How many times a connection went on after some. Linux 6.7
    timeout_recoveries: int | None
    #: How long all those took. Linux 6.7
    timeout_time: float | None
    #: How many segments have been received that met congestion. Linux 6.18
    received_ce: int | None
    #: How many bytes came to the peer marked ECT(1). Linux 6.18
    delivered_e1_bytes: int | None
    #: How many bytes came to the peer marked ECT(0). Linux 6.18
    delivered_e0_bytes: int | None
    #: How many bytes came to the peer marked CE. Linux 6.18
    delivered_ce_bytes: int | None
    #: How many bytes have been received marked ECT(1). Linux 6.18
    received_e1_bytes: int | None
    #: How many bytes have been received marked ECT(0). Linux 6.18
    received_e0_bytes: int | None
    #: How many bytes have been received marked CE. Linux 6.18
    received_ce_bytes: int | None


class MptcpInfo(NamedTuple):
    """What the system knows of a connection of Multipath TCP; see RFC 8684.

    What an older kernel does not tell is None.
    """

    #: How many subflows there are beside the first.
    subflows: int
    #: How many addresses the peer was told of.
    addresses_told: int
    #: How many of the peer's addresses are in use.
    addresses_accepted: int
    #: How many subflows there may be.
    max_subflows: int
    #: How many addresses the peer may be told of.
    max_addresses_told: int
    #: How many of the peer's addresses may be used.
    max_addresses_accepted: int
    #: What has become of it.
    flags: Flags
    #: The number that this machine knows it by.
    token: int
    #: The number of the next byte to send.
    write_sequence: int
    #: The number of the first byte not acknowledged.
    unacked_sequence: int
    #: The number of the next byte to receive.
    received_sequence: int
    #: How many of this machine's addresses are in use. Linux 5.13
    local_addresses: int | None
    #: How many may be. Linux 5.13
    max_local_addresses: int | None
    #: Whether data has checksums. Linux 5.14
    checksums: bool | None
    #: How often data has been sent again, by another subflow. Linux 6.5
    retransmits: int | None
    #: How many bytes have been. Linux 6.5
    bytes_retransmitted: int | None
    #: How many bytes have been sent. Linux 6.5
    bytes_sent: int | None
    #: How many bytes have been received. Linux 6.5
    bytes_received: int | None
    #: How many bytes have been acknowledged. Linux 6.5
    bytes_acked: int | None
    #: How many subflows there are, with the first. Linux 6.7
    subflows_total: int | None
    #: How long ago data was sent. Linux 6.10
    last_data_sent: float | None
    #: How long ago data was received. Linux 6.10
    last_data_received: float | None
    #: How long ago an acknowledgement was received. Linux 6.10
    last_ack_received: float | None


class Credentials(NamedTuple):
    """Who has sent a message, or is at the other end of a UNIX socket."""

    pid: int
    uid: int
    gid: int


class PacketInfo(NamedTuple):
    """Where a datagram came to: the interface, the host to answer from, and its destination."""

    interface: int
    local: str
    destination: str

    @property
    def interface_name(self) -> str | None:
        """The name of the interface, or None if it is gone."""
        try:
            return if_indextoname(self.interface)
        except OSError:
            return None


class Timestamps(NamedTuple):
    """When a packet came or went, by the system's clock and by the device's own."""

    software: Timestamp | None
    hardware: float | None


class ExtendedError(NamedTuple):
    """An error of a packet that was sent, as the kernel puts it: see ip(7), IP_RECVERR."""

    errno: int
    origin: int
    type: int
    code: int
    info: int
    data: int
    offender: Any


class MemInfo(NamedTuple):
    """How much memory a socket uses, in bytes, and how many packets it has dropped."""

    receive_used: int
    receive_buffer: int
    send_used: int
    send_buffer: int
    reserved: int
    send_queued: int
    options: int
    backlog: int
    drops: int


_KNOWN: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        Credentials,
        DeliveryFlags,
        ExtendedError,
        MemInfo,
        MptcpInfo,
        PacketInfo,
        TcpInfo,
        Timestamps,
        WindowScales,
    )
}
_MADE: dict[tuple[str, tuple[str, ...]], Any] = {}


def record(name: str, fields: Sequence[str], values: Sequence[Any]) -> Any:
    """A named tuple of one of the types above, or of one that is made for it. Rust calls this."""
    spelled = tuple("type" if field == "ty" else field + "_" * iskeyword(field) for field in fields)
    kind: Any = _KNOWN.get(name)
    if kind is None or kind._fields != spelled:
        kind = _MADE.get((name, spelled))
    if kind is None:
        kind = _MADE[name, spelled] = namedtuple(name, spelled)
    return kind._make(values)


class Control(NamedTuple):
    """A control message: its name in C if the kind is known, its value, and where it stands."""

    name: str | None
    value: Any
    level: int
    type: int


class ControlData(list[Control]):
    """The control messages that came along with some data."""

    def get(self, name: str, default: Any = None) -> Any:
        """The value of the first message of a kind, by its name in C: ``"IP_TTL"``."""
        return next((item.value for item in self if item.name == name), default)


def decode_control(
    ancdata: Iterable[tuple[int, int, Any]], family: SupportsIndex = 0
) -> ControlData:
    """What recvmsg() has answered as (level, type, data), as (name, value, level, type).

    Of Bluetooth the family must be said: its levels have the numbers of IP's. Descriptors belong to
    whoever called recvmsg(), as before.
    """
    decoded: ControlData = _native.decode_control(family, ancdata)
    return decoded


class QueuedError(NamedTuple):
    """An entry of the queue of errors. What its kind does not tell is None.

    ========== =====================================================================================
    kind       tells
    ========== =====================================================================================
    local      errno, mtu: this machine itself would not send it
    icmp       errno, type, code, mtu, offender: somebody on the way, or the peer, has said so
    timestamp  stage (sent, scheduled, acknowledged, completed), id, time, hardware
    zerocopy   first, last, copied: the memory of these sends is free again
    txtime     errno, txtime: it was not sent when it should have been
    other      errno, origin, type, code, info, data_number, offender
    ========== =====================================================================================

    data is what the kernel has kept of the packet, and destination where it was going.
    """

    kind: str
    data: bytes = b""
    truncated: bool = False
    destination: Any = None
    errno: Named | None = None
    type: int | None = None
    code: int | None = None
    mtu: int | None = None
    offender: Any = None
    stage: str | None = None
    id: int | None = None
    time: Timestamp | None = None
    hardware: float | None = None
    first: int | None = None
    last: int | None = None
    copied: bool | None = None
    txtime: int | None = None
    origin: int | None = None
    info: int | None = None
    data_number: int | None = None

    @property
    def error(self) -> OSError | None:
        """The error as an exception, if it is one."""
        return OSError(int(self.errno), os.strerror(self.errno)) if self.errno else None


class PingReply(NamedTuple):
    """What became of one question. Without an answer, error says why, and the rest is None."""

    sequence: int
    time: float | None
    address: str | None
    ttl: int | None
    size: int | None
    error: OSError | None


class PingReport(NamedTuple):
    """What came of asking a host; true if it has answered at all."""

    address: str
    replies: list[PingReply]

    @property
    def times(self) -> list[float]:
        """The times there and back of those questions that were answered, in seconds."""
        return [reply.time for reply in self.replies if reply.time is not None]

    @property
    def sent(self) -> int:
        """How often it was asked."""
        return len(self.replies)

    @property
    def received(self) -> int:
        """How often it has answered."""
        return len(self.times)

    @property
    def loss(self) -> float:
        """Which part of the questions was not answered: 0.0 to 1.0."""
        return 1 - self.received / self.sent if self.replies else 0.0

    @property
    def min(self) -> float | None:
        """The shortest time."""
        return min(self.times, default=None)

    @property
    def mean(self) -> float | None:
        """The mean of the times."""
        return sum(self.times) / self.received if self.times else None

    @property
    def max(self) -> float | None:
        """The longest time."""
        return max(self.times, default=None)

    def __bool__(self) -> bool:
        return bool(self.times)


def ping(
    host: str | bytes,
    count: int = 1,
    timeout: float = 1.0,
    *,
    interval: float = 1.0,
    size: int = 56,
    family: int = 0,
) -> PingReport:
    """Ask a host, by ICMP echo, whether it is there and how long that takes.

    count      -- how often
    timeout    -- how many seconds to wait for each answer
    interval   -- how many seconds between two questions
    size       -- how many bytes go along
    family     -- AF_INET or AF_INET6, if it shall be one of them

    That takes no right where the system lets this user's group; where not, the PermissionError says
    which setting forbids it. Raises an audit event berkeley.ping with the address.
    """
    from berkeley import socket

    # The first address, by the function that everybody uses: it is audited, and may be replaced.
    first: Any = socket.getaddrinfo(host, None, family, socket.SOCK_DGRAM)[0][4]
    asked = first[0] if len(first) < 4 or not first[3] else f"{first[0]}%{first[3]}"
    sys.audit("berkeley.ping", asked)
    address, replies = _native.ping(asked, count, timeout, interval, size)
    return PingReport(address, [PingReply(*reply) for reply in replies])
