"""Many datagrams in one call."""

import gc
import hashlib
import os
import random
import threading
import unittest

from berkeley import socket


def udp(family=socket.AF_INET, timeout=20):
    """A pair of UDP sockets, bound, and the address of the second."""
    host = "127.0.0.1" if family == socket.AF_INET else "::1"
    a, b = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(2))
    for sock in (a, b):
        sock.bind((host, 0))
        sock.settimeout(timeout)
    return a, b, b.getsockname()


def receive(sock, datagrams, **options):
    got = []
    while len(got) < datagrams:
        got += sock.recv_batch(**options)
    return got


class Sending(unittest.TestCase):
    def test_to_one_address(self):
        a, b, to = udp()
        with a, b:
            self.assertEqual(a.send_batch([b"one", bytearray(b"two"), memoryview(b"six")], to), 3)
            self.assertEqual(
                receive(b, 3), [(data, a.getsockname()) for data in (b"one", b"two", b"six")]
            )

    def test_to_the_peer(self):
        for family in (socket.AF_INET, socket.AF_INET6):
            a, b, to = udp(family)
            with a, b:
                a.connect(to)
                self.assertEqual(a.send_batch(iter([b"x", b"", b"y"])), 3)
                self.assertEqual([data for data, _ in receive(b, 3)], [b"x", b"", b"y"])

    def test_to_many_addresses(self):
        a, b, to = udp()
        with a, b, socket.socket(type=socket.SOCK_DGRAM) as third:
            third.bind(("127.0.0.1", 0))
            third.settimeout(20)
            also = third.getsockname()
            pairs = [(b"1", to), (b"2", also), (b"3", ("localhost", to[1])), b"4"]
            self.assertEqual(a.send_batch(pairs, also), 4)
            self.assertEqual([data for data, _ in receive(b, 2)], [b"1", b"3"])
            self.assertEqual([data for data, _ in receive(third, 2)], [b"2", b"4"])

    def test_segments(self):
        a, b, to = udp()
        with a, b:
            data = bytes(range(256)) * 40
            self.assertEqual(a.send_batch(memoryview(data), to, segment=1000), 11)
            got = [piece for piece, _ in receive(b, 11)]
            self.assertEqual(b"".join(got), data)
            self.assertEqual([len(piece) for piece in got], [1000] * 10 + [240])
            self.assertEqual(a.send_batch(b"", to, segment=9), 0)
            # One that does not fit into a datagram is refused as it is alone.
            with self.assertRaisesRegex(OSError, "Message too long") as caught:
                a.send_batch(bytes(70_000), to, segment=69_000)
            self.assertEqual(caught.exception.sent, 0)

    def test_nothing(self):
        a, b, to = udp()
        with a, b:
            self.assertEqual(a.send_batch([], to), 0)
            b.setblocking(False)
            self.assertRaises(BlockingIOError, b.recv_batch)

    def test_an_error_says_what_went_before(self):
        a, b, to = udp()
        with a, b:
            with self.assertRaises(OSError) as caught:
                a.send_batch([b"first", b"second", b"x" * 70000, b"last"], to)
            self.assertEqual(caught.exception.sent, 2)
            self.assertEqual(str(caught.exception), "[Errno 90] Message too long")
            self.assertEqual([data for data, _ in receive(b, 2)], [b"first", b"second"])

    def test_without_waiting_as_many_as_there_is_room_for(self):
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        with a, b:
            a.setblocking(False)
            b.setblocking(False)
            sent = a.send_batch([b"%d" % number for number in range(100_000)])
            self.assertTrue(0 < sent < 100_000, sent)
            with self.assertRaises(BlockingIOError) as caught:
                a.send_batch([b"none"])
            self.assertEqual(caught.exception.sent, 0)
            got = []
            while len(got) < sent:
                got += b.recv_batch()
            self.assertEqual([data for data, _ in got], [b"%d" % n for n in range(sent)])

    def test_bad_arguments(self):
        a, b, to = udp()
        with a, b:
            for wrong, message in (
                (lambda: a.send_batch(b"bytes", to), "give segment"),
                (lambda: a.send_batch(3, to), "not iterable"),
                (lambda: a.send_batch(["text"], to), "bytes-like"),
                (lambda: a.send_batch([(b"x",)], to), "pairs"),
                (lambda: a.send_batch([(b"x", to, 1)]), "pairs"),
                (lambda: a.send_batch([(b"x", "text")]), "tuple"),
                (lambda: a.send_batch([b"x"], to, segment=2), "bytes-like"),
                (lambda: a.send_batch(), "argument"),
                (lambda: b.recv_batch("many"), "integer"),
            ):
                with self.assertRaisesRegex(TypeError, message):
                    wrong()
            for wrong in (
                lambda: a.send_batch(b"x", to, segment=-1),
                lambda: b.recv_batch(0),
                lambda: b.recv_batch(bufsize=-1),
            ):
                self.assertRaises(ValueError, wrong)
            self.assertRaises(OverflowError, a.send_batch, [(b"x", ("127.0.0.1", 1 << 16))])
            self.assertRaises(MemoryError, b.recv_batch, 1024, 1 << 40)
            # Nothing of those that failed has gone.
            b.setblocking(False)
            self.assertRaises(BlockingIOError, b.recv_batch)
        self.assertRaisesRegex(OSError, "Bad file descriptor", a.send_batch, [b"x"])
        self.assertRaisesRegex(OSError, "Bad file descriptor", b.recv_batch)

    def test_a_stream_has_no_datagrams(self):
        a, b = socket.socketpair()
        with a, b:
            self.assertRaises(OSError, a.send_batch, [b"x"])
            self.assertRaises(OSError, b.recv_batch)

    def test_calls_within_calls(self):
        a, b, to = udp()

        def inner():
            yield b"before"
            a.send_batch([b"inner"], to)
            yield b"after"

        with a, b:
            self.assertEqual(a.send_batch(inner(), to), 2)
            self.assertEqual([data for data, _ in receive(b, 3)], [b"inner", b"before", b"after"])


