"""An echo of datagrams by asyncio: microseconds for one.

    python benches/python/datagrams.py [--in-flight N] [--size N] [--batches]

With --batches the one line is changed that `berkeley.aio` asks for.
"""

import argparse
import asyncio
import json
import time


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


class Asker(asyncio.DatagramProtocol):
    """Keeps so many questions under way until all are answered."""

    def __init__(self, options):
        self.left, self.unasked = options.count, options.count - options.in_flight
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.left -= 1
        if self.unasked:
            self.unasked -= 1
            self.transport.sendto(data)
        elif not self.left:
            self.done.set_result(None)


async def echoed(options):
    make = asyncio.get_running_loop().create_datagram_endpoint
    if options.batches:
        from berkeley.aio import create_datagram_endpoint as make
    server, _ = await make(Echo, local_addr=("127.0.0.1", 0))
    to = server.get_extra_info("sockname")
    client, asker = await make(lambda: Asker(options), remote_addr=to)
    start = time.perf_counter()
    for _ in range(options.in_flight):
        client.sendto(b"x" * options.size)
    # What loopback has no room for is lost: then this says so.
    await asyncio.wait_for(asker.done, 60)
    taken = time.perf_counter() - start
    client.close()
    server.close()
    return taken / options.count * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--in-flight", type=int, default=1)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batches", action="store_true")
    print(json.dumps({"first": asyncio.run(echoed(parser.parse_args()))}))


if __name__ == "__main__":
    main()
