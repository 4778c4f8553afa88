"""anyio on both of its loops: TCP, UDP, UNIX sockets and files that are sent."""

import os
import tempfile

import anyio
from anyio.abc import SocketAttribute


async def echo(stream):
    async with stream:
        try:
            while True:
                await stream.send(await stream.receive())
        except anyio.EndOfStream:
            pass


async def main(folder):
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    path = os.path.join(folder, "socket")
    unix = await anyio.create_unix_listener(path)
    async with anyio.create_task_group() as group:
        group.start_soon(listener.serve, echo)
        group.start_soon(unix.serve, receive_file)
        address = listener.extra(SocketAttribute.local_address)
        async with await anyio.connect_tcp(*address) as stream:
            await stream.send(b"hello")
            print(await stream.receive(), stream.extra(SocketAttribute.family).name)
        async with await anyio.connect_unix(path) as stream:
            with open(__file__, "rb") as file:
                await stream.send_fds(b"a file", [file])
            print(await stream.receive())
        async with await anyio.create_udp_socket(local_host="127.0.0.1") as udp:
            host, port = udp.extra(SocketAttribute.local_address)
            await udp.sendto(b"datagram", host, port)
            print((await udp.receive())[0])
        group.cancel_scope.cancel()
    os.unlink(path)


async def receive_file(stream):
    async with stream:
        data, (number,) = await stream.receive_fds(100, 1)
        with open(number, "rb") as file:
            await stream.send(data + b": " + file.readline())


with tempfile.TemporaryDirectory() as folder:
    for backend in ("asyncio", "trio"):
        anyio.run(main, folder, backend=backend)
