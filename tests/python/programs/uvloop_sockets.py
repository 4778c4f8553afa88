"""uvloop with sockets of the program's own."""

import asyncio
import socket

import uvloop


async def main():
    loop = asyncio.get_running_loop()

    async def echo(reader, writer):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
        writer.close()

    listener = socket.create_server(("127.0.0.1", 0))
    server = await asyncio.start_server(echo, sock=listener)
    address = server.sockets[0].getsockname()
    print(server.sockets[0].family.name, address == listener.getsockname())

    reader, writer = await asyncio.open_connection(sock=socket.create_connection(address))
    writer.write(b"stream" * 100_000)
    print(len(await reader.readexactly(600_000)))
    print(writer.get_extra_info("socket").family.name)
    writer.close()
    await writer.wait_closed()

    with socket.socket() as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, address)
        await loop.sock_sendall(sock, b"by hand")
        print(await loop.sock_recv(sock, 100))

    with socket.create_server(("127.0.0.1", 0)) as second, socket.socket() as sock:
        second.setblocking(False)
        sock.setblocking(False)
        connecting = loop.create_task(loop.sock_connect(sock, second.getsockname()))
        accepted, peer = await loop.sock_accept(second)
        await connecting
        with accepted:
            print(type(accepted) is socket.socket, peer == sock.getsockname())
            readable = loop.create_future()
            loop.add_reader(accepted, lambda: readable.done() or readable.set_result(True))
            await loop.sock_sendall(sock, b"now")
            print(await readable, accepted.recv(10), loop.remove_reader(accepted))

    first, other = socket.socketpair(type=socket.SOCK_DGRAM)
    other.setblocking(False)
    arrived = loop.create_future()

    class Protocol(asyncio.DatagramProtocol):
        def datagram_received(self, data, address):
            arrived.set_result(data)

    transport, _ = await loop.create_datagram_endpoint(Protocol, sock=other)
    first.send(b"datagram")
    print(await arrived)
    transport.close()
    first.close()
    print((await loop.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM))[0])
    server.close()
    await server.wait_closed()


uvloop.run(main())
