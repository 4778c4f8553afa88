"""trio: its streams and its sockets, TLS, names, and a timeout."""

import functools
import ssl

import trio
import trustme

authority = trustme.CA()
server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
authority.issue_cert("localhost").configure_cert(server_side)
client_side = ssl.create_default_context()
authority.configure_trust(client_side)


async def echo(stream):
    async with stream:
        async for data in stream:
            await stream.send_all(data)


async def client(address, counted):
    async with await trio.open_tcp_stream(*address) as stream:
        await stream.send_all(b"hello")
        counted.append(await stream.receive_some())


async def main():
    local = {"host": "127.0.0.1"}
    async with trio.open_nursery() as nursery:
        (plain,) = await nursery.start(functools.partial(trio.serve_tcp, echo, 0, **local))
        serve_tls = functools.partial(trio.serve_ssl_over_tcp, echo, 0, server_side, **local)
        (secured,) = await nursery.start(serve_tls)
        counted = []
        async with trio.open_nursery() as clients:
            for _ in range(100):
                clients.start_soon(client, plain.socket.getsockname(), counted)
        print(len(counted), set(counted))
        port = secured.transport_listener.socket.getsockname()[1]
        tcp = await trio.open_tcp_stream("127.0.0.1", port)
        async with trio.SSLStream(tcp, client_side, server_hostname="localhost") as tls:
            await tls.send_all(b"secret")
            print(await tls.receive_some())
        nursery.cancel_scope.cancel()
    first, second = trio.socket.socketpair()
    with first, second:
        with trio.move_on_after(0.01) as scope:
            await first.recv(1)
        print(scope.cancelled_caught, await second.send(b"x"), await first.recv(1))
    udp = trio.socket.socket(trio.socket.AF_INET, trio.socket.SOCK_DGRAM)
    await udp.bind(("localhost", 0))
    await udp.sendto(b"to itself", ("localhost", udp.getsockname()[1]))
    print((await udp.recvfrom(100))[0])
    udp.close()
    print((await trio.socket.getaddrinfo("127.0.0.1", 80))[0])


trio.run(main)
