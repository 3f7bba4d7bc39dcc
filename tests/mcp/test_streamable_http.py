"""Over HTTP, each caller has what their own key allows."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx2
import uvicorn
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver.context import Context
from mcp_types import CallToolResult

from moca.mcp.server import build_server
from moca.mcp.streamable_http import http_app, key_of_request
from tests.mcp.test_server import FakeApi

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPTS = {"Accept": "application/json, text/event-stream"}

Outcome = TypeVar("Outcome")


def serving(works: Callable[[str, list[object]], Awaitable[Outcome]]) -> Outcome:
    """Serve and run what is done with its address and with the keys that the API was given."""
    keys: list[object] = []

    def api_of(context: Context) -> FakeApi:
        keys.append(key_of_request(context))
        return FakeApi()

    async def run() -> Outcome:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            host = f"127.0.0.1:{listener.getsockname()[1]}"
            app = http_app(build_server(api_of, "1.2"), [host])
            server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
            served = asyncio.create_task(server.serve(sockets=[listener]))
            try:
                return await works(f"http://{host}/mcp", keys)
            finally:
                server.should_exit = True
                await served

    return asyncio.run(run())


async def list_queue(url: str, key: str) -> CallToolResult:
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http)) as client,
    ):
        return await client.call_tool("list_queue", {})


def test_each_caller_has_their_own_key() -> None:
    async def works(url: str, keys: list[object]) -> list[object]:
        for key in ("moca_a", "moca_b"):
            assert not (await list_queue(url, key)).is_error
        return keys

    assert serving(works) == ["moca_a", "moca_b"]


def test_requests_without_a_key_or_from_elsewhere_are_refused() -> None:
    async def works(url: str, keys: list[object]) -> tuple[list[int], list[object]]:
        own = {"Authorization": "Bearer moca_a", **ACCEPTS}
        cases = [
            ACCEPTS,
            ACCEPTS | {"Authorization": "Basic YTpi"},
            own | {"Host": "evil.example"},
            own | {"Origin": "https://evil.example"},
        ]
        async with httpx2.AsyncClient(trust_env=False) as http:
            answers = [await http.post(url, json=LIST, headers=each) for each in cases]
        return [each.status_code for each in answers], keys

    assert serving(works) == ([401, 401, 421, 403], [])
