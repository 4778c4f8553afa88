"""A program of Flask behind werkzeug's server, with threads, and uploads."""

import threading

import flask
import requests
from werkzeug.serving import WSGIRequestHandler, make_server

app = flask.Flask(__name__)


@app.post("/upload")
def upload():
    file = flask.request.files["file"]
    return {"name": file.filename, "length": len(file.read())}


@app.get("/stream")
def stream():
    return flask.Response(str(number) * 1000 for number in range(10))


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *args):
        pass


server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
thread = threading.Thread(target=server.serve_forever)
thread.start()
url = f"http://127.0.0.1:{server.port}"
with requests.Session() as session:
    session.trust_env = False
    for size in (0, 100, 3_000_000):
        answer = session.post(url + "/upload", files={"file": ("a.bin", bytes(size))}, timeout=30)
        print(answer.json())
    with session.get(url + "/stream", stream=True, timeout=30) as answer:
        print(sum(len(part) for part in answer.iter_content(700)))
    print(session.get(url + "/missing", timeout=30).status_code)
server.shutdown()
thread.join()
server.server_close()
