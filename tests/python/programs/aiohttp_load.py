"""A server of aiohttp and many clients at once, and a web socket."""

import asyncio
import collections

import aiohttp
from aiohttp import web

routes = web.RouteTableDef()


@routes.post("/{name}")
async def answer(request):
    body = await request.read()
    return web.json_response({"name": request.match_info["name"], "length": len(body)})


@routes.get("/chat")
async def chat(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws:
        await ws.send_str(message.data.upper())
    return ws


async def main():
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    counted = collections.Counter()
    async with aiohttp.ClientSession(f"http://{host}:{port}") as session:

        async def client(number):
            for step in range(40):
                async with session.post(f"/{number}", data=b"x" * step) as response:
                    same = await response.json() == {"name": str(number), "length": step}
                    counted[response.status, same] += 1

        await asyncio.gather(*(client(number) for number in range(50)))
        async with session.ws_connect("/chat") as ws:
            await ws.send_str("quiet")
            print((await ws.receive()).data)
    await runner.cleanup()
    print(counted)


asyncio.run(main())
