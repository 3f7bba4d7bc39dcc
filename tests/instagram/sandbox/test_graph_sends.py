"""Every way to send: what the sandbox receives, echoes, records and refuses."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from moca.core.content.content import Button, Card, Content, Media, QuickReply, Reaction
from moca.core.outbox.delivery import (
    NOTHING_KNOWN,
    Delivered,
    FoundInRecord,
    Rejected,
    Unconfirmed,
    Undelivered,
)
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.types import ContactKey
from moca.instagram.graph import GraphClient
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.faults import Faults
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.routes import graph_blueprint
from tests.instagram.conftest import Serve
from tests.support.factory import calls_at
from tests.support.values import of_kind, present

ACCOUNT = "17841400000000001"
MAYA = ContactKey(ACCOUNT, "28978671838402975")
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DAY = timedelta(days=1)

SHOP = Button(title="Shop", url="https://example.com/shop")
PICTURE = Media(type="image", url="https://example.com/cat.png")


@dataclass
class SandboxWithClock:
    """A sandbox with a clock of its own, and its webhooks."""

    now: datetime = START
    webhooks: list[bytes] = field(default_factory=list)
    sizes: dict[str, int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        faults = Faults(media_bytes=lambda url: self.sizes.get(url, 0))
        self.instagram = SandboxInstagram(
            SandboxAccounts(ACCOUNT, "token"),
            self.webhooks.append,
            now=lambda: self.now,
            faults=faults,
        )

    def last_told(self) -> dict[str, Any]:
        """The last webhook's message."""
        (entry,) = json.loads(self.webhooks[-1])["entry"]
        found: dict[str, Any] = entry["messaging"][0]["message"]
        return found


@pytest.fixture
def place() -> SandboxWithClock:
    return SandboxWithClock()


@pytest.fixture
def client(place: SandboxWithClock, serve: Serve) -> Iterator[GraphClient]:
    app = Flask("sandbox")
    app.register_blueprint(graph_blueprint(place.instagram), url_prefix="/graph")
    calls = calls_at(f"{serve(app)}/graph", place.instagram.accounts.token_for)
    with closing(GraphClient(calls, 5)) as client:
        yield client


@pytest.mark.parametrize(
    ("content", "echo"),
    [
        (Content(text="hi"), {"text": "hi"}),
        (
            Content(media=PICTURE),
            {"attachments": [{"type": "image", "payload": {"url": PICTURE.url}}]},
        ),
        (Content(is_heart=True), {"attachments": [{"type": "like_heart"}]}),
        (
            Content(cards=(Card(title="Tea", subtitle="green"),)),
            {
                "attachments": [
                    {
                        "type": "template",
                        "payload": {
                            "generic": {"elements": [{"title": "Tea", "subtitle": "green"}]}
                        },
                    }
                ]
            },
        ),
        (Content(text="?", quick_replies=(QuickReply(title="A", payload="P"),)), {"text": "?"}),
    ],
    ids=str,
)
def test_what_was_sent_is_echoed_and_found_in_the_record(
    place: SandboxWithClock, client: GraphClient, content: Content, echo: dict[str, Any]
) -> None:
    place.instagram.write(MAYA.psid, "hi")

    sent = client.send(MAYA, content)

    assert isinstance(sent, Delivered)
    assert place.last_told() == {"mid": sent.mid, "is_echo": True, **echo}
    assert client.find_message(MAYA, content, START, NOTHING_KNOWN) == FoundInRecord(
        present(sent.mid), START
    )


def test_a_button_template_is_found_though_its_text_is_not_shown(
    place: SandboxWithClock, client: GraphClient
) -> None:
    place.instagram.write(MAYA.psid, "hi")
    content = Content(text="look", buttons=(SHOP,))

    sent = of_kind(client.send(MAYA, content), Delivered)

    assert client.find_message(MAYA, content, START, NOTHING_KNOWN) == FoundInRecord(
        present(sent.mid), START
    )


def test_a_threaded_reply_shows_what_it_answers(
    place: SandboxWithClock, client: GraphClient
) -> None:
    mid = place.instagram.write(MAYA.psid, "hi")

    client.send(MAYA, Content(text="you too", reply_to_mid=mid))

    assert place.last_told()["reply_to"] == {"mid": mid}


def test_a_sign_is_put_on_a_message_and_taken_off_without_an_echo(
    place: SandboxWithClock, client: GraphClient
) -> None:
    mid = place.instagram.write(MAYA.psid, "hi")

    assert client.send(MAYA, Content(reaction=Reaction(mid=mid, emoji="love"))) == Delivered(None)
    assert place.instagram.reactions(MAYA.psid) == {mid: "love"}
    client.send(MAYA, Content(reaction=Reaction(mid=mid)))

    assert place.instagram.reactions(MAYA.psid) == {}
    assert len(place.webhooks) == 1


