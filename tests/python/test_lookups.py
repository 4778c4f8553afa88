"""Look-ups of names end: in time, by Ctrl-C, and without holding asyncio up."""

import asyncio
import inspect
import sys
import time
import unittest

import berkeley
from alone import alone
from berkeley import aio, socket
from support import output

# Where nobody answers, in a network of the test's own.
NAME = "nobody.knows.example"


class Row2DnsIsOutsideEveryTimeout(unittest.TestCase):
    def test_no_answer_holds_nobody_longer_than_the_timeout(self):
        alone(
            self,
            """
            import os, threading, time
            import berkeley
            from berkeley import socket

            start = time.monotonic()
            try:
                socket.getaddrinfo("nobody.knows.example", 80, timeout=0.1)
            except TimeoutError as error:
                assert (str(error), error.args) == ("timed out", ("timed out",)), error
                assert error.address == ("nobody.knows.example", 80), error.address
            assert 0.1 <= time.monotonic() - start < 2
            assert berkeley.abandoned_lookups() == 1

            # For those that take none, the process has one.
            assert berkeley.get_lookup_timeout() is None
            berkeley.set_lookup_timeout(0.05)
            assert berkeley.get_lookup_timeout() == 0.05
            with socket.socket() as sock:
                for ask, argument in (
                    (socket.gethostbyname, "nobody.knows.example"),
                    (socket.gethostbyname_ex, "nobody.knows.example"),
                    (socket.gethostbyaddr, "198.51.100.7"),
                    (socket.create_connection, ("nobody.knows.example", 80)),
                    (sock.connect, ("nobody.knows.example", 80)),
                ):
                    start = time.monotonic()
                    try:
                        print(ask(argument))
                    except TimeoutError as error:
                        assert error.address == argument, (ask, error.address)
                    assert time.monotonic() - start < 2, ask
            try:
                print(socket.getnameinfo(("198.51.100.7", 80), 0))
            except TimeoutError as error:
                assert error.address == ("198.51.100.7", 80)
            start = time.monotonic()
            assert socket.getfqdn("198.51.100.7") == "198.51.100.7"
            assert time.monotonic() - start < 2
            berkeley.set_lookup_timeout(None)

            # Numbers and what stands in the hosts file need nobody.
            with socket.create_server(("localhost", 0)) as server:
                socket.create_connection(server.getsockname(), total_timeout=5).close()
            socket.getaddrinfo("127.0.0.1", 80, timeout=5)
            socket.getaddrinfo("localhost", 80, timeout=5)
            print("ok")
            """,
        )

    def test_ctrl_c_ends_every_look_up(self):
        alone(
            self,
            """
            import os, signal, threading, time
            import berkeley
            from berkeley import socket

            NAME = ("nobody.knows.example", 80)
            stream, datagrams = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
            waits = {
                "getaddrinfo": lambda: socket.getaddrinfo(*NAME),
                "with a timeout": lambda: socket.getaddrinfo(*NAME, timeout=60),
                "gethostbyname": lambda: socket.gethostbyname(NAME[0]),
                "gethostbyname_ex": lambda: socket.gethostbyname_ex(NAME[0]),
                "gethostbyaddr": lambda: socket.gethostbyaddr("198.51.100.7"),
                "getnameinfo": lambda: socket.getnameinfo(("198.51.100.7", 80), 0),
                "getfqdn": lambda: socket.getfqdn("198.51.100.7"),
                "create_connection": lambda: socket.create_connection(NAME),
                "total": lambda: socket.create_connection(NAME, total_timeout=60),
                "connect": lambda: stream.connect(NAME),
                "sendto": lambda: datagrams.sendto(b"", NAME),
            }
            took = {}
            for name, wait in waits.items():
                sent = []
                def interrupt():
                    time.sleep(0.1)
                    sent.append(time.monotonic())
                    os.kill(os.getpid(), signal.SIGINT)
                thread = threading.Thread(target=interrupt)
                thread.start()
                try:
                    wait()
                    print(name, "has ended by itself")
                except KeyboardInterrupt:
                    took[name] = time.monotonic() - sent[0]
                thread.join()
            # The machine may be busy elsewhere now and then.
            late = {name: seconds for name, seconds in took.items() if seconds >= 0.1}
            assert len(late) <= 1 and max(took.values()) < 1, took
            stream.close()
            datagrams.close()
            print("ok")
            """,
        )

    def test_a_thousand_abandoned_look_ups_leave_few_threads(self):
        alone(
            self,
            """
            import contextlib, glob, threading, time
            import berkeley
            from berkeley import socket

            def give_up():
                for _ in range(50):
                    try:
                        socket.getaddrinfo("nobody.knows.example", 80, timeout=0.005)
                        print("answered")
                    except TimeoutError:
                        pass

            threads = [threading.Thread(target=give_up) for _ in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert 1 <= berkeley.abandoned_lookups() <= 32, berkeley.abandoned_lookups()
            names = []
            for path in glob.glob("/proc/self/task/*/comm"):
                # The threads of the program itself may still be about to go.
                with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(path) as file:
                    names.append(file.read())
            found = [name for name in names if name.startswith("berkeley look")]
            assert 1 <= len(found) <= 32, names
            # Numbers take none of them.
            assert socket.getaddrinfo("127.0.0.1", 80, timeout=5)
            print("ok")
            """,
        )

    def test_the_end_of_the_program_waits_for_none(self):
        start = time.monotonic()
        alone(
            self,
            """
            import threading
            from berkeley import socket

            def wait():
                try:
                    socket.getaddrinfo("nobody.knows.example", 80, timeout=60)
                except TimeoutError:
                    pass

            try:
                socket.getaddrinfo("nobody.knows.example", 80, timeout=0.01)
            except TimeoutError:
                pass
            for _ in range(3):
                threading.Thread(target=wait, daemon=True).start()
            print("ok")
            """,
        )
        self.assertLess(time.monotonic() - start, 30)

    def test_a_process_that_has_looked_up_has_no_thread_left(self):
        alone(
            self,
            """
            import os
            from berkeley import socket

            # Python warns who forks while there are threads, and warnings are errors here.
            for _ in range(20):
                assert socket.getaddrinfo("somebody.example", 80)[0][4][0] == "127.0.0.7"
                child = os.fork()
                if not child:
                    try:
                        socket.getaddrinfo("nobody.knows.example", 80, timeout=0.01)
                    except TimeoutError:
                        os._exit(0)
                    os._exit(1)
                assert os.waitpid(child, 0)[1] == 0
            print("ok")
            """,
            hosts="127.0.0.7 somebody.example\n",
        )

    def test_signature(self):
        shown = str(inspect.signature(socket.getaddrinfo))
        self.assertEqual(shown, "(host, port, family=0, type=0, proto=0, flags=0, *, timeout=None)")
        with self.assertRaisesRegex(TypeError, "timeout"):
            socket._socket.getaddrinfo("127.0.0.1", 80, timeout=1)
        for wrong, error in ((-1, ValueError), (float("nan"), ValueError), ("1", TypeError)):
            with self.subTest(wrong), self.assertRaises(error):
                socket.getaddrinfo("127.0.0.1", 80, timeout=wrong)
        with self.assertRaises(ValueError):
            berkeley.set_lookup_timeout(-1)
        self.assertIsNone(berkeley.get_lookup_timeout())


