"""`berkeley.trace` and `python -m berkeley trace`: every call of every socket as a line of JSON."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest
from collections import defaultdict

from support import LIMIT, certificate, output, run

TUTORIAL = """\
import socket, threading

def serve(listener):
    conn, peer = listener.accept()
    with conn:
        while data := conn.recv(1024):
            conn.sendall(data.upper())

with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(5)
    server = threading.Thread(target=serve, args=(listener,), name="the server")
    server.start()
    client = socket.socket()
    client.settimeout(20)
    client.connect(listener.getsockname())
    client.send(b"hello, ")
    client.sendall(b"world")
    client.shutdown(socket.SHUT_WR)
    text = b""
    while data := client.recv(1024):
        text += data
    client.close()
    server.join()
assert text == b"HELLO, WORLD", text
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.sendto(b"a datagram", udp.getsockname())
data, address = udp.recvfrom(100)
udp.sendto(data, address)
assert sender.recv(100) == b"a datagram"
udp.close(), sender.close()
"""
ASYNCIO = """\
import asyncio

async def serve(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()

async def ask(address, number):
    reader, writer = await asyncio.open_connection(*address)
    line = b"number %d\\n" % number
    writer.write(line)
    assert await reader.read() == line
    writer.close()
    await writer.wait_closed()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        address = server.sockets[0].getsockname()
        await asyncio.gather(*(ask(address, number) for number in range(100)))

asyncio.run(main())
"""
# What strace calls these, and what is not of the network to it.
NAMES = {"accept4": "accept", "send": "sendto", "recv": "recvfrom"}
OTHERS = {"poll", "close", "dup", "ioctl", "getaddrinfo", "ssl_read", "ssl_write"}


def read(path):
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return sorted(lines, key=lambda line: line["t"])


def of(lines, event):
    return [line for line in lines if line["ev"] == event]


def answers(calls):
    """Of each thread what it called, and what that answered."""
    threads = defaultdict(list)
    for call in calls:
        if call["op"] not in OTHERS:
            answer = call["ret"] if call["errno"] is None else call["errno"]
            threads[call["tid"]].append((NAMES.get(call["op"], call["op"]), answer))
    return dict(threads)


def straced(text):
    """The same of strace's log, without what the recorder asks the kernel: who a socket is, which
    ends in its cookie, and what TCP knows."""
    lines = defaultdict(list)
    for line in text.splitlines():
        thread, line = line.split(maxsplit=1)
        if line.endswith("<unfinished ...>"):
            lines[thread].append(line.removesuffix("<unfinished ...>").rstrip())
        elif found := re.match(r"<... \w+ resumed>", line):
            lines[thread][-1] += line[found.end() :]
        else:
            lines[thread].append(line)
    threads = {}
    for thread, own in lines.items():
        kept = []
        for line in own:
            if "SO_COOKIE" in line:
                while kept and kept[-1].startswith(("getsockname(", "getpeername(")):
                    kept.pop()
            elif "TCP_INFO" not in line:
                kept.append(line)
        calls = []
        for line in kept:
            found = re.match(r"(\w+)\(.*\) += (-?\d+)(?: (E\w+))?", line)
            if found:
                name, number, errno = found.groups()
                calls.append((NAMES.get(name, name), errno or int(number)))
        if calls:
            threads[int(thread)] = calls
    return threads


class Files(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.file = os.path.join(folder.name, "run.jsonl")

    def program(self, text):
        path = os.path.join(self.folder, "app.py")
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(text))
        return path


class TheFunction(Files):
    """In a process of its own: there is one recording at a time."""

    def test_a_block_is_recorded_and_nothing_else(self):
        code = """
            import berkeley, errno, json, sys
            from berkeley import socket

            a, b = socket.socketpair()
            a.send(b"before")
            with berkeley.trace(sys.argv[1], payload=3) as recording:
                assert "going on" in repr(recording)
                try:
                    berkeley.trace(sys.argv[1])
                except OSError as error:
                    assert error.errno == errno.EBUSY
                b.recv(100)
                a.send(b"during")
            assert (recording.calls, recording.dropped) == (2, 0), recording
            b.recv(100)
            recording.close()
            try:
                berkeley.trace("/no/such/folder/run.jsonl")
            except FileNotFoundError:
                print("ok")
            a.close(), b.close()
            """
        self.assertEqual(output(self.file, code=code), "ok\n")
        lines = read(self.file)
        calls = of(lines, "call")
        self.assertEqual([(call["op"], call["ret"]) for call in calls], [("recv", 6), ("send", 6)])
        self.assertEqual([base64.b64decode(call["data"]) for call in calls], [b"bef", b"dur"])
        self.assertEqual((lines[0]["ev"], lines[-1]["ev"]), ("process", "end"))

    def test_what_goes_on_until_the_end_is_complete(self):
        code = """
            import berkeley, sys
            from berkeley import socket

            recording = berkeley.trace(sys.argv[1])
            a, b = socket.socketpair()
            for number in range(1000):
                a.send(b"x")
                b.recv(1)
            a.close(), b.close()
            """
        output(self.file, code=code)
        lines = read(self.file)
        self.assertEqual(lines[-1]["ev"], "end")
        self.assertGreaterEqual(len(of(lines, "call")), 2001)
        self.assertEqual(of(lines, "dropped"), [])

    def test_ssl_is_seen_as_what_the_program_reads_and_writes(self):
        code = """
            import berkeley

            berkeley.install()
            import socket, ssl, sys, threading

            certificate, key = sys.argv[2:]
            theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            theirs.load_cert_chain(certificate, key)
            ours = ssl.create_default_context(cafile=certificate)
            listener = socket.create_server(("127.0.0.1", 0))

            def serve():
                conn, _ = listener.accept()
                with theirs.wrap_socket(conn, server_side=True) as conn:
                    room = bytearray(20)
                    count = conn.recv_into(room)
                    conn.sendall(room[:count] * 2)

            read = ssl.SSLSocket.read
            with listener, berkeley.trace(sys.argv[1], payload=20):
                server = threading.Thread(target=serve)
                server.start()
                raw = socket.create_connection(listener.getsockname())
                with ours.wrap_socket(raw, server_hostname="localhost") as client:
                    client.sendall(b"secret")
                    assert client.recv(100) == b"secretsecret"
                    assert client.recv(100) == b""
                server.join()
            assert ssl.SSLSocket.read is read
            """
        with certificate() as (cert, key):
            output(self.file, cert, key, code=code)
        calls = [call for call in of(read(self.file), "call") if call["op"].startswith("ssl_")]
        self.assertTrue(all(call["tls"] for call in calls))
        socks = list(dict.fromkeys(call["sock"] for call in calls))
        ends = [[call for call in calls if call["sock"] == sock] for sock in socks]
        client, server = sorted(ends, key=lambda calls: -len(calls))
        seen = [
            [(call["op"], base64.b64decode(call.get("data", "")), call["off"]) for call in calls]
            for calls in (client, server)
        ]
        self.assertEqual(
            seen,
            [
                [
                    ("ssl_write", b"secret", 0),
                    ("ssl_read", b"secretsecret", 0),
                    ("ssl_read", b"", 12),
                ],
                [("ssl_read", b"secret", 0), ("ssl_write", b"secretsecret", 0)],
            ],
        )


class TheCommand(Files):
    def agrees(self, text):
        """Runs a program under strace, and returns its lines when both agree."""
        strace = shutil.which("strace")
        if strace is None:
            self.skipTest("strace is not installed")
        log = os.path.join(self.folder, "strace.txt")
        command = [strace, "-f", "-e", "trace=network", "-e", "signal=none", "-o", log]
        command += [sys.executable, "-m", "berkeley", "trace", "-o", self.file, self.program(text)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
        if "Operation not permitted" in done.stderr:
            self.skipTest("strace may not trace here")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = read(self.file)
        with open(log, encoding="utf-8") as file:
            theirs = straced(file.read())
        ours = answers(of(lines, "call"))
        self.assertEqual(ours.keys(), theirs.keys())
        for thread, calls in ours.items():
            self.assertEqual(calls, theirs[thread], f"thread {thread}")
        self.assertEqual(of(lines, "dropped"), [])
        return lines

    def test_a_tutorial_program_agrees_with_strace(self):
        lines = self.agrees(TUTORIAL)
        self.assertEqual(lines[0]["name"], "app.py")
        names = {line["name"] for line in of(lines, "thread")}
        self.assertLessEqual({"MainThread", "the server"}, names)

    def test_an_asyncio_server_with_100_clients_agrees_with_strace(self):
        lines = self.agrees(ASYNCIO)
        # Each end of each connection has its peer's address, and all bytes are told of.
        ends = {}
        for line in of(lines, "socket"):
            if line["local"] and line["peer"]:
                ends[line["local"], line["peer"]] = line["sock"]
        self.assertEqual(len(ends), 200)
        self.assertTrue(all((peer, local) in ends for local, peer in ends))
        sent = sum(call["ret"] or 0 for call in of(lines, "call") if call["op"] == "send")
        received = sum(call["ret"] or 0 for call in of(lines, "call") if call["op"] == "recv")
        self.assertEqual(sent, received)

    def test_copies_and_children_write_to_the_same_file(self):
        text = """
            import multiprocessing, os, socket

            def work(text):
                a, b = socket.socketpair()
                with a, b:
                    a.send(text)
                    return b.recv(10)

            if __name__ == "__main__":
                a, b = socket.socketpair()
                child = os.fork()
                if child == 0:
                    a.send(b"fork")
                    os._exit(0)
                os.waitpid(child, 0)
                assert b.recv(10) == b"fork"
                for method in ("fork", "spawn"):
                    with multiprocessing.get_context(method).Pool(1) as pool:
                        assert pool.map(work, [method.encode()]) == [method.encode()]
                        pool.close()
                        pool.join()
                a.close(), b.close()
            """
        output("-m", "berkeley", "trace", "-o", self.file, self.program(text), dev=False)
        lines = read(self.file)
        senders = {
            base64.b64decode(call["data"]): call["pid"]
            for call in of(lines, "call")
            if call["op"] == "send"
        }
        self.assertEqual(senders.keys(), {b"fork", b"spawn"} | set(senders))
        processes = {line["pid"]: line["ppid"] for line in of(lines, "process")}
        main = lines[0]["pid"]
        self.assertEqual(processes[senders[b"spawn"]], main)
        self.assertEqual(processes[senders[b"fork"]], main)
        self.assertNotIn(main, senders.values())

    def test_each_process_may_have_a_file_of_its_own(self):
        text = """
            import os, socket
            a, b = socket.socketpair()
            child = os.fork()
            if child == 0:
                a.send(b"x")
                os._exit(0)
            os.waitpid(child, 0)
            a.close(), b.close()
            """
        path = os.path.join(self.folder, "of-%p.jsonl")
        output("-m", "berkeley", "trace", f"-o={path}", self.program(text), dev=False)
        files = [name for name in os.listdir(self.folder) if name.endswith(".jsonl")]
        self.assertEqual(len(files), 2)
        for name in files:
            pids = {line["pid"] for line in read(os.path.join(self.folder, name))}
            self.assertEqual({f"of-{pid}.jsonl" for pid in pids}, {name})

    def test_mistakes_are_told(self):
        for arguments, status, text in (
            ([], 2, "there is no program"),
            (["-o"], 2, "-o needs an argument"),
            (["--payload", "many", "app.py"], 2, "many"),
            (["-o", "/no/such/folder/x", "app.py"], 1, "No such file or directory"),
        ):
            with self.subTest(arguments):
                done = run("-m", "berkeley", "trace", *arguments)
                self.assertEqual(done.returncode, status)
                self.assertIn(text, done.stderr)

    def test_a_file_that_cannot_be_written_does_not_keep_the_program_from_its_work(self):
        environment = {"BERKELEY_TRACE": "/no/such/folder/run.jsonl"}
        program = self.program("import socket; print(socket.has_ipv6)")
        done = run("-m", "berkeley", program, environment=environment, dev=False)
        self.assertEqual((done.returncode, done.stdout), (0, "True\n"))
        self.assertIn("nothing is recorded in /no/such/folder/run.jsonl", done.stderr)


if __name__ == "__main__":
    unittest.main()
