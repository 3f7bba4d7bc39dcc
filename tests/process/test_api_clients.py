"""Other programs work the inbox of a running Moca: an assistant, as the official SDK starts it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from mcp import StdioServerParameters, stdio_client
from mcp.client import Client

from tests.process.service import Service, environment, eventually
from tests.process.test_journey import posts


def added_key(service: Service, scope: str) -> str:
    answer = service.post_json("/api/keys", {"name": f"assistant {scope}", "scope": scope})
    found: str = answer.json()["key"]
    return found


@asynccontextmanager
async def assistant(service: Service, key: str) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    program, *arguments = map(str, service.program)
    named = environment(service.path, {}) | {"MOCA_API_KEY": key, "MOCA_URL": service.url}
    server = StdioServerParameters(command=program, args=[*arguments, "mcp"], env=named)
    async with Client(stdio_client(server)) as client:

        async def call(name: str, **arguments: str) -> Any:
            answer = await client.call_tool(name, arguments)
            return str(answer.content) if answer.is_error else answer.structured_content

        yield call


def test_an_assistant_drafts_as_its_key_allows_and_a_person_approves(standing: Service) -> None:
    posts(standing, "mcp-1", "Do you sell zwieback?", psid="9001")
    asyncio.run(work(standing, added_key(standing, "draft")))


async def work(service: Service, key: str) -> None:
    async with assistant(service, key) as call:
        listed = await call("list_conversations")
        wanted = [each for each in listed["items"] if each["contact"]["psid"] == "9001"]
        conversation_id = wanted[0]["id"]
        why = await call("explain_message", mid="mcp-1")
        assert why["steps"][0]["stage"] == "reception"

        refused = await call("send_reply", conversation_id=conversation_id, text="We do.")
        assert "This API key needs the scope reply." in refused
        drafted = await call("draft_reply", conversation_id=conversation_id, text="We do.")
        assert (drafted["status"], drafted["author_name"]) == ("held", "API key assistant draft")
        (item,) = (await call("list_queue", status="held"))["items"]
        assert service.post_json(f"/api/queue/{item['id']}/approve", {}).status_code == 200

        def said() -> list[tuple[str, str]]:
            read = service.get(f"/api/conversations/{conversation_id}/messages")["items"]
            return [(each["text"], each["status"]) for each in read if each["author"] == "operator"]

        await asyncio.to_thread(eventually, lambda: said() == [("We do.", "sent")])
        read = await call("read_conversation", conversation_id=conversation_id)
        assert read["conversation"]["status"] == "human"
        assert read["items"][0]["text"] == "We do."
