"""redis-py and redis-server, by TCP and by a UNIX socket: commands, a pipeline, messages."""

import os
import socket
import subprocess
import tempfile

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]

with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "redis.sock")
    options = f"--bind 127.0.0.1 --port {port} --unixsocket {path} --save --dir {folder}"
    server = subprocess.Popen(["redis-server", *options.split()], stdout=subprocess.DEVNULL)
    patient = Retry(ConstantBackoff(0.05), 200)
    try:
        for options in ({"host": "127.0.0.1", "port": port}, {"unix_socket_path": path}):
            with redis.Redis(**options, retry=patient, decode_responses=True) as client:
                print(client.ping(), client.set("key", "value"), client.get("key"))
                big = "x" * 5_000_000
                client.set("big", big)
                print(client.get("big") == big)
                with client.pipeline() as pipeline:
                    for number in range(1000):
                        pipeline.incr("counter", number)
                    print(pipeline.execute()[-1], client.delete("counter"))
                with client.pubsub() as listener:
                    listener.subscribe("news")
                    print(listener.get_message(timeout=10)["type"])
                    print(client.publish("news", "hello"))
                    print(listener.get_message(timeout=10)["data"])
                    print(listener.get_message(timeout=0.01))
                with redis.Redis(**options, socket_timeout=0.05, retry=None) as hasty:
                    try:
                        hasty.blpop("nothing", 5)
                    except redis.TimeoutError as error:
                        print(error)
    finally:
        server.terminate()
        print(server.wait(30))
