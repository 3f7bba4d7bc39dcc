"""The whole system beside a stand-in for Instagram that loses webhooks."""

from datetime import timedelta
from itertools import pairwise

import pytest
import structlog
from flask import Flask, request

from actors.background.jobs import Keeping
from actors.background.reconciliation import Comparing
from moca import clock
from moca.core.messages.reconciliation import MessagesMissed
from moca.core.notifications import NoticeKind
from moca.instagram.graph import GraphClient
from moca.instagram.sandbox.account_problems import Trouble
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.routes import graph_blueprint
from moca.storage.db.metric_tables import ArrivalHour, Comparison
from moca.storage.db.tables import Conversation, Message
from moca.storage.queries.delivery_health import list_quiet
from moca.web.metrics.observer import Observation
from moca.web.metrics.prometheus import Metrics
from tests.instagram.conftest import served
from tests.support.factory import ANNA, NOON, calls_at

ACCOUNT, PSID = ANNA
FIVE_MINUTES = timedelta(minutes=5)


class Street:
    """People who write to a Moca that some webhooks never reach."""

    def __init__(self, open_house, url, reached, instagram, every, asked, **more):
        self.instagram = instagram
        self.asked = asked
        self.reached = reached
        connect = calls_at(f"{url}/graph", instagram.accounts.token_for)
        comparing = Comparing(lambda: GraphClient(connect, 5), every, ACCOUNT)
        self.house = open_house(keeping=Keeping(comparing=comparing, **more))

    def write(self, text, psid=PSID):
        """Write, and be told of by webhook unless silence reigns."""
        mid = self.instagram.write(psid, text)
        self.bring()
        return mid

    def write_by_hand(self, text):
        mid = self.instagram.write_by_hand(PSID, text)
        self.bring()
        return mid

    def bring(self):
        while self.reached:
            self.house.takes(self.reached.pop(0))

    def loses(self, *troubles):
        self.instagram.troubles.become(troubles)

    def counts(self):
        rows = self.house.rows(ArrivalHour.select(ArrivalHour.delivered, ArrivalHour.missed))
        return tuple(sum(column) for column in zip(*rows, strict=True))

    def mids(self):
        return [mid for (mid,) in self.house.rows(Message.select(Message.mid))]


@pytest.fixture
def open_street(open_house, frozen):
    reached, asked = [], []
    instagram = SandboxInstagram(SandboxAccounts(ACCOUNT, "token"), reached.append)
    app = Flask("sandbox")
    app.register_blueprint(graph_blueprint(instagram), url_prefix="/graph")

    @app.before_request
    def note():
        asked.append((clock.now(), request.path.rsplit("/", 1)[-1]))

    with served(app) as url:

        def open_one(every=FIVE_MINUTES, **more):
            return Street(open_house, url, reached, instagram, every, asked, **more)

        yield open_one


@pytest.fixture
def street(open_street):
    return open_street()


def test_a_message_that_never_came_is_found_and_answered(street):
    street.write("good day")
    street.house.passes(60)
    street.loses(Trouble.SILENCE)
    mid = street.write("are you open?")
    street.house.passes(900)

    assert street.house.outcome(mid)[0] == "answered"
    first = street.house.journey(mid).steps[0]
    assert (first.stage, first.outcome, first.detail) == (
        "reception",
        "found",
        "never came by webhook; found in Instagram's record",
    )
    assert [call.text for call in street.house.instagram.reached] == [
        "This would be an AI generated message"
    ] * 2


def test_the_share_delivered_is_counted(street):
    for n in range(3):
        street.write(f"question {n}")
    street.house.passes(700)
    street.loses(Trouble.SILENCE)
    street.write("are you open?")
    street.house.passes(900)

    assert street.counts() == (3, 1)


def test_nothing_that_came_is_found_again(street):
    mids = [street.write(f"question {n}", psid=f"{n}") for n in range(30)]
    street.house.passes(1800)

    assert len(street.house.instagram.reached) == 30
    assert set(mids) <= set(street.mids())
    assert street.counts() == (30, 0)


def test_a_webhook_that_is_merely_late_is_not_counted_as_missed(street):
    street.write("good day")
    street.house.passes(590)
    street.instagram.write(PSID, "are you open?")
    street.house.passes(40)
    street.bring()
    street.house.passes(900)

    assert street.counts() == (2, 0)


