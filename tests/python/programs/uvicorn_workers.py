"""uvicorn's command with two processes, which it starts afresh, and an end by a signal."""

import collections
import http.client
import os
import signal
import socket
import threading

import uvicorn


async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200})
    kind = socket.socket.__mro__[1].__module__
    await send({"type": "http.response.body", "body": f"{kind} {os.getpid()}".encode()})


def ask(port):
    counted, seen = collections.Counter(), set()
    while len(seen) < 2 or counted.total() < 50:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/")
            kind, process = connection.getresponse().read().split()
            seen.add(process)
            counted[kind] += 1
            connection.close()
        except ConnectionRefusedError:
            continue
    print(set(counted), len(seen), flush=True)
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    threading.Thread(target=ask, args=(port,)).start()
    uvicorn.run("uvicorn_workers:app", port=port, workers=2, log_level="error", lifespan="off")
