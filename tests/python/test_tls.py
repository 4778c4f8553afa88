"""`ssl` with our sockets, or with none at all: installed or not, in any order of imports."""

import sys
import unittest

from support import Interplaying, certificate

CONTEXTS = """
certificate, key = sys.argv[1:]
server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server.load_cert_chain(certificate, key)
client = ssl.create_default_context(cafile=certificate)
"""


class Tls(Interplaying):
    def tls(self, modules, code):
        with certificate() as paths:
            self.each(f"ssl, sys, {modules}", CONTEXTS + code, *paths)

    def test_connections_end_in_each_way(self):
        self.tls(
            "select, threading",
            """
listener = socket.create_server(("127.0.0.1", 0))

def serve():
    for _ in range(3):
        plain, _ = listener.accept()
        try:
            with server.wrap_socket(plain, server_side=True) as tls:
                assert plain.fileno() == -1
                while data := tls.recv(1 << 18):
                    tls.sendall(data)
                tls.unwrap().close()
        except OSError:
            # The second and the third client go without a word.
            plain.close()

thread = threading.Thread(target=serve, daemon=True)
thread.start()
# As much as fits into the sockets: a TLS object is for one thread at a time, so all of it is sent
# before the answer is read.
content = bytes(range(256)) * 128

# The plain socket is there again after the end of TLS.
plain = socket.create_connection(listener.getsockname(), 30)
tls = client.wrap_socket(plain, server_hostname="localhost")
tls.sendall(content)
with tls.makefile("rb") as file:
    assert file.read(len(content)) == content
back = tls.unwrap()
with back:
    assert back.fileno() != -1 and back.recv(1) == b""

# Cut off, by who asks again and again.
plain = socket.create_connection(listener.getsockname(), 30)
with client.wrap_socket(plain, server_hostname="localhost", do_handshake_on_connect=False) as tls:
    tls.settimeout(0)
    wanted = set()
    while True:
        try:
            tls.do_handshake()
            break
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            wanted.add(type(error).__name__)
            select.select([tls], [], [], 30)
    assert wanted <= {"SSLWantReadError", "SSLWantWriteError"}
    tls.settimeout(30)
    tls.sendall(b"x")
    assert tls.read(10) == b"x" and tls.pending() == 0
    tls.settimeout(0.05)
    try:
        tls.recv(1)
        raise AssertionError
    except TimeoutError as error:
        assert "timed out" in str(error), error

# Not trusted.
strict = ssl.create_default_context()
plain = socket.create_connection(listener.getsockname(), 30)
try:
    strict.wrap_socket(plain, server_hostname="localhost")
    raise AssertionError
except ssl.SSLCertVerificationError as error:
    assert error.verify_code == 18, error
plain.close()
thread.join()
listener.close()
print("ok")
""",
        )

    def test_without_a_socket(self):
        self.tls(
            "io",
            """
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
one = client.wrap_bio(incoming, outgoing, server_hostname="localhost")
other = server.wrap_bio(outgoing, incoming, server_side=True)
first, second = socket.socketpair()

def step(what):
    try:
        return what()
    except ssl.SSLWantReadError:
        return False

while False in (step(one.do_handshake), step(other.do_handshake)):
    pass
# What it has to say goes by our sockets.
one.write(b"hello")
first.sendall(outgoing.read())
outgoing.write(second.recv(1 << 18))
assert other.read(100) == b"hello"
first.close()
second.close()
print("ok")
""",
        )

    def test_asyncio(self):
        self.tls(
            "asyncio",
            """
async def echo(reader, writer):
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()
    await writer.wait_closed()

async def main():
    # A busy machine is nothing to log.
    asyncio.get_running_loop().slow_callback_duration = 60
    # A listener and a connection of our own, each given to asyncio.
    listener = socket.create_server(("127.0.0.1", 0))
    async with await asyncio.start_server(echo, sock=listener, ssl=server) as serving:
        address = listener.getsockname()
        sock = socket.create_connection(address)
        names = {"ssl": client, "server_hostname": "localhost"}
        for where in ({"sock": sock}, {"host": address[0], "port": address[1]}):
            reader, writer = await asyncio.open_connection(**where, **names)
            writer.write(b"x" * 300_000)
            assert await reader.readexactly(300_000) == b"x" * 300_000
            assert writer.get_extra_info("socket").getpeername() == address
            writer.close()
            await writer.wait_closed()

    async def upgrade(reader, writer):
        await reader.readline()
        writer.write(b"go on\\n")
        await writer.start_tls(server)
        await echo(reader, writer)

    async with await asyncio.start_server(upgrade, "127.0.0.1", 0) as serving:
        reader, writer = await asyncio.open_connection(*serving.sockets[0].getsockname())
        writer.write(b"more\\n")
        await reader.readline()
        await writer.start_tls(client, server_hostname="localhost")
        writer.write(b"secret")
        assert await reader.readexactly(6) == b"secret"
        writer.close()
        await writer.wait_closed()

asyncio.run(main())
print("ok")
""",
        )


if __name__ == "__main__":
    sys.exit(unittest.main())
