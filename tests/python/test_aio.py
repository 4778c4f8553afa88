"""The datagram endpoint for asyncio."""

import asyncio
import os
import socket as stock
import tempfile
import unittest

import berkeley.aio
from berkeley import socket

LIMIT = 20


class Recorder(asyncio.DatagramProtocol):
    """Keeps what happens; `wait(count)` until so much has."""

    def __init__(self, answer=False):
        self.answer = answer
        self.events = []
        self.datagrams = []
        self.changed = asyncio.Event()

    def connection_made(self, transport):
        self.transport = transport
        self.note("made")

    def connection_lost(self, error):
        self.note("lost", error)

    def datagram_received(self, data, address):
        self.datagrams.append((data, address))
        self.changed.set()
        if self.answer:
            self.transport.sendto(b"re: " + data, address)

    def error_received(self, error):
        self.note("error", type(error))

    def pause_writing(self):
        self.note("pause")

    def resume_writing(self):
        self.note("resume")

    def note(self, *event):
        self.events.append(event)
        self.changed.set()

    async def until(self, condition):
        async with asyncio.timeout(LIMIT):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def received(self, count):
        await self.until(lambda: len(self.datagrams) >= count)
        return self.datagrams


async def endpoint(protocol=Recorder, **options):
    options = options or {"local_addr": ("127.0.0.1", 0)}
    return await berkeley.aio.create_datagram_endpoint(protocol, **options)