def test_seen_and_typing_are_shown_and_nothing_is_sent(
    place: SandboxWithClock, client: GraphClient
) -> None:
    assert client.act(MAYA, "mark_seen") is None
    assert client.act(MAYA, "typing_on") is None

    assert place.instagram.shown() == ((MAYA, "mark_seen"), (MAYA, "typing_on"))
    assert place.webhooks == []


@pytest.mark.parametrize(
    ("after", "way", "result"),
    [
        (DAY, DIRECT, Delivered),
        (DAY * 1.01, DIRECT, Rejected),
        (DAY * 1.01, ReplyAddress(is_late=True), Delivered),
        (DAY * 7.01, ReplyAddress(is_late=True), Rejected),
    ],
)
def test_the_window_is_a_day_and_a_week_for_a_human_agent(
    place: SandboxWithClock,
    client: GraphClient,
    after: timedelta,
    way: ReplyAddress,
    result: type[Delivered] | type[Rejected],
) -> None:
    place.instagram.write(MAYA.psid, "hi")
    place.now += after

    assert isinstance(client.send(MAYA, Content(text="hello"), way), result)


def test_a_comment_is_answered_in_private_once(
    place: SandboxWithClock, client: GraphClient
) -> None:
    way = ReplyAddress(comment_id=place.instagram.comment(MAYA.psid, "nice"))

    first = client.send(MAYA, Content(text="thanks"), way)
    second = client.send(MAYA, Content(text="thanks"), way)

    assert isinstance(first, Delivered)
    assert second == Unconfirmed(
        "Graph 100/2534025: the private reply was refused, probably because there already is one",
        may_go_again=False,
    )
    assert [each.text for each in place.instagram.thread(MAYA.psid)] == ["thanks"]


def test_a_comment_is_not_answered_in_private_after_a_week(
    place: SandboxWithClock, client: GraphClient
) -> None:
    way = ReplyAddress(comment_id=place.instagram.comment(MAYA.psid, "nice"))
    place.now += 7 * DAY + timedelta(seconds=1)

    assert isinstance(client.send(MAYA, Content(text="thanks"), way), Unconfirmed)


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (Content(text="x" * 1001), "Graph 100: the request is invalid"),
        (Content(), "Graph 100: the request is invalid"),
        (
            Content(text="?", quick_replies=(QuickReply(title="A", payload="P"),) * 14),
            "Graph 100/2534015: the message's data is invalid",
        ),
        (
            Content(cards=(Card(title="Tea", subtitle="green"),) * 11),
            "Graph 100/2534015: the message's data is invalid",
        ),
        (
            Content(cards=(Card(title="Tea", buttons=(SHOP,) * 4),)),
            "Graph 100/2534015: the message's data is invalid",
        ),
        (
            Content(text="x" * 641, buttons=(SHOP,)),
            "Graph 100/2534015: the message's data is invalid",
        ),
        (
            Content(text="x", buttons=(SHOP,) * 4),
            "Graph 100/2534015: the message's data is invalid",
        ),
        (
            Content(text="x", reply_to_mid="of nobody"),
            "Graph 100/2534015: the message's data is invalid",
        ),
        (
            Content(media=Media(type="image", url="ftp://example.com/a.png")),
            "Graph 100/2018008: the media could not be fetched",
        ),
        (
            Content(media=Media(type="image", url="https://example.com/gone.png")),
            "Graph 100/2018008: the media could not be fetched",
        ),
        (
            Content(media=Media(type="image", url="https://example.com/a.pdf")),
            "Graph 100/2018047: the media's type is not supported",
        ),
        (
            Content(media=Media(type="image", url="https://example.com/large.png")),
            "Graph 100/2018109: the media is too large",
        ),
    ],
    ids=str,
)
def test_what_meta_refuses_the_stand_in_refuses_by_the_same_code(
    place: SandboxWithClock, client: GraphClient, content: Content, because: str
) -> None:
    place.instagram.write(MAYA.psid, "hi")
    place.sizes = {
        "https://example.com/gone.png": None,
        "https://example.com/large.png": 8 * 1024 * 1024 + 1,
    }

    assert client.send(MAYA, content) == Rejected(because)
    assert len(place.instagram.thread(MAYA.psid)) == 1


def test_a_video_may_be_larger_than_a_picture(place: SandboxWithClock, client: GraphClient) -> None:
    place.instagram.write(MAYA.psid, "hi")
    video = Media(type="video", url="https://example.com/a.mp4")
    place.sizes = {video.url: 25 * 1024 * 1024}

    assert isinstance(client.send(MAYA, Content(media=video)), Delivered)


def test_a_sign_that_got_no_answer_counts_as_not_put(serve: Serve) -> None:
    app = Flask("broken")
    app.add_url_rule("/v26.0/me/messages", "send", lambda: ("oops", 500), methods=["POST"])
    calls = calls_at(serve(app), lambda _account_id: "token")
    with closing(GraphClient(calls, 5)) as client:
        told = client.send(MAYA, Content(reaction=Reaction(mid="m1", emoji="love")))

    assert told == Undelivered("HTTP 500 without details")
