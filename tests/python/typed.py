"""What type checkers must accept of the package: it is checked, and not run."""

import berkeley.socket
from berkeley import install, socket

install()

with socket.create_connection(("127.0.0.1", 1), timeout=2.0) as sock:
    sock.sendall(b"x")
    family: socket.AddressFamily = sock.family
    data: bytes = sock.recv(10)
    file = sock.makefile("rb")
    line: bytes = file.readline()

listener: socket.socket = socket.create_server(("", 0), family=socket.AF_INET)
accepted, address = listener.accept()
same: berkeley.socket.socket = accepted
try:
    answers = socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)
    kind: socket.SocketKind = answers[0][1]
except socket.gaierror as reason:
    print(reason.errno, socket.EAI_NONAME, socket.MsgFlag.MSG_PEEK)
