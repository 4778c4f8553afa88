"""A server of uvicorn, first with asyncio and then with uvloop, and clients of httpx."""

import asyncio
import collections
import socket

import httpx
import uvicorn


async def app(scope, receive, send):
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": scope["path"].encode() + body})


async def main():
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off", http="h11")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    counted = collections.Counter()
    url = "http://{}:{}".format(*listener.getsockname())
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:

        async def ask(number):
            for step in range(20):
                answer = await client.post(f"/{number}", content=b"y" * step * 100)
                right = answer.content == b"/%d" % number + b"y" * step * 100
                counted[answer.status_code, right] += 1

        await asyncio.gather(*(ask(number) for number in range(25)))
    server.should_exit = True
    await serving
    print(type(asyncio.get_running_loop()).__module__, counted)


if __name__ == "__main__":
    asyncio.run(main())
    uvicorn.Config(app, loop="uvloop")
    import uvloop

    uvloop.run(main())