def test_a_persons_words_that_were_never_echoed_pause_the_bot(street):
    street.write("good day")
    street.house.passes(400)
    street.loses(Trouble.SILENCE)
    street.write_by_hand("I will see to it")
    street.house.passes(900)

    assert street.house.rows(Conversation.select(Conversation.status)) == [("human",)]


def test_a_look_reads_once_a_second_at_most_and_only_what_changed(street):
    street.write("good day", psid="long-ago")
    street.house.passes(7390)
    street.asked.clear()
    for n in range(60):
        street.write("hello", psid=f"{n}")
    street.house.passes(480)
    read = [path for _, path in street.asked if path != "conversations"]
    reads = [at for at, _ in street.asked]

    assert [path for _, path in street.asked].count("conversations") == 4
    assert len(read) == len(set(read)) == 60
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(reads))


def test_a_look_goes_on_after_a_restart_where_the_last_one_ended(street):
    street.write("good day")
    street.house.passes(700)
    ended = street.house.rows(Comparison.select(Comparison.compared_until))
    street.loses(Trouble.SILENCE)
    mid = street.write("are you open?")
    street.house.crash()
    street.house.start()
    street.house.passes(900)

    assert ended[0][0] > NOON
    assert street.house.outcome(mid)[0] == "answered"


def test_a_record_that_cannot_be_read_is_left_to_the_next_look(street):
    street.write("good day")
    street.house.passes(60)
    street.loses(Trouble.SILENCE, Trouble.MESSAGE_ACCESS)
    mid = street.write("are you open?")
    street.house.passes(300)
    assert [path for _, path in street.asked].count("conversations") == 3
    assert mid not in street.mids()

    street.loses()
    street.house.passes(900)
    assert street.house.outcome(mid)[0] == "answered"


def test_nothing_is_compared_where_the_settings_say_never(open_street):
    street = open_street(every=None)
    street.write("good day")
    street.house.passes(3600)

    assert street.asked == []
    assert street.counts() == (1, 0)


def two_busy_weeks(street):
    """Ten messages an hour until noon, the last one at noon."""
    street.write("good day")
    rows = [
        {"account_id": ACCOUNT, "hour": NOON - timedelta(hours=n), "delivered": 10}
        for n in range(1, 14 * 24)
    ]
    with street.house._database.connection_context():
        ArrivalHour.insert_many(rows).execute()


def quiet(street):
    with street.house._database.connection_context():
        return list_quiet()


@pytest.mark.parametrize(
    ("trouble", "advice"),
    [
        (Trouble.SILENCE, "it is subscribed: see whether Meta's dashboard shows the right address"),
        (Trouble.FIELDS, "Instagram sends its webhooks nowhere: connect the account again"),
    ],
)
def test_an_account_that_goes_quiet_has_its_subscription_checked_and_is_told_of(
    open_street, trouble, advice
):
    told = []

    class Post:
        def send(self, notice):
            told.append((notice.kind, notice.account_id))
            return ""

    street = open_street(every=None, post=Post())
    two_busy_weeks(street)
    street.loses(trouble)
    with structlog.testing.capture_logs() as lines:
        street.house.passes(50 * 60)
        assert quiet(street) == {}
        street.house.passes(15 * 60)

    assert quiet(street)[ACCOUNT].endswith(advice)
    assert [path for _, path in street.asked] == ["subscribed_apps"]
    assert told == [(NoticeKind.ACCOUNT_QUIET, ACCOUNT)]
    assert [line["event"] for line in lines].count("account_quiet") == 1

    street.loses()
    street.write("are you there?")
    street.house.passes(900)
    assert quiet(street) == {}


def test_after_a_start_an_account_is_given_time_to_be_heard_of(open_street):
    street = open_street(every=None)
    two_busy_weeks(street)
    street.house.passes(600)
    street.house.crash()
    street.house.frozen.tick(timedelta(days=1))
    street.house.start()
    street.house.passes(50 * 60)

    assert quiet(street) == {}


def test_what_is_found_is_counted_in_the_metrics():
    metrics = Metrics()
    Observation(metrics).observe(MessagesMissed(ACCOUNT, 3))

    assert b"moca_messages_found_total 3.0" in metrics.exposition()


def test_the_bot_answers_what_is_found_by_the_rules_that_hold_for_all(street):
    street.write("good day")
    street.house.passes(60)
    street.loses(Trouble.SILENCE)
    first, second = street.write("hello?"), street.write("hello?")
    street.house.passes(900)

    assert street.house.outcome(first)[0] == "answered"
    assert street.house.outcome(second)[0] == "duplicate"
