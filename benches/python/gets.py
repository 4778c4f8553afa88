"""GETs by aiohttp's client of aiohttp's server, which know of no `berkeley`: microseconds for one.

    python benches/python/gets.py [--connections N] [--size N]
    python -m berkeley benches/python/gets.py

The connections stay. It needs aiohttp.
"""

import argparse
import asyncio
import json
import time

import aiohttp
from aiohttp import web


async def gets(options):
    body = b"x" * options.size

    async def answer(request):
        return web.Response(body=body)

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    host, port = runner.addresses[0]
    connector = aiohttp.TCPConnector(limit=options.connections)
    async with aiohttp.ClientSession(f"http://{host}:{port}", connector=connector) as session:

        async def client(count):
            for _ in range(count):
                async with session.get("/") as response:
                    assert len(await response.read()) == options.size

        async def all_of_them(count):
            clients = (client(count // options.connections) for _ in range(options.connections))
            await asyncio.gather(*clients)

        await all_of_them(options.connections)
        start = time.perf_counter()
        await all_of_them(options.count)
        taken = time.perf_counter() - start
    await runner.cleanup()
    return taken / options.count * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000, help="of GETs, in all")
    parser.add_argument("--size", type=int, default=64)
    print(json.dumps({"first": asyncio.run(gets(parser.parse_args()))}))


if __name__ == "__main__":
    main()
