"""An echo by asyncio's streams, which knows of no `berkeley`: microseconds for one.

    python benches/python/echo.py [--connections N] [--size N]
    python -m berkeley benches/python/echo.py

The first number is from the start of the process, the second after connections have ended. asyncio
asks for 256 KiB a read; CPython makes an object of that size for them, which the C library has the
kernel map, cut down and unmap each time, until for the first time memory of that size is freed
whole: after the end of a stream, or by a program that uses as much for something else. A server
whose clients stay, or a client, pays for the time before.
"""

import argparse
import asyncio
import json
import os
import time


async def echoed(count, connections, size):
    async def serve(reader, writer):
        while some := await reader.read(1 << 16):
            writer.write(some)
        writer.close()
        ended.append(True)
        if len(ended) == connections:
            done.set()

    async def ask(reader, writer):
        for _ in range(count // connections):
            writer.write(data)
            await reader.readexactly(size)

    data, ended, done = b"x" * size, [], asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=connections)
    to = server.sockets[0].getsockname()
    clients = [await asyncio.open_connection(*to) for _ in range(connections)]
    os.getppid()  # strace counts from here to the next one.
    start = time.perf_counter()
    await asyncio.gather(*(ask(*client) for client in clients))
    taken = time.perf_counter() - start
    os.getppid()
    for _, writer in clients:
        writer.close()
    await done.wait()
    server.close()
    return taken / count * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000, help="of echoes, in all")
    parser.add_argument("--size", type=int, default=64)
    options = parser.parse_args()
    given = options.count, options.connections, options.size
    first, later = (asyncio.run(echoed(*given)) for _ in range(2))
    print(json.dumps({"first": first, "later": later}))


if __name__ == "__main__":
    main()
