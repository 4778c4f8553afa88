"""A server of TLS on `ssl`, asked by OpenSSL's own client."""

import os
import socket
import ssl
import subprocess
import tempfile
import threading

import trustme

authority = trustme.CA()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.set_alpn_protocols(["echo"])
authority.issue_cert("localhost").configure_cert(context)


def serve(listener):
    for _ in range(3):
        plain, _ = listener.accept()
        plain.settimeout(30)
        with context.wrap_socket(plain, server_side=True) as sock:
            file = sock.makefile("rwb")
            line = file.readline()
            version = sock.version().encode()
            file.write(b"%s %s %s" % (version, sock.selected_alpn_protocol().encode(), line))
            file.close()
            sock.unwrap().close()


with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
    path = os.path.join(folder, "ca.pem")
    authority.cert_pem.write_to_path(path)
    thread = threading.Thread(target=serve, args=(listener,))
    thread.start()
    address = "127.0.0.1:{1}".format(*listener.getsockname())
    for option in ("-tls1_2", "-tls1_3", "-tls1_3"):
        command = ["openssl", "s_client", "-connect", address, "-CAfile", path, option]
        command += ["-alpn", "echo", "-servername", "localhost", "-verify_return_error", "-quiet"]
        done = subprocess.run(command, input=b"hello\n", capture_output=True, timeout=60)
        print(done.returncode, done.stdout)
    thread.join()
