"""Many threads: one for each connection, some that share a socket."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

listener = socket.create_server(("127.0.0.1", 0), backlog=256)


def serve():
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=answer, args=(sock,), daemon=True).start()


def answer(sock):
    with sock:
        while data := sock.recv(65536):
            sock.sendall(data)


def client(number):
    content = bytes([number % 256]) * (number * 1000)
    with socket.create_connection(listener.getsockname(), timeout=60) as sock:
        # It reads while another thread writes.
        writer = threading.Thread(target=lambda: (sock.sendall(content), sock.shutdown(1)))
        writer.start()
        with sock.makefile("rb") as file:
            got = file.read()
        writer.join()
    return got == content


threading.Thread(target=serve, daemon=True).start()
with ThreadPoolExecutor(32) as pool:
    print(sum(pool.map(client, range(200))))
first, second = socket.socketpair(type=socket.SOCK_SEQPACKET)
senders = [threading.Thread(target=lambda: [first.send(b"x") for _ in range(500)]) for _ in "1234"]
for thread in senders:
    thread.start()
print(sum(len(second.recv(10)) for _ in range(2000)))
