"""requests and urllib3 against a server of HTTPS, which has an authority of its own."""

import http.server
import ssl
import tempfile
import threading

import requests
import trustme
import urllib3


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


authority = trustme.CA()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
url = f"https://localhost:{server.server_port}/"

with tempfile.NamedTemporaryFile(suffix=".pem") as file:
    authority.cert_pem.write_to_path(file.name)
    with requests.Session() as session:
        session.trust_env, session.verify = False, file.name
        for size in (1, 1000, 1_000_000):
            answer = session.post(url, data=b"a" * size + b"z", timeout=30)
            print(answer.status_code, len(answer.content), answer.content[:1])
    with urllib3.PoolManager(ca_certs=file.name) as pool:
        print(pool.request("POST", url, body=b"urllib3").data)
    with urllib3.PoolManager() as pool:
        try:
            pool.request("POST", url, body=b"", retries=False)
        except urllib3.exceptions.SSLError as error:
            print(type(error).__name__, "CERTIFICATE_VERIFY_FAILED" in str(error))
try:
    requests.get("http://127.0.0.1:1/", timeout=5)
except requests.ConnectionError as error:
    print(str(error)[-30:])
server.shutdown()
