"""What type checkers must accept of the package: it is checked, and not run."""

import asyncio

import berkeley.aio
import berkeley.socket
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
