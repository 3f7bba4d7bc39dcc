import socket
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask, request
from flask.typing import ResponseReturnValue

from moca.core.content.content import Content
from moca.core.outbox.delivery import (
    AccountStopped,
    Delivered,
    FoundInRecord,
    KnownMessages,
    MissingFromRecord,
    RecordUnreadable,
    Rejected,
    Throttled,
    Unconfirmed,
    Undelivered,
)
from moca.core.types import ContactKey
from moca.instagram.graph import GraphClient, Profile
from tests.instagram.conftest import Serve
from tests.process.service import free_port
from tests.support.factory import calls_at

MAYA = ContactKey("17841400000000001", "28978671838402975")
SINCE = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
HALF_AN_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"
TOKENS = {MAYA.account_id: "the-token"}


class Graph:
    """Answers every call as configured, and records the calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.answers: dict[str, ResponseReturnValue] = {}
        self.app = Flask("graph")
        self.app.add_url_rule("/<path:path>", view_func=self.answer, methods=["GET", "POST"])

    def answer(self, path: str) -> ResponseReturnValue:
        token = request.headers.get("Authorization")
        query, body = dict(request.args), request.get_json(silent=True)
        self.calls.append((request.method, path, query, body, token))
        return self.answers[path]


@pytest.fixture
def graph() -> Graph:
    return Graph()


@pytest.fixture
def client(graph: Graph, serve: Serve) -> Iterator[GraphClient]:
    with closing(connect(serve(graph.app))) as connected:
        yield connected


def connect(url: str, timeout_seconds: float = 5) -> GraphClient:
    return GraphClient(calls_at(url, lambda account: TOKENS.get(account, "")), timeout_seconds)


def test_a_text_is_sent_with_the_token_in_the_header(graph: Graph, client: GraphClient) -> None:
    graph.answers["v26.0/me/messages"] = {"recipient_id": MAYA.psid, "message_id": "aWdf1"}
    assert client.send(MAYA, Content(text="café")) == Delivered("aWdf1")
    body = {"recipient": {"id": MAYA.psid}, "message": {"text": "café"}}
    assert graph.calls == [("POST", "v26.0/me/messages", {}, body, "Bearer the-token")]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ({"id": "aWdf1"}, Delivered("aWdf1")),
        ({"message_id": 12345678901234567890}, Delivered("12345678901234567890")),
        ({"recipient_id": "1"}, Unconfirmed("Instagram accepted it without a message id")),
        ("<html>", Unconfirmed("Instagram accepted it without a message id")),
        (
            {"error": {"code": 2, "message": "x"}},
            Unconfirmed("Graph 2: Instagram is temporarily unavailable"),
        ),
        (
            ({"error": {"code": 10, "error_subcode": 2534022}}, 400),
            Rejected("Graph 10/2534022: the 24-hour reply window has closed"),
        ),
        (
            (
                {"error": {"code": 80002}},
                403,
                {
                    "X-Business-Use-Case-Usage": '{"1":[{"type":"instagram",'
                    '"estimated_time_to_regain_access":19}]}'
                },
            ),
            Throttled("Graph 80002: the account's limit is reached", timedelta(minutes=19)),
        ),
        (("gateway", 502), Unconfirmed("HTTP 502 without details")),
        (("", 302, {"Location": "/v26.0/elsewhere"}), Undelivered("HTTP 302 without details")),
    ],
)
def test_what_instagram_answers_becomes_a_value(
    graph: Graph,
    client: GraphClient,
    answer: ResponseReturnValue,
    result: object,
) -> None:
    graph.answers["v26.0/me/messages"] = answer
    assert client.send(MAYA, Content(text="hi")) == result
    assert len(graph.calls) == 1


@pytest.mark.parametrize("token", ["", "two\nlines", "tök"])
def test_without_a_usable_token_nothing_is_called(graph: Graph, serve: Serve, token: str) -> None:
    with closing(GraphClient(calls_at(serve(graph.app), lambda _: token), 5)) as client:
        result = client.send(MAYA, Content(text="hi"))
    assert result == AccountStopped("no valid access token for this account")
    assert graph.calls == []


def test_the_stand_in_is_reached_past_proxy_and_netrc(
    graph: Graph, client: GraphClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    graph.answers["v26.0/me/messages"] = {"message_id": "aWdf1"}
    assert client.send(MAYA, Content(text="hi")) == Delivered("aWdf1")
    assert graph.calls[0][-1] == "Bearer the-token"


@pytest.mark.parametrize(
    ("url", "because"),
    [
        pytest.param(f"http://127.0.0.1:{free_port()}", "cannot connect to Instagram", id="closed"),
        ("http://not..a.name", "the Graph API URL cannot be called"),
        ("nonsense", "the Graph API URL cannot be called"),
    ],
)
def test_what_never_connected_was_not_delivered(url: str, because: str) -> None:
    with closing(connect(url)) as client:
        assert client.send(MAYA, Content(text="hi")) == Undelivered(because)


@pytest.mark.parametrize(
    ("said", "because"),
    [
        (None, "no response within 0.2 s"),
        (b"", "the connection was lost before the response"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
            "the connection was lost before the response",
        ),
        (b"nonsense\r\n\r\n", "the connection was lost before the response"),
    ],
)
def test_what_lost_its_answer_is_unconfirmed(said: bytes | None, because: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = Thread(target=hear_once, args=(server, said))
        thread.start()
        with closing(connect(f"http://127.0.0.1:{server.getsockname()[1]}", 0.2)) as client:
            result = client.send(MAYA, Content(text="hi"))
        thread.join(10)
    assert result == Unconfirmed(because)


def hear_once(server: socket.socket, said: bytes | None) -> None:
    connection, _ = server.accept()
    with connection:
        heard = b""
        while not heard.endswith(b"}}"):
            heard += connection.recv(65536)
        if said is None:
            connection.recv(1)
        else:
            connection.sendall(said)


def row(
    mid: str, seconds: float, text: str = "hi", sender: str = MAYA.account_id
) -> dict[str, Any]:
    at = (SINCE.replace(microsecond=0) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return {"id": mid, "created_time": f"{at}+0000", "from": {"id": sender}, "message": text}


def record(graph: Graph, *rows: dict[str, Any] | None, **page: dict[str, str]) -> None:
    graph.answers["v26.0/me/conversations"] = {"data": [{"id": "conv/1", "updated_time": "x"}]}
    graph.answers["v26.0/conv/1"] = {"id": "conv/1", "messages": {"data": list(rows), **page}}


def find(
    client: GraphClient, known: AbstractSet[str] = frozenset()
) -> FoundInRecord | MissingFromRecord | RecordUnreadable:
    return client.find_message(MAYA, Content(text="hi"), SINCE, KnownMessages(frozenset(known)))


def test_a_message_is_looked_for_with_two_reads(graph: Graph, client: GraphClient) -> None:
    record(graph)
    find(client)
    assert [(method, path, query) for method, path, query, _, _ in graph.calls] == [
        ("GET", "v26.0/me/conversations", {"platform": "instagram", "user_id": MAYA.psid}),
        ("GET", "v26.0/conv/1", {"fields": "messages{id,created_time,from,to,message}"}),
    ]


def test_the_oldest_unknown_equal_text_of_the_account_has_arrived(
    graph: Graph, client: GraphClient
) -> None:
    record(graph, row("c", 3), row("b", 2), row("a", 1))
    arrived_at = SINCE.replace(microsecond=0) + timedelta(seconds=2)
    assert find(client, known={"a"}) == FoundInRecord("b", arrived_at)


@pytest.mark.parametrize("seconds", [-4, 0, 1])
def test_whole_seconds_and_other_clocks_are_allowed_for(
    graph: Graph, client: GraphClient, seconds: int
) -> None:
    record(graph, row("a", seconds))
    assert isinstance(find(client), FoundInRecord)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row("a", -6)],
        [row("a", 1, text="ho")],
        [row("a", 1, sender=MAYA.psid)],
        [row("known", 1)],
        [None, {"id": "x"}],
        [row(str(number), 20 - 2 * number, text="ho") for number in range(20)],
    ],
)
def test_a_record_without_it_shows_that_it_did_not_arrive(
    graph: Graph, client: GraphClient, rows: list[dict[str, Any] | None]
) -> None:
    record(graph, *rows)
    assert find(client, known={"known"}) == MissingFromRecord()


def test_no_conversation_shows_that_it_did_not_arrive(graph: Graph, client: GraphClient) -> None:
    graph.answers["v26.0/me/conversations"] = {"data": []}
    assert find(client) == MissingFromRecord()


@pytest.mark.parametrize(
    ("rows", "page"),
    [
        ([row(str(number), 40 - number, text="ho") for number in range(20)], {}),
        ([row("a", 1, text="ho")], {"paging": {"next": "https://…"}}),
    ],
)
def test_a_record_that_does_not_reach_back_proves_nothing(
    graph: Graph, client: GraphClient, rows: list[dict[str, Any]], page: dict[str, Any]
) -> None:
    record(graph, *rows, **page)
    assert find(client) == RecordUnreadable("Instagram's record does not reach back to the attempt")


@pytest.mark.parametrize("missing", ["from", "created_time"])
def test_an_equal_text_by_nobody_or_at_no_time_proves_nothing(
    graph: Graph, client: GraphClient, missing: str
) -> None:
    record(graph, {key: value for key, value in row("a", 1).items() if key != missing})
    assert isinstance(find(client), RecordUnreadable)


@pytest.mark.parametrize(
    ("answer", "because"),
    [
        (
            ({"error": {"code": 190}}, 401),
            "Graph 190: the access token is not valid",
        ),
        (("oops", 500), "HTTP 500 without details"),
        ("[]", "Instagram's response has an unknown format"),
    ],
)
def test_a_record_that_cannot_be_read_proves_nothing(
    graph: Graph, client: GraphClient, answer: str | tuple[dict[str, Any] | str, int], because: str
) -> None:
    graph.answers["v26.0/me/conversations"] = answer
    assert find(client) == RecordUnreadable(because)


def test_a_profile_tells_the_name(graph: Graph, client: GraphClient) -> None:
    graph.answers[f"v26.0/{MAYA.psid}"] = {"id": MAYA.psid, "name": "Maya", "username": None}
    assert client.profile(MAYA) == Profile(name="Maya")


def test_the_subscribed_fields_are_told(graph: Graph, client: GraphClient) -> None:
    graph.answers["v26.0/me/subscribed_apps"] = {
        "data": [{"id": "1", "subscribed_fields": ["messages", "standby"]}, {"id": "2"}]
    }
    assert client.subscribed_apps(MAYA.account_id) == frozenset({"messages", "standby"})
