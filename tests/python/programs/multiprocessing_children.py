"""Processes of `multiprocessing`, however they are started, with sockets of this one."""

import _socket
import multiprocessing
import socket
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import Client, Listener


def child(pipe, sock):
    listener = pipe.recv()
    accepted, _ = listener.accept()
    with accepted, sock:
        accepted.sendall(accepted.recv(100).upper())
        sock.sendall(b"from the child")
    pipe.send((type(sock) is socket.socket, socket.socket.__mro__[1] is _socket.socket))


def task(number):
    first, second = socket.socketpair()
    with first, second:
        first.sendall(b"%d" % number)
        return int(second.recv(10)) ** 2


def main():
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        listener = socket.create_server(("127.0.0.1", 0))
        ours, theirs = context.Pipe()
        first, second = socket.socketpair()
        process = context.Process(target=child, args=(theirs, second))
        process.start()
        second.close()
        ours.send(listener)
        with socket.create_connection(listener.getsockname(), 60) as sock:
            sock.sendall(b"hello")
            print(method, sock.recv(100), first.recv(100), ours.recv())
        process.join()
        print(process.exitcode)
        first.close()
        listener.close()
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            print(sum(pool.map(task, range(20))))
        with context.Manager() as manager:
            shared = manager.dict()
            shared["key"] = "value"
            print(dict(shared))
    with Listener(("127.0.0.1", 0), authkey=b"secret") as listener:
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=connect, args=(listener.address,))
        process.start()
        with listener.accept() as connection:
            print(connection.recv())
        process.join()


def connect(address):
    with Client(address, authkey=b"secret") as connection:
        connection.send("by a connection")


if __name__ == "__main__":
    main()
