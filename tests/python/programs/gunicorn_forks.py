"""gunicorn: workers that it forks, with and without threads, and with those of gevent."""

import http.client
import os
import signal
import socket
import sys
import threading

from gunicorn.app.base import BaseApplication


class Application(BaseApplication):
    def __init__(self, kind, descriptor):
        self.kind, self.descriptor = kind, descriptor
        super().__init__()

    def load_config(self):
        options = {"worker_class": self.kind, "workers": 2, "bind": f"fd://{self.descriptor}"}
        options |= {"loglevel": "critical", "threads": 4, "graceful_timeout": 2}
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self):
        def page(environ, start):
            start("200 OK", [("Content-Type", "text/plain")])
            return [str(os.getpid()).encode()]

        return page


for kind in ("sync", "gthread", "gevent"):
    listener = socket.create_server(("127.0.0.1", 0))
    child = os.fork()
    if child == 0:
        listener.set_inheritable(True)
        Application(kind, listener.fileno()).run()
        sys.exit(0)
    seen, statuses = set(), set()

    def ask(listener=listener, seen=seen, statuses=statuses):
        for _ in range(50):
            connection = http.client.HTTPConnection(*listener.getsockname(), timeout=30)
            connection.request("GET", "/", headers={"Connection": "close"})
            answer = connection.getresponse()
            statuses.add(answer.status)
            seen.add(answer.read())
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.kill(child, signal.SIGTERM)
    print(kind, statuses, len(seen) > 0, os.waitpid(child, 0)[1], flush=True)
    listener.close()