class Receiving(unittest.TestCase):
    def test_what_is_cut_off_is_told(self):
        a, b, to = udp()
        with a, b:
            a.send_batch([b"12345678", b"123"], to)
            with self.assertRaises(OSError) as caught:
                receive(b, 2, bufsize=4)
            self.assertEqual(str(caught.exception), "[Errno 90] Message too long")
            self.assertEqual([data for data, _ in caught.exception.datagrams], [b"1234", b"123"])
            a.send_batch([b"12345678"], to)
            (datagram,) = b.recvmsg_batch(bufsize=4)
            self.assertEqual((datagram.data, datagram.length), (b"1234", 8))
            self.assertEqual(datagram.flags, socket.MSG_TRUNC)

    def test_details(self):
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            a, b, to = udp(family)
            with a, b:
                (none,) = a.send_batch([b"x"], to) and b.recvmsg_batch()
                self.assertEqual((none.ecn, none.destination, none.interface), (None, None, None))
                b.set_recv_details(True)
                level, option = (
                    (socket.IPPROTO_IP, socket.IP_TOS)
                    if family == socket.AF_INET
                    else (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
                )
                a.setsockopt(level, option, 2)
                a.send_batch([b"marked"], to)
                (datagram,) = b.recvmsg_batch()
                data, address = datagram
                self.assertEqual((data, address), (b"marked", a.getsockname()))
                self.assertEqual((datagram.ecn, datagram.destination), (2, host))
                self.assertEqual(datagram.interface, socket.if_nametoindex("lo"))
                self.assertEqual((datagram.flags, datagram.length), (0, 6))

    def test_offload_takes_apart(self):
        a, b, to = udp()
        with a, b:
            if not b.set_recv_offload(True):
                self.skipTest("this kernel has no UDP_GRO")
            data = random.Random(5).randbytes(20_000)
            self.assertEqual(a.send_batch(data, to, segment=500), 40)
            got = receive(b, 40, count=1)
            self.assertEqual(b"".join(piece for piece, _ in got), data)
            self.assertEqual({len(piece) for piece, _ in got}, {500})
            b.set_recv_offload(False)
        with socket.socket() as stream:
            self.assertFalse(stream.set_recv_offload(True))

    def test_the_timeout_counts(self):
        a, b, _ = udp(timeout=0.05)
        with a, b:
            self.assertRaisesRegex(TimeoutError, "timed out", b.recv_batch)

    def test_nothing_is_lost_or_torn(self):
        a, b, to = udp()
        rounds, each, digests = 300, 40, []

        def serve():
            want = rounds * each
            while want:
                got = b.recv_batch(8)
                want -= len(got)
                digests.extend(hashlib.sha1(data).digest() for data, _ in got)
                # The sender waits: loopback drops what there is no room for.
                if want % each == 0:
                    b.send_batch([b"go on"], a.getsockname())

        with a, b:
            b.set_recv_offload(True)
            thread = threading.Thread(target=serve)
            thread.start()
            generator, sent = random.Random(7), []
            for _ in range(rounds):
                datagrams = [generator.randbytes(generator.randrange(1, 900)) for _ in range(each)]
                self.assertEqual(a.send_batch(datagrams, to), each)
                sent += [hashlib.sha1(data).digest() for data in datagrams]
                a.recv_batch()
            thread.join()
        self.assertEqual(digests, sent)

    def test_memory_is_used_again(self):
        a, b, to = udp()

        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

        with a, b:
            data = [b"x" * 1000] * 32

            def rounds(count):
                for _ in range(count):
                    a.send_batch(data, to)
                    receive(b, 32)
                gc.collect()

            rounds(200)
            before = resident()
            rounds(2000)
            self.assertLess(resident() - before, 8 << 20)

    def test_the_type(self):
        self.assertEqual(socket.Datagram.__name__, "Datagram")
        self.assertNotIn("Datagram", socket.__all__)
        self.assertIn("segment", socket.socket.send_batch.__text_signature__)


if __name__ == "__main__":
    unittest.main()
