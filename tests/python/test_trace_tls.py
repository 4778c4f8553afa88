"""Recordings of TLS: what programs read and write by `ssl`, whoever carries it to a socket."""

import base64
import importlib.util
import os
import tempfile
import textwrap
import unittest

from recorded import agree, read, texts
from support import certificate, output

SERVER = """
import http.server, ssl, sys, threading

certificate, key = sys.argv[1:]

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[::-1])

    def log_message(self, *args):
        pass

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = False
server.socket = context.wrap_socket(server.socket, server_side=True)
thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="the server")
thread.start()
url = f"https://localhost:{server.server_port}/"
bodies = [b"to and fro", b"a" * 100_000 + b"z"]
"""
ENDED = """
server.shutdown()
thread.join()
server.server_close()
"""
#: Each asks with both bodies, by one connection.
CLIENTS = {
    "http.client": """
import http.client

ours = ssl.create_default_context(cafile=certificate)
client = http.client.HTTPSConnection("localhost", server.server_port, timeout=30, context=ours)
for body in bodies:
    client.request("POST", "/", body)
    assert client.getresponse().read() == body[::-1]
client.close()
""",
    "urllib.request": """
import urllib.request

ours = ssl.create_default_context(cafile=certificate)
direct = urllib.request.ProxyHandler({})
opener = urllib.request.build_opener(direct, urllib.request.HTTPSHandler(context=ours))
for body in bodies:
    with opener.open(urllib.request.Request(url, body), timeout=30) as answer:
        assert answer.read() == body[::-1]
""",
    "requests": """
import requests

with requests.Session() as session:
    session.trust_env, session.verify = False, certificate
    for body in bodies:
        assert session.post(url, data=body, timeout=30).content == body[::-1]
""",
}
ASYNCIO = """
import asyncio, ssl, sys

certificate, key = sys.argv[1:]
theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
theirs.load_cert_chain(certificate, key)
ours = ssl.create_default_context(cafile=certificate)

async def serve(reader, writer):
    writer.write((await reader.readline()).upper())
    await writer.drain()
    writer.close()
    await writer.wait_closed()

async def ask(address, number):
    reader, writer = await asyncio.open_connection(
        *address, ssl=ours, server_hostname="localhost"
    )
    line = b"number %d\\n" % number
    writer.write(line)
    assert await reader.read() == line.upper()
    writer.close()
    await writer.wait_closed()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=theirs)
    async with server:
        address = server.sockets[0].getsockname()
        await asyncio.gather(*(ask(address, number) for number in range(5)))

asyncio.run(main())
"""
MEMORY = """
import ssl, sys

certificate, key = sys.argv[1:]
theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
theirs.load_cert_chain(certificate, key)
ours = ssl.create_default_context(cafile=certificate)
there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
client = ours.wrap_bio(back, there, server_hostname="localhost")
server = theirs.wrap_bio(there, back, server_side=True)
waiting = [client, server]
while waiting:
    side = waiting.pop(0)
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        waiting.append(side)
client.write(b"by nobody's socket")
room = bytearray(50)
assert server.read(50, room) == 18
try:
    server.read(50)
except ssl.SSLWantReadError:
    pass
server.write(memoryview(room)[:2])
assert client.read(50) == b"by"
"""


class Tls(unittest.TestCase):
    def recorded(self, program):
        """The lines of a recording of this program, which gets a certificate and its key."""
        with tempfile.TemporaryDirectory() as folder, certificate() as paths:
            app, file = os.path.join(folder, "app.py"), os.path.join(folder, "run.jsonl")
            with open(app, "w", encoding="utf-8") as text:
                text.write(textwrap.dedent(program))
            trace = ["-m", "berkeley", "trace", "-o", file, "--payload", "4096", app]
            # Libraries of others may warn.
            self.assertEqual(output(*trace, *paths, dev=False), "")
            lines = read(file)
        self.assertEqual([line for line in lines if line["ev"] == "dropped"], [])
        return lines

    def https(self, client):
        lines = self.recorded(SERVER + CLIENTS[client] + ENDED)
        written = agree(texts(lines))
        server = next(line["local"] for line in lines if line["ev"] == "socket" and line["local"])
        firsts = {
            (local == server, first.split(b" ")[0]) for (local, _, _), (_, first) in written.items()
        }
        self.assertEqual(firsts, {(False, b"POST"), (True, b"HTTP/1.1")})
        sent = sum(count for (local, _, _), (count, _) in written.items() if local != server)
        self.assertGreater(sent, 100_000)
        # What goes ciphered is another's calls: nobody sees the bytes twice.
        raw = [line for line in lines if line.get("op") in ("send", "recv") and line.get("data")]
        self.assertEqual(raw, [])

    def test_https_by_http_client(self):
        self.https("http.client")

    def test_https_by_urllib(self):
        self.https("urllib.request")

    def test_https_by_requests(self):
        if importlib.util.find_spec("requests") is None:
            self.skipTest("requests is not installed; `cargo xtask programs` has it")
        self.https("requests")

    def test_asyncio_has_its_text_at_the_socket_that_carries_it(self):
        lines = self.recorded(ASYNCIO)
        written = agree(texts(lines))
        seen = sorted(first for _, first in written.values())
        numbers = [b"number %d\n" % number for number in range(5)]
        self.assertEqual(seen, sorted(numbers + [line.upper() for line in numbers]))
        # The same sockets have sent more than that, ciphered, and both are told of.
        sockets = {line["sock"] for line in lines if line.get("tls")}
        carried = {line["sock"] for line in lines if line.get("op") == "send"}
        self.assertLessEqual(sockets, carried)

    def test_tls_of_nobodys_socket_is_told_by_a_number_of_its_own(self):
        lines = self.recorded(MEMORY)
        calls = [
            (line["op"], line["args"]["object"], line["ret"], base64.b64decode(line["data"]))
            for line in lines
            if line.get("tls") and line["sock"] is None and line["fd"] == -1
        ]
        text = b"by nobody's socket"
        self.assertEqual(
            calls,
            [
                ("ssl_write", 1, 18, text),
                ("ssl_read", 2, 18, text),
                ("ssl_write", 2, 2, b"by"),
                ("ssl_read", 1, 2, b"by"),
            ],
        )


if __name__ == "__main__":
    unittest.main()