class Endpoint(unittest.IsolatedAsyncioTestCase):
    async def test_echo(self):
        server, _ = await endpoint(lambda: Recorder(answer=True))
        address = server.get_extra_info("sockname")
        client, protocol = await endpoint(remote_addr=address)
        self.assertEqual(client.get_extra_info("peername"), address)
        count = 500
        for number in range(count):
            client.sendto(b"%d" % number, address if number % 2 else None)
            if number % 50 == 0:
                # Loopback drops what there is no room for.
                await protocol.received(number)
        got = await protocol.received(count)
        self.assertEqual(got, [(b"re: %d" % number, address) for number in range(count)])
        for transport in (server, client):
            self.assertFalse(transport.is_closing())
            transport.close()
            self.assertTrue(transport.is_closing())
        await protocol.until(lambda: ("lost", None) in protocol.events)
        self.assertEqual(protocol.events, [("made",), ("lost", None)])
        self.assertEqual(client.get_extra_info("socket").fileno(), -1)

    async def test_of_both_kinds_of_socket_and_of_unix(self):
        for module in (socket, stock):
            sock = module.socket(type=socket.SOCK_DGRAM)
            sock.bind(("127.0.0.1", 0))
            transport, protocol = await endpoint(sock=sock)
            transport.sendto(b"to myself", sock.getsockname())
            self.assertEqual(await protocol.received(1), [(b"to myself", sock.getsockname())])
            transport.close()
            await protocol.until(lambda p=protocol: ("lost", None) in p.events)
            self.assertEqual(sock.fileno(), -1)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "socket")
            server, protocol = await endpoint(local_addr=path, family=socket.AF_UNIX)
            client, _ = await endpoint(remote_addr=path, family=socket.AF_UNIX)
            client.sendto(b"by path")
            self.assertEqual(await protocol.received(1), [(b"by path", None)])
            server.abort()
            client.abort()

    async def test_an_error_is_told_and_the_others_are_sent(self):
        receiver, got = await endpoint()
        sender, protocol = await endpoint()
        to = receiver.get_extra_info("sockname")
        for data in (b"first", b"x" * 70000, b"last"):
            sender.sendto(data, to)
        await got.received(2)
        self.assertEqual([data for data, _ in got.datagrams], [b"first", b"last"])
        self.assertEqual(protocol.events, [("made",), ("error", OSError)])
        sender.close()
        receiver.close()

    async def test_a_refused_datagram_is_told(self):
        with stock.socket(type=stock.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            address = probe.getsockname()
        transport, protocol = await endpoint(remote_addr=address)
        transport.sendto(b"anybody?")
        await protocol.until(lambda: len(protocol.events) > 1)
        self.assertEqual(protocol.events[1], ("error", ConnectionRefusedError))
        transport.close()

    async def test_pause_and_resume(self):
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        b.setblocking(False)
        transport, protocol = await endpoint(sock=a)
        transport.set_write_buffer_limits(high=4000, low=1000)
        self.assertEqual(transport.get_write_buffer_limits(), (1000, 4000))
        sent = 0
        while ("pause",) not in protocol.events:
            transport.sendto(b"%05d" % sent)
            sent += 1
        self.assertGreater(transport.get_write_buffer_size(), 4000)
        # What waits is sent before the end.
        transport.close()
        got = []

        def drain():
            try:
                while True:
                    got.extend(data for data, _ in b.recv_batch())
            except BlockingIOError:
                pass
            protocol.changed.set()

        asyncio.get_running_loop().add_reader(b, drain)
        await protocol.until(lambda: len(got) == sent and ("lost", None) in protocol.events)
        asyncio.get_running_loop().remove_reader(b)
        self.assertEqual(got, [b"%05d" % number for number in range(sent)])
        self.assertEqual(protocol.events, [("made",), ("pause",), ("resume",), ("lost", None)])
        self.assertEqual(transport.get_write_buffer_size(), 0)
        transport.sendto(b"nobody sends this")
        b.close()

    async def test_bad_arguments(self):
        transport, _ = await endpoint(remote_addr=("127.0.0.1", 9))
        with self.assertRaisesRegex(TypeError, "bytes-like object, not 'str'"):
            transport.sendto("text")
        with self.assertRaisesRegex(ValueError, "Invalid address: must be None or"):
            transport.sendto(b"x", ("127.0.0.1", 10))
        transport.abort()
        for options, error in (
            ({"sock": stock.socket()}, "A datagram socket was expected"),
            ({"sock": socket.socket(), "local_addr": ("::1", 1)}, "socket modifier keyword"),
        ):
            with options["sock"], self.assertRaisesRegex(ValueError, error):
                await endpoint(**options)
        with self.assertRaisesRegex(ValueError, "unexpected address family"):
            await endpoint(local_addr=None)
        with self.assertRaises(OSError):
            # A documentation address: nothing here has it.
            await endpoint(local_addr=("192.0.2.1", 0))

    async def test_a_protocol_that_raises(self):
        class Wrong(Recorder):
            def datagram_received(self, data, address):
                raise RuntimeError("wrong")

        told = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        transport, protocol = await endpoint(Wrong)
        transport.sendto(b"x", transport.get_extra_info("sockname"))
        await protocol.until(lambda: len(protocol.events) > 1)
        self.assertIsInstance(protocol.events[1][1], RuntimeError)
        self.assertEqual(told[0]["message"], "Fatal read error on datagram transport")

        class Worse(asyncio.DatagramProtocol):
            def connection_made(self, transport):
                raise RuntimeError("worse")

        with self.assertRaisesRegex(RuntimeError, "worse"):
            await endpoint(Worse)
        await asyncio.sleep(0)

    async def test_another_protocol_and_the_end_in_the_middle(self):
        receiver, first = await endpoint()
        to = receiver.get_extra_info("sockname")

        class Closing(Recorder):
            def datagram_received(self, data, address):
                super().datagram_received(data, address)
                self.transport.close()

        second = Closing()
        second.transport = receiver
        receiver.set_protocol(second)
        self.assertIs(receiver.get_protocol(), second)
        sender, _ = await endpoint()
        for _ in range(3):
            sender.sendto(b"x", to)
        await second.until(lambda: ("lost", None) in second.events)
        self.assertEqual((len(first.datagrams), len(second.datagrams)), (0, 1))
        sender.close()


if __name__ == "__main__":
    unittest.main()