class Row8NameLookUpsStarveAsyncio(unittest.TestCase):
    def test_the_executor_is_free(self):
        alone(
            self,
            """
            import asyncio, concurrent.futures, threading, time
            import berkeley
            from berkeley import aio

            async def main():
                loop = asyncio.get_running_loop()
                # As few as there are on a machine with one processor would do.
                loop.set_default_executor(concurrent.futures.ThreadPoolExecutor(1))
                aio.use_own_lookups()
                asked = [
                    asyncio.create_task(asyncio.open_connection("nobody.knows.example", 80))
                    for _ in range(20)
                ]
                await asyncio.sleep(0.05)
                start = time.monotonic()
                assert await loop.run_in_executor(None, lambda: 7) == 7
                # Numbers do not wait behind them either.
                assert (await loop.getaddrinfo("127.0.0.1", 80))[0][4] == ("127.0.0.1", 80)
                assert time.monotonic() - start < 2
                for task in asked:
                    task.cancel()
                done = await asyncio.gather(*asked, return_exceptions=True)
                assert all(isinstance(one, asyncio.CancelledError) for one in done), done
                assert 1 <= berkeley.abandoned_lookups() <= 32
                try:
                    await aio.getaddrinfo("nobody.knows.example", 80, timeout=0.05)
                except TimeoutError:
                    pass
                aio.use_own_lookups(loop, timeout=0.05)
                try:
                    await loop.getaddrinfo("nobody.knows.example", 80)
                except TimeoutError:
                    print("ok")

            asyncio.run(main())
            """,
        )

    def test_the_same_answers_as_the_loops_own(self):
        async def main():
            loop = asyncio.get_running_loop()
            for arguments in (("127.0.0.1", 80), ("localhost", "80"), (None, 0), ("::1", None)):
                for options in ({}, {"type": socket.SOCK_STREAM, "flags": socket.AI_PASSIVE}):
                    with self.subTest(arguments=arguments, options=options):
                        ours = await aio.getaddrinfo(*arguments, **options)
                        self.assertEqual(ours, socket.getaddrinfo(*arguments, **options))
                        theirs = await loop.getaddrinfo(*arguments, **options)
                        self.assertEqual(ours, theirs)
            with self.assertRaises(socket.gaierror) as caught:
                await aio.getaddrinfo("256.1.2.3", 80, flags=socket.AI_NUMERICHOST)
            self.assertEqual(caught.exception.errno, socket.EAI_NONAME)

        asyncio.run(main())


