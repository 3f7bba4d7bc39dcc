from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from moca.core.messages.operator_actions import SnoozeConversation, UnsnoozeConversation
from moca.storage.queries.pagination import microseconds_of
from tests.web.conftest import Backend
from tests.web.forms import sends
from tests.web.rows import AT, a_conversation, after

DONE_AT = f"done_at={microseconds_of(AT)}"
HERE = "/conversations/1"


@pytest.mark.parametrize(
    ("chosen", "fields", "until"),
    [
        ("hour", {}, after(3600)),
        ("tomorrow", {}, AT + timedelta(hours=21)),
        ("tomorrow", {"zone": "Europe/Berlin"}, AT + timedelta(hours=20)),
        ("monday", {"zone": "Asia/Tokyo"}, AT + timedelta(hours=12)),
        ("reply", {}, None),
        ("date", {"snooze_at": "2026-12-24T18:00"}, AT + timedelta(days=32, hours=6)),
        (
            "date",
            {"snooze_at": "2026-12-24T18:00", "zone": "Europe/Berlin"},
            AT + timedelta(days=32, hours=5),
        ),
    ],
)
def test_a_conversation_is_snoozed_in_the_readers_zone(
    browser_session: FlaskClient,
    backend: Backend,
    chosen: str,
    fields: dict[str, str],
    until: datetime | None,
) -> None:
    a_conversation()

    answer = sends(browser_session, f"{HERE}/snooze/{chosen}", fields)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{HERE}?snoozed=1&{DONE_AT}")
    assert backend.commands == [SnoozeConversation(1, AT, until)]
    assert backend.audited == [("link", "snoozed a conversation", "conversation 1")]


@pytest.mark.parametrize(
    ("chosen", "fields"),
    [
        ("date", {}),
        ("date", {"snooze_at": "soon"}),
        ("date", {"snooze_at": "2026-11-22T11:59"}),
        ("date", {"snooze_at": "2027-11-23T12:00"}),
        ("date", {"snooze_at": "0001-01-01T00:00", "zone": "Asia/Tokyo"}),
        ("tomorrow", {"zone": "Nowhere/Land"}),
        ("tomorrow", {"zone": "../../etc/passwd"}),
        ("tomorrow", {"zone": "Europe"}),
        ("tomorrow", {"zone": "x" * 5000}),
    ],
)
def test_what_is_no_time_is_refused_on_the_page(
    browser_session: FlaskClient, backend: Backend, chosen: str, fields: dict[str, str]
) -> None:
    a_conversation()

    answer = sends(browser_session, f"{HERE}/snooze/{chosen}", fields)

    assert answer.status_code == 422
    assert 'id="bubbles"' in answer.text
    assert backend.commands == []


@pytest.mark.parametrize(
    ("until", "shown"),
    [(None, "until the contact writes"), (after(3600), "until <time")],
)
def test_a_snoozed_conversation_says_until_when(
    browser_session: FlaskClient, backend: Backend, until: datetime | None, shown: str
) -> None:
    a_conversation(snoozed_at=AT, snoozed_until=until, needs_reply_since=AT)

    page = browser_session.get(HERE).text
    assert f"Snoozed {shown}" in page
    assert (
        f'Snoozed</span><span class="muted">{shown}' in browser_session.get("/?list=snoozed").text
    )

    sends(browser_session, f"{HERE}/unsnooze")
    assert backend.commands == [UnsnoozeConversation(1, AT)]
