"""gevent in the place of threads and sockets, as programs of it begin."""

from gevent import monkey

monkey.patch_all()

import select
import socket
import ssl
import threading

import gevent
import requests
import trustme
from gevent.pywsgi import WSGIServer
from gevent.server import StreamServer

print(socket.socket.__module__, monkey.is_module_patched("socket"))


def echo(sock, address):
    with sock, sock.makefile("rwb") as file:
        for line in file:
            file.write(line.upper())
            file.flush()


server = StreamServer(("127.0.0.1", 0), echo)
server.start()


def client(number):
    with socket.create_connection(server.address, timeout=30) as sock:
        sock.sendall(b"hello %d\n" % number)
        select.select([sock], [], [], 30)
        return sock.recv(100)


jobs = [gevent.spawn(client, number) for number in range(100)]
gevent.joinall(jobs, timeout=60)
print(sum(job.value == b"HELLO %d\n" % number for number, job in enumerate(jobs)))
threads = [threading.Thread(target=client, args=(number,)) for number in range(10)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
server.stop()

web = WSGIServer(
    ("127.0.0.1", 0), lambda environ, start: (start("200 OK", []), [b"page"])[1], log=None
)
web.start()
with requests.Session() as session:
    session.trust_env = False
    url = f"http://127.0.0.1:{web.server_port}/"
    pages = [gevent.spawn(session.get, url, timeout=30) for _ in range(50)]
    gevent.joinall(pages, timeout=60)
    print({(page.value.status_code, page.value.text) for page in pages})
web.stop()

authority = trustme.CA()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
authority.issue_cert("localhost").configure_cert(context)
secured = StreamServer(("127.0.0.1", 0), echo, ssl_context=context)
secured.start()
trusting = ssl.create_default_context()
authority.configure_trust(trusting)
with socket.create_connection(secured.address) as plain:
    with trusting.wrap_socket(plain, server_hostname="localhost") as tls:
        tls.sendall(b"secret\n")
        print(tls.recv(100))
secured.stop()

a, b = socket.socketpair()
a.settimeout(0.01)
try:
    a.recv(1)
except TimeoutError as error:
    print(repr(error))
gevent.spawn_later(0.01, b.sendall, b"x" * 100_000)
a.settimeout(30)
view = memoryview(bytearray(100_000))
print(a.recv_into(view) > 0, a.fileno() >= 0, a.family.name)
a.close()
b.close()
print(socket.gethostbyname("localhost"))
print(socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)[0])