class Row9ReverseLookUpsStallServers(unittest.TestCase):
    def test_getfqdn_is_bounded(self):
        alone(
            self,
            """
            import time
            import berkeley
            from berkeley import socket

            start = time.monotonic()
            assert socket.getfqdn("198.51.100.7", timeout=0.05) == "198.51.100.7"
            assert socket.getfqdn("nobody.knows.example", timeout=0.05) == "nobody.knows.example"
            assert time.monotonic() - start < 2
            assert socket.getfqdn("127.0.0.7", timeout=5) == "somebody.example"
            assert socket.getfqdn("127.0.0.7") == "somebody.example"

            # A server that nobody edits.
            berkeley.install()
            berkeley.set_lookup_timeout(0.05)
            import http.server
            start = time.monotonic()
            http.server.HTTPServer(("127.0.0.9", 0), None).server_close()
            assert time.monotonic() - start < 2
            print("ok")
            """,
            hosts="127.0.0.7 somebody.example\n",
        )


class Row16NamesThatAreNotAscii(unittest.TestCase):
    def test_the_errors_are_those_of_cpython(self):
        shown = output(
            code="""
            import socket as stock
            from berkeley import socket

            for name in ("a" * 64 + ".example", ".example", "a..b", "\\udc80"):
                told = []
                for module in (stock, socket):
                    try:
                        module.getaddrinfo(name, 80)
                    except Exception as error:
                        told.append((type(error).__name__, str(error)))
                assert told[0] == told[1], told
                assert told[0][0].startswith("Unicode"), told
            print("ok")
            """
        )
        self.assertEqual(shown, "ok\n")

    def test_a_name_in_ascii_takes_no_codec(self):
        shown = output(
            code="""
            import sys
            from berkeley import socket

            # As in a program that was frozen without it.
            sys.modules["encodings.idna"] = None
            assert socket.getaddrinfo("localhost", 80)
            try:
                socket.getaddrinfo("b\xfccher.example", 80)
            except LookupError as error:
                print(error)
            """
        )
        self.assertEqual(shown, "unknown encoding: idna\n")


if __name__ == "__main__":
    sys.exit(unittest.main())
