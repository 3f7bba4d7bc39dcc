"""The whole system with a fake Instagram that loses webhooks."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import structlog
from flask import Flask, request
from freezegun.api import FrozenDateTimeFactory

from moca import clock
from moca.core.messages.reconciliation import MessagesMissed
from moca.core.notifications import Notification, NotificationKind
from moca.instagram.sandbox.account_problems import AccountProblem
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.routes import graph_blueprint
from moca.storage.db.metric_tables import ArrivalHour, ReconciledAccount
from moca.storage.db.tables import Conversation
from moca.storage.queries.delivery_health import list_quiet
from moca.web.metrics.observer import MetricsObserver
from moca.web.metrics.prometheus import Metrics
from tests.actors.background.unheard_contacts import ACCOUNT, FIVE_MINUTES, PSID, UnheardContacts
from tests.instagram.conftest import served
from tests.support.factory import NOON
from tests.support.system import SteppedSystem


@pytest.fixture
def open_street(
    open_system: Callable[..., SteppedSystem], frozen: FrozenDateTimeFactory
) -> Iterator[Callable[..., UnheardContacts]]:
    reached: list[bytes] = []
    asked: list[tuple[datetime, str]] = []
    instagram = SandboxInstagram(SandboxAccounts(ACCOUNT, "token"), reached.append)
    app = Flask("sandbox")
    app.register_blueprint(graph_blueprint(instagram), url_prefix="/graph")

    @app.before_request
    def note() -> None:
        asked.append((clock.now(), request.path.rsplit("/", 1)[-1]))

    with served(app) as url:

        def open_one(every: timedelta | None = FIVE_MINUTES, **more: Any) -> UnheardContacts:
            return UnheardContacts(open_system, url, reached, instagram, every, asked, **more)

        yield open_one


@pytest.fixture
def contacts(open_street: Callable[..., UnheardContacts]) -> UnheardContacts:
    return open_street()


def test_a_message_that_never_came_is_found_and_answered(contacts: UnheardContacts) -> None:
    contacts.write("good day")
    contacts.system.advance(60)
    contacts.loses(AccountProblem.SILENCE)
    mid = contacts.write("are you open?")
    contacts.system.advance(900)

    assert contacts.system.outcome(mid)[0] == "answered"
    first = contacts.system.journey(mid).steps[0]
    assert (first.stage, first.outcome, first.detail) == (
        "reception",
        "found",
        "no webhook arrived; found in Instagram's message history",
    )
    assert [call.text for call in contacts.system.instagram.reached] == [
        "This would be an AI generated message"
    ] * 2


def test_the_share_delivered_is_counted(contacts: UnheardContacts) -> None:
    for n in range(3):
        contacts.write(f"question {n}")
    contacts.system.advance(700)
    contacts.loses(AccountProblem.SILENCE)
    contacts.write("are you open?")
    contacts.system.advance(900)

    assert contacts.counts() == (3, 1)


def test_nothing_that_came_is_found_again(contacts: UnheardContacts) -> None:
    mids = [contacts.write(f"question {n}", psid=f"{n}") for n in range(30)]
    contacts.system.advance(1800)

    assert len(contacts.system.instagram.reached) == 30
    assert set(mids) <= set(contacts.mids())
    assert contacts.counts() == (30, 0)


def test_a_webhook_that_is_merely_late_is_not_counted_as_missed(contacts: UnheardContacts) -> None:
    contacts.write("good day")
    contacts.system.advance(590)
    contacts.instagram.write(PSID, "are you open?")
    contacts.system.advance(40)
    contacts.bring()
    contacts.system.advance(900)

    assert contacts.counts() == (2, 0)


def test_a_persons_words_that_were_never_echoed_pause_the_bot(contacts: UnheardContacts) -> None:
    contacts.write("good day")
    contacts.system.advance(400)
    contacts.loses(AccountProblem.SILENCE)
    contacts.write_app_reply("I will see to it")
    contacts.system.advance(900)

    assert contacts.system.rows(Conversation.select(Conversation.status)) == [("human",)]


def test_a_look_reads_once_a_second_at_most_and_only_what_changed(
    contacts: UnheardContacts,
) -> None:
    contacts.write("good day", psid="long-ago")
    contacts.system.advance(7390)
    contacts.asked.clear()
    for n in range(60):
        contacts.write("hello", psid=f"{n}")
    contacts.system.advance(480)
    read = [path for _, path in contacts.asked if path != "conversations"]
    reads = [at for at, _ in contacts.asked]

    assert [path for _, path in contacts.asked].count("conversations") == 4
    assert len(read) == len(set(read)) == 60
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(reads))


def test_a_look_goes_on_after_a_restart_where_the_last_one_ended(contacts: UnheardContacts) -> None:
    contacts.write("good day")
    contacts.system.advance(700)
    ended = contacts.system.rows(ReconciledAccount.select(ReconciledAccount.compared_until))
    contacts.loses(AccountProblem.SILENCE)
    mid = contacts.write("are you open?")
    contacts.system.crash()
    contacts.system.start()
    contacts.system.advance(900)

    assert ended[0][0] > NOON
    assert contacts.system.outcome(mid)[0] == "answered"


def test_a_record_that_cannot_be_read_is_left_to_the_next_look(contacts: UnheardContacts) -> None:
    contacts.write("good day")
    contacts.system.advance(60)
    contacts.loses(AccountProblem.SILENCE, AccountProblem.MESSAGE_ACCESS)
    mid = contacts.write("are you open?")
    contacts.system.advance(300)
    assert [path for _, path in contacts.asked].count("conversations") == 3
    assert mid not in contacts.mids()

    contacts.loses()
    contacts.system.advance(900)
    assert contacts.system.outcome(mid)[0] == "answered"


def test_nothing_is_compared_where_the_settings_say_never(
    open_street: Callable[..., UnheardContacts],
) -> None:
    contacts = open_street(every=None)
    contacts.write("good day")
    contacts.system.advance(3600)

    assert contacts.asked == []
    assert contacts.counts() == (1, 0)


def two_busy_weeks(contacts: UnheardContacts) -> None:
    """Ten messages an hour until noon, the last one at noon."""
    contacts.write("good day")
    rows = [
        {"account_id": ACCOUNT, "hour": NOON - timedelta(hours=n), "delivered": 10}
        for n in range(1, 14 * 24)
    ]
    with contacts.system._database.connection_context():
        ArrivalHour.insert_many(rows).execute()


def quiet(contacts: UnheardContacts) -> Mapping[str, str]:
    with contacts.system._database.connection_context():
        return list_quiet()


@pytest.mark.parametrize(
    ("trouble", "advice"),
    [
        (
            AccountProblem.SILENCE,
            "it is subscribed: check the webhook URL in Meta's dashboard",
        ),
        (AccountProblem.FIELDS, "it has no webhook subscription: connect the account again"),
    ],
)
def test_an_account_that_goes_quiet_has_its_subscription_checked_and_is_told_of(
    open_street: Callable[..., UnheardContacts], trouble: AccountProblem, advice: str
) -> None:
    told = []

    class Post:
        def send(self, notification: Notification) -> str:
            told.append((notification.kind, notification.account_id))
            return ""

    contacts = open_street(every=None, post=Post())
    two_busy_weeks(contacts)
    contacts.loses(trouble)
    with structlog.testing.capture_logs() as lines:
        contacts.system.advance(50 * 60)
        assert quiet(contacts) == {}
        contacts.system.advance(15 * 60)

    assert quiet(contacts)[ACCOUNT].endswith(advice)
    assert [path for _, path in contacts.asked] == ["subscribed_apps"]
    assert told == [(NotificationKind.ACCOUNT_QUIET, ACCOUNT)]
    assert [line["event"] for line in lines].count("account_quiet") == 1

    contacts.loses()
    contacts.write("are you there?")
    contacts.system.advance(900)
    assert quiet(contacts) == {}


def test_after_a_start_an_account_is_given_time_to_be_heard_of(
    open_street: Callable[..., UnheardContacts],
) -> None:
    contacts = open_street(every=None)
    two_busy_weeks(contacts)
    contacts.system.advance(600)
    contacts.system.crash()
    contacts.system.frozen.tick(timedelta(days=1))
    contacts.system.start()
    contacts.system.advance(50 * 60)

    assert quiet(contacts) == {}


def test_what_is_found_is_counted_in_the_metrics() -> None:
    metrics = Metrics("1.2.3")
    MetricsObserver(metrics).observe(MessagesMissed(ACCOUNT, 3))

    assert b"moca_messages_found_total 3.0" in metrics.exposition()


def test_the_bot_answers_what_is_found_by_the_rules_that_hold_for_all(
    contacts: UnheardContacts,
) -> None:
    contacts.write("good day")
    contacts.system.advance(60)
    contacts.loses(AccountProblem.SILENCE)
    first, second = contacts.write("hello?"), contacts.write("hello?")
    contacts.system.advance(900)

    assert contacts.system.outcome(first)[0] == "answered"
    assert contacts.system.outcome(second)[0] == "duplicate"
