"""eventlet in the place of threads and sockets."""

import warnings

warnings.simplefilter("ignore")

import eventlet

eventlet.monkey_patch()

import socket
import threading

import eventlet.wsgi
import requests

print(socket.socket.__module__, socket.socket.__name__)


def echo(sock, address):
    with sock:
        while data := sock.recv(4096):
            sock.sendall(data.upper())


listener = eventlet.listen(("127.0.0.1", 0))
eventlet.spawn(eventlet.serve, listener, echo)


def client(number):
    with socket.create_connection(listener.getsockname(), timeout=30) as sock:
        sock.sendall(b"hello %d" % number)
        return sock.recv(100)


print(sorted(eventlet.GreenPool(20).imap(client, range(100)))[0])
threads = [threading.Thread(target=client, args=(number,)) for number in range(10)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()


def page(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"page"]


web = eventlet.listen(("127.0.0.1", 0))
eventlet.spawn(eventlet.wsgi.server, web, page, log_output=False)
url = "http://{}:{}/".format(*web.getsockname())
print([requests.get(url, timeout=30).text for _ in range(3)])
first, second = socket.socketpair()
second.settimeout(0.01)
try:
    second.recv(1)
except TimeoutError as error:
    print(repr(error))
with first.dup() as third:
    third.sendall(b"by another")
second.settimeout(30)
print(second.recv(100), first.fileno() >= 0)
