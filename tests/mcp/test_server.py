"""What assistants see, and what their tools ask of the API."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from mcp.client import Client

from moca.mcp.client import ApiClient, ApiError
from moca.mcp.server import build_server


class FakeApi(ApiClient):
    """Records requests and answers each with its path, or refuses all."""

    def __init__(self, refuses: str | None = None) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self._refuses = refuses

    def get(self, *path: str, **query: object) -> dict[str, object]:
        given = {name: value for name, value in query.items() if value is not None}
        return self._respond(("GET", "/".join(path), given))

    def post(self, *path: str, body: object) -> dict[str, object]:
        return self._respond(("POST", "/".join(path), body))

    def _respond(self, asked: tuple[str, str, Any]) -> dict[str, object]:
        if self._refuses is not None:
            raise ApiError(self._refuses)
        self.asked.append(asked)
        return {asked[1]: "answered"}


def with_client(api: FakeApi, works: Callable[[Client], Awaitable[Any]]) -> Any:
    """Run what a client does with a server."""

    async def run() -> Any:
        async with Client(build_server(lambda _: api, "1.2")) as client:
            return await works(client)

    return asyncio.run(run())


def call(api: FakeApi, name: str, **arguments: bool | int | str) -> Any:
    return with_client(api, lambda client: client.call_tool(name, arguments))


@pytest.mark.parametrize(
    ("name", "arguments", "asked"),
    [
        (
            "search",
            {"query": "is:needs-reply"},
            ("GET", "search", {"q": "is:needs-reply", "limit": 20}),
        ),
        (
            "list_conversations",
            {"status": "human", "label": "vip", "cursor": "c", "limit": 5},
            (
                "GET",
                "conversations",
                {"status": "human", "label": "vip", "cursor": "c", "limit": 5},
            ),
        ),
        ("explain_message", {"mid": "m/1"}, ("GET", "messages/m/1/journey", {})),
        ("list_queue", {"status": "held"}, ("GET", "queue", {"status": "held", "limit": 20})),
        (
            "draft_reply",
            {"conversation_id": "3", "text": "At nine."},
            ("POST", "conversations/3/messages", {"text": "At nine.", "draft": True}),
        ),
        (
            "send_reply",
            {"conversation_id": "3", "text": "At nine."},
            ("POST", "conversations/3/messages", {"text": "At nine.", "hold": True}),
        ),
        (
            "send_reply",
            {"conversation_id": "3", "text": "At nine.", "keep_bot_active": True},
            ("POST", "conversations/3/messages", {"text": "At nine.", "hold": False}),
        ),
    ],
)
def test_a_tool_asks_the_api_for_one_thing(
    name: str, arguments: dict[str, Any], asked: tuple[str, str, dict[str, Any]]
) -> None:
    api = FakeApi()
    answer = call(api, name, **arguments)
    assert api.asked == [asked]
    assert (answer.is_error, answer.structured_content) == (False, {asked[1]: "answered"})


def test_a_conversation_is_read_with_its_messages() -> None:
    api = FakeApi()
    answer = call(api, "read_conversation", conversation_id="3")
    assert api.asked == [
        ("GET", "conversations/3", {}),
        ("GET", "conversations/3/messages", {"limit": 30}),
    ]
    assert answer.structured_content == {
        "conversation": {"conversations/3": "answered"},
        "conversations/3/messages": "answered",
    }


def test_what_the_api_refuses_is_an_error_that_can_be_read() -> None:
    api = FakeApi("This API key needs the scope reply.")
    answer = call(api, "send_reply", conversation_id="3", text="At nine.")
    assert answer.is_error
    (told,) = answer.content
    assert told.text == "Error executing tool send_reply: This API key needs the scope reply."


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("list_queue", {"status": "lost"}),
        ("list_conversations", {"limit": 1000}),
        ("draft_reply", {"conversation_id": "3", "text": ""}),
        ("draft_reply", {"text": "At nine."}),
    ],
)
def test_arguments_that_make_no_sense_reach_nothing(
    name: str, arguments: dict[str, int | str]
) -> None:
    api = FakeApi()
    assert call(api, name, **arguments).is_error
    assert api.asked == []


def test_tools_are_told_apart_by_what_they_change() -> None:
    listed = with_client(FakeApi(), lambda client: client.list_tools()).tools
    assert {tool.name: tool.annotations.read_only_hint for tool in listed} == {
        "search": True,
        "list_conversations": True,
        "read_conversation": True,
        "explain_message": True,
        "list_queue": True,
        "draft_reply": False,
        "send_reply": False,
    }
    destructive = [tool.name for tool in listed if tool.annotations.destructive_hint]
    assert destructive == ["send_reply"]
    assert all(tool.description and "context" not in str(tool.input_schema) for tool in listed)
