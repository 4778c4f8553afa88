"""paramiko: a server and a client of SSH, with a command and a channel."""

import logging
import socket
import threading

import paramiko

# What it has to say about who closed first is chance.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
key = paramiko.ECDSAKey.generate()


class Server(paramiko.ServerInterface):
    def check_auth_password(self, username, password):
        right = (username, password) == ("user", "secret")
        return paramiko.AUTH_SUCCESSFUL if right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind, number):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        threading.Thread(target=execute, args=(channel, command)).start()
        return True


def execute(channel, command):
    channel.sendall(command.upper())
    channel.sendall(channel.recv(100_000)[::-1])
    channel.send_exit_status(3)
    channel.close()


def serve(listener):
    sock, _ = listener.accept()
    transport = paramiko.Transport(sock)
    transport.add_server_key(key)
    transport.start_server(server=Server())
    transport.join()


with socket.create_server(("127.0.0.1", 0)) as listener:
    threading.Thread(target=serve, args=(listener,)).start()
    host, port = listener.getsockname()
    with paramiko.SSHClient() as client:
        client.get_host_keys().add(f"[{host}]:{port}", key.get_name(), key)
        options = {"look_for_keys": False, "allow_agent": False, "timeout": 30}
        client.connect(host, port, "user", "secret", **options)
        stdin, stdout, _ = client.exec_command("a command", timeout=30)
        stdin.write("abc")
        print(stdout.read(), stdout.channel.recv_exit_status())
