"""The contact pane refreshes itself: the profile, labels, the assignee and notes."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from freezegun.api import FrozenDateTimeFactory
from werkzeug.test import TestResponse

from moca.core.messages.operators import MarkMentionsSeen
from moca.storage.db.operator_tables import AuditEntry, ConversationLabel, Mention
from moca.storage.db.tables import Contact, Conversation
from tests.web.api.test_labels import a_label
from tests.web.auth.test_login import an_operator, operator
from tests.web.conftest import Backend
from tests.web.pages.test_mentions import NAME, POLL, a_note, me
from tests.web.rows import AT, a_conversation, after

__all__ = ["operator"]

HERE = "/conversations/1"
PANE = f"{HERE}/contact"
PICTURE = "https://scontent.cdninstagram.com/ada.jpg"


def polled(client: FlaskClient, version: str | None = "") -> TestResponse:
    return client.get(PANE, headers={**POLL, "If-None-Match": f'"{version}"'})


@pytest.fixture
def agent(operator: Callable[[str], FlaskClient]) -> FlaskClient:
    a_conversation()
    return operator("answers")


def changes_profile() -> None:
    Contact.update(
        name="Ada Byron",
        username="ada.b",
        picture_url=PICTURE,
        follower_count=1_234,
        opted_out_at=AT,
    ).execute()


def labels() -> None:
    ConversationLabel.create(conversation=1, label=a_label("Refund"), last_activity_at=AT)
    AuditEntry.create(at=AT, who="ben", what="changed labels")


def assigns() -> None:
    ben = an_operator("ben")
    Conversation.update(assignee_id=ben.id).execute()
    AuditEntry.create(at=AT, who="ben", what="assigned the conversation")


def begins_anew() -> None:
    Conversation.update(status="closed").execute()
    a_conversation(Contact.get(), created_at=after(60))


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (changes_profile, ["Ada Byron", "@ada.b", PICTURE, "1,234", "Opted out"]),
        (labels, ["Refund"]),
        (assigns, ["selected>ben"]),
        (lambda: a_note(Conversation.get(), "Wants a refund"), ["Wants a refund"]),
        (begins_anew, ['href="/conversations/2"']),
    ],
)
def test_what_changes_is_in_the_next_answer(
    agent: FlaskClient,
    frozen: FrozenDateTimeFactory,
    change: Callable[[], object],
    shown: list[str],
) -> None:
    before = polled(agent)
    assert [each for each in shown if each in before.text] == []
    version = before.get_etag()[0]
    assert polled(agent, version).status_code == 304

    change()
    frozen.tick(2)

    after_it = polled(agent, version)
    assert after_it.status_code == 200
    assert [each for each in shown if each not in after_it.text] == []


def test_the_page_has_the_latest_version_already(agent: FlaskClient) -> None:
    page = agent.get(HERE).text
    version = page.split(f'id="contact-live" data-live="{PANE}" data-version="')[1].split('"')[0]
    assert polled(agent, version).status_code == 304


def test_a_refresh_brings_no_forms_and_the_page_has_them(agent: FlaskClient) -> None:
    a_note(Conversation.get(), "Wants a refund")
    pane, page = polled(agent).text, agent.get(HERE).text
    assert ("csrf_token" in pane, "<form" in pane, "<textarea" in pane) == (False, False, False)
    for form in ("act", "assign", "assign-me"):
        assert f'form="{form}"' in pane
        assert f'<form id="{form}"' in page


def test_each_sees_their_own_mentions_and_themselves(
    agent: FlaskClient, operator: Callable[[str], FlaskClient]
) -> None:
    ben = an_operator("ben")
    a_note(Conversation.get(), f"@ben and @{NAME}", ben, me())
    pane = polled(agent).text
    assert f"data-own>@{NAME}</bdi>" in pane
    assert f"{NAME} (you)" in pane
    reader = polled(operator("reads")).text
    assert "data-own" not in reader
    assert "<select" not in reader


def test_a_mention_that_a_refresh_shows_is_seen(
    agent: FlaskClient, backend: Backend, frozen: FrozenDateTimeFactory
) -> None:
    polled(agent)
    a_note(Conversation.get(), f"@{NAME}, look", me())
    frozen.tick(1)
    backend.commands.clear()

    assert NAME in polled(agent).text
    Mention.update(seen_at=AT).execute()
    polled(agent)

    assert backend.commands == [MarkMentionsSeen(1, me().id, after(1))]


def test_the_address_of_the_pane_leads_to_its_conversation(agent: FlaskClient) -> None:
    answer = agent.get(PANE)
    assert (answer.status_code, answer.location) == (303, f"{HERE}#contact")


@pytest.mark.parametrize("headers", [{}, POLL])
def test_a_pane_of_nothing_is_not_found(agent: FlaskClient, headers: dict[str, str]) -> None:
    assert agent.get("/conversations/99/contact", headers=headers).status_code == 404
