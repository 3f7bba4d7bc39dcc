from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, jsonify
from freezegun import freeze_time

from moca.core.content.attachments import Attachment, ReceivedContent
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.outbox.delivery import RecordUnreadable
from moca.core.reconciliation.thread_scan import ListedThread, ThreadPage
from moca.instagram.graph import GraphClient
from moca.instagram.sandbox.account_problems import AccountProblem
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.ids import conversation_id
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.routes import graph_blueprint
from tests.instagram.conftest import Serve
from tests.support.factory import ANNA, BEN, NOON, calls_at
from tests.support.frozen_time import frozen_at
from tests.support.values import of_kind

ACCOUNT = ANNA.account_id


@pytest.fixture
def instagram() -> SandboxInstagram:
    return SandboxInstagram(SandboxAccounts(ACCOUNT, "token"), lambda _body: None)


@pytest.fixture
def graph(instagram: SandboxInstagram, serve: Serve) -> Iterator[GraphClient]:
    app = Flask("sandbox")
    app.register_blueprint(graph_blueprint(instagram), url_prefix="/graph")
    client = GraphClient(calls_at(f"{serve(app)}/graph", instagram.accounts.token_for), 5)
    yield client
    client.close()


@pytest.fixture
def answering(serve: Serve) -> Iterator[Callable[[dict[str, Any] | list[object]], GraphClient]]:
    """Reads from an Instagram with a fixed answer."""
    clients = []

    def answer(document: dict[str, Any] | list[object]) -> GraphClient:
        app = Flask("instagram")
        app.add_url_rule("/<path:_path>", "any", lambda _path: jsonify(document))
        clients.append(GraphClient(calls_at(serve(app), lambda _account: "token"), 5))
        return clients[-1]

    yield answer
    for client in clients:
        client.close()


def test_threads_are_listed_with_the_instant_of_their_last_change(
    graph: GraphClient, instagram: SandboxInstagram
) -> None:
    with frozen_at(NOON) as frozen:
        instagram.write(ANNA.psid, "hello")
        frozen.tick(timedelta(seconds=5))
        instagram.write(BEN.psid, "hello")

    assert graph.threads(ACCOUNT) == ThreadPage(
        (
            ListedThread(conversation_id(BEN), NOON + timedelta(seconds=5)),
            ListedThread(conversation_id(ANNA), NOON),
        )
    )


def test_a_long_list_comes_in_pages(graph: GraphClient, instagram: SandboxInstagram) -> None:
    for n in range(120):
        instagram.write(f"{n}", "hello")
    sizes, after, seen = [], "", set()
    while True:
        page = of_kind(graph.threads(ACCOUNT, after), ThreadPage)
        sizes.append(len(page.threads))
        seen |= {each.id for each in page.threads}
        after = page.after
        if not after:
            break

    assert (sizes, len(seen)) == ([50, 50, 20], 120)


def test_a_threads_messages_read_as_their_webhooks_would_have_told_them(
    graph: GraphClient, instagram: SandboxInstagram
) -> None:
    with freeze_time(NOON):
        asked = instagram.write(ANNA.psid, "hello")
        answered = instagram.write_app_reply(ANNA.psid, "good day")

    assert graph.thread(ACCOUNT, conversation_id(ANNA)) == (
        Echo(contact=ANNA, mid=answered, text="good day", sent_at=NOON),
        InboundMessage(contact=ANNA, mid=asked, text="hello", sent_at=NOON),
    )


def test_media_are_told_with_their_type_and_link(
    graph: GraphClient, instagram: SandboxInstagram
) -> None:
    image = {"attachments": [{"type": "image", "payload": {"url": "https://example.com/a.jpg"}}]}
    instagram.write(ANNA.psid, "", more=image)
    (message,) = of_kind(graph.thread(ACCOUNT, conversation_id(ANNA)), tuple)

    shown = Attachment(type="image", url="https://example.com/a.jpg")
    assert (message.type, message.text) == ("image", "")
    assert message.received == ReceivedContent(attachments=(shown,))


def test_what_shows_neither_text_nor_media_is_unsupported(
    graph: GraphClient, instagram: SandboxInstagram
) -> None:
    instagram.write(ANNA.psid, "", more={"attachments": [{"type": "ephemeral"}]})
    (message,) = of_kind(graph.thread(ACCOUNT, conversation_id(ANNA)), tuple)
    assert (message.type, message.text, message.received) == ("unsupported", "", None)


def test_a_refusal_is_told(graph: GraphClient, instagram: SandboxInstagram) -> None:
    instagram.troubles.become([AccountProblem.MESSAGE_ACCESS])

    assert graph.threads(ACCOUNT) == RecordUnreadable(
        "Graph 200/2534041: the owner has not allowed access to messages"
    )


def test_a_message_in_which_the_account_has_no_part_is_left_out(
    answering: Callable[[dict[str, Any] | list[object]], GraphClient],
) -> None:
    ours = {"id": "m1", "from": {"id": "7"}, "to": {"data": [{"id": ACCOUNT}]}, "message": "a"}
    alien = {"id": "m2", "from": {"id": "7"}, "to": {"data": [{"id": "8"}]}, "message": "b"}
    graph = answering({"id": "t", "messages": {"data": [ours, alien]}})

    assert [each.mid for each in of_kind(graph.thread(ACCOUNT, "t"), tuple)] == ["m1"]


def test_a_record_that_calls_the_account_otherwise_is_not_believed(
    answering: Callable[[dict[str, Any] | list[object]], GraphClient],
) -> None:
    alien = {"id": "m", "from": {"id": "9"}, "to": {"data": [{"id": "8"}]}, "message": "b"}
    graph = answering({"id": "t", "messages": {"data": [alien]}})

    assert graph.thread(ACCOUNT, "t") == RecordUnreadable(
        "Instagram's record calls the account otherwise than its webhooks do"
    )


@pytest.mark.parametrize("document", [{}, {"data": None}, {"data": "no"}, []])
def test_an_odd_list_is_unreadable(
    answering: Callable[[dict[str, Any] | list[object]], GraphClient],
    document: dict[str, str | None] | list[object],
) -> None:
    assert isinstance(answering(document).threads(ACCOUNT), RecordUnreadable)


@pytest.mark.parametrize("row", [None, {}, {"id": "t"}, {"id": "t", "updated_time": "soon"}, 7])
def test_an_odd_row_is_left_out(
    answering: Callable[[dict[str, Any] | list[object]], GraphClient],
    row: dict[str, str] | int | None,
) -> None:
    good = {"id": "good", "updated_time": "2026-11-22T12:00:00+0000"}

    assert answering({"data": [row, good]}).threads(ACCOUNT) == ThreadPage(
        (ListedThread("good", NOON),)
    )
