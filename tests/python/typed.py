"""What type checkers must accept of the package: it is checked, and not run."""

import asyncio

import berkeley.aio
import berkeley.socket
import berkeley.values
from berkeley import install, socket

install()

with socket.create_connection(("127.0.0.1", 1), timeout=2.0) as sock:
    sock.sendall(b"x")
    family: socket.AddressFamily = sock.family
    data: bytes = sock.recv(10)
    file = sock.makefile("rb")
    line: bytes = file.readline()

listener: socket.socket = socket.create_server(("", 0), family=socket.AF_INET)
accepted, address = listener.accept()
same: berkeley.socket.socket = accepted
try:
    answers = socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)
    kind: socket.SocketKind = answers[0][1]
except socket.gaierror as reason:
    print(reason.errno, socket.EAI_NONAME, socket.MsgFlag.MSG_PEEK)

with socket.socket(type=socket.SOCK_DGRAM) as udp:
    offload: bool = udp.set_recv_offload(True)
    sent: int = udp.send_batch([b"x", (b"y", ("127.0.0.1", 1))], ("127.0.0.1", 2))
    sent = udp.send_batch(b"x" * 5000, ("127.0.0.1", 2), segment=1200)
    for data, source in udp.recv_batch(16):
        print(data.hex(), source)
    for datagram in udp.recvmsg_batch():
        print(datagram.data, datagram.ecn, datagram.destination)

with socket.create_connection(
    ("localhost", 80), total_timeout=5, happy_eyeballs_delay=0.25
) as sock:
    sock.set_deadline(2.5)
    left: float | None = sock.deadline
    sock.send_frame(b"x", size=2, byteorder="little")
    frame: bytes = sock.recv_frame(1 << 16, size=2, byteorder="little")
    try:
        frame = sock.recv_exactly(4) + sock.recv_until(b"\r\n", 8192)
    except berkeley.IncompleteReadError as end:
        frame = sock.recv_exactly(4, partial=end.partial)

berkeley.set_lookup_timeout(5)
answers = socket.getaddrinfo("localhost", 80, timeout=berkeley.get_lookup_timeout())
count: int = berkeley.abandoned_lookups()
full: str = socket.getfqdn("127.0.0.1", timeout=1)


class Protocol(asyncio.DatagramProtocol):
    seen = 0


async def look_up() -> None:
    berkeley.aio.use_own_lookups(timeout=5)
    await berkeley.aio.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM, timeout=1)


async def serve() -> int:
    address = ("127.0.0.1", 0)
    transport, protocol = await berkeley.aio.create_datagram_endpoint(Protocol, address)
    transport.sendto(b"x", transport.get_extra_info("sockname"))
    return protocol.seen


def values() -> None:
    with socket.socket() as tcp:
        info: berkeley.values.TcpInfo = tcp.tcp_info()
        rtt: float = info.rtt
        name: str | None = info.state.name
        received: int | None = info.bytes_received
        tcp.set_keepalive(60, 10.5, count=3)
        tcp.set_option("SO_LINGER", None)
        print(rtt, name, received, "SACK" in info.options, tcp.get_option((6, 1)))
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        udp.join_group("239.1.1.1", interface="lo", source="127.0.0.1")
        udp.set_multicast(ttl=1, loop=False, interface=1)
        udp.set_timestamps(send=True)
        data, when, source = udp.recv_timestamped(100)
        if when is not None:
            print(data, when.ns, when + 0.5, source)
        queued = udp.recv_error(wait=True)
        if queued is not None and queued.error is not None:
            raise queued.error
        _, control, _, _ = udp.recvmsg(100, 500)
        for message in udp.decode_control(control):
            print(message.name, message.value)
    report: berkeley.values.PingReport = berkeley.ping("127.0.0.1", 3, timeout=0.5)
    print(report.mean, [reply.ttl for reply in report.replies])
