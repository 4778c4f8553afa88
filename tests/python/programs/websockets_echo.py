"""websockets: with asyncio, and with threads."""

import asyncio
import threading

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as connect_sync
from websockets.sync.server import serve as serve_sync


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def main():
    async with serve(echo, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()

        async def client(number):
            async with connect(f"ws://{host}:{port}", proxy=None) as connection:
                for step in range(20):
                    await connection.send(f"{number} {step}")
                    assert await connection.recv() == f"{number} {step}"
                await connection.send(b"x" * 500_000)
                return len(await connection.recv())

        print(set(await asyncio.gather(*(client(number) for number in range(20)))))


def echo_sync(connection):
    for message in connection:
        connection.send(message[::-1])
    connection.close(1000, "enough")


asyncio.run(main())
with serve_sync(echo_sync, "127.0.0.1", 0) as server:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    host, port = server.socket.getsockname()
    with connect_sync(f"ws://{host}:{port}", proxy=None) as connection:
        connection.send("backwards")
        print(connection.recv(timeout=30))
        try:
            connection.recv(timeout=0.01)
        except TimeoutError as error:
            print(repr(error))
    try:
        connection.send("late")
    except ConnectionClosed as error:
        print(type(error).__name__)
    server.shutdown()
    thread.join()
