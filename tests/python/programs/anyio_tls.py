"""TLS of anyio, on both of its loops."""

import ssl

import anyio
import trustme
from anyio.abc import SocketAttribute
from anyio.streams.tls import TLSListener

authority = trustme.CA()
server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
authority.issue_cert("localhost").configure_cert(server_side)
client_side = ssl.create_default_context()
authority.configure_trust(client_side)


async def echo(stream):
    async with stream:
        try:
            while True:
                await stream.send((await stream.receive()).upper())
        except anyio.EndOfStream:
            pass


async def main():
    (plain,) = (await anyio.create_tcp_listener(local_host="127.0.0.1")).listeners
    listener = TLSListener(plain, server_side)
    port = plain.extra(SocketAttribute.local_port)
    secure = {"tls": True, "ssl_context": client_side, "tls_hostname": "localhost"}
    async with anyio.create_task_group() as group:
        group.start_soon(listener.serve, echo)
        async with await anyio.connect_tcp("127.0.0.1", port, **secure) as stream:
            for text in (b"hello", b"again"):
                await stream.send(text)
                print(await stream.receive())
        group.cancel_scope.cancel()
    await plain.aclose()


for backend in ("asyncio", "trio"):
    anyio.run(main, backend=backend)
