"""A parcel that cannot be stored for a fault of its own is set aside, and delays no other."""

import freezegun
import pytest

from moca.broker.parcel import SET_ASIDE, Kind, Parcel
from moca.broker.queues import parcel_of
from moca.core.messages.cluster import ParcelSetAside
from moca.core.partition import partition_of, seat_of
from moca.storage.db.tables import Message
from tests.cluster.street import PARTITIONS, Street, _Writer, webhook
from tests.support.factory import ANNA, NOON

SEAT = seat_of(partition_of(ANNA, PARTITIONS))
POISON = "poison"


def _set_aside(street):
    return [parcel for parcel, _ in street.broker.queue(SET_ASIDE).waiting]


def _mids(street):
    with street.database.connection_context():
        return [row.mid for row in Message.select().where(Message.role == "user")]


@pytest.fixture
def street(tmp_path):
    with freezegun.freeze_time(NOON) as frozen:
        street = Street(tmp_path, frozen)
        yield street
        street.close()


@pytest.fixture
def poisoned(street, monkeypatch):
    """A street whose writers fail at one message."""
    tries = []

    def fail(self, commands):
        for each in commands:
            body = getattr(getattr(each, "command", each), "body", b"")
            if POISON.encode() in body:
                tries.append(each)
                raise ValueError("a row that no table takes")
        return whole(self, commands)

    whole = _Writer.apply
    monkeypatch.setattr(_Writer, "apply", fail)
    street.open("a")
    street.passes(10)
    return street, tries


def test_a_webhook_that_no_writer_takes_is_set_aside_after_a_few_tries(poisoned):
    street, tries = poisoned
    node = street["a"]
    assert node.takes(webhook(POISON)).result(0)
    node.takes(webhook("m2"))
    street.passes(60)

    assert _mids(street) == ["m2"]
    (parcel,) = _set_aside(street)
    assert (parcel.kind, parcel.body) == (Kind.WEBHOOK, webhook(POISON))
    assert parcel.because.startswith("ValueError at ")
    assert len(tries) == 2 * 5  # Each try fails with the others, then alone.
    told = [each for each in node.observed if isinstance(each, ParcelSetAside)]
    assert told == [ParcelSetAside(SEAT, parcel.because)]
    assert list(street.broker.queue(SEAT).waiting) == []


def test_while_the_database_is_away_nothing_is_set_aside(poisoned):
    street, _ = poisoned
    street["a"].takes(webhook("m1"))
    street.database_is_up = False
    street.passes(60)
    street.database_is_up = True
    street.passes(20)
    assert _set_aside(street) == []
    assert _mids(street) == ["m1"]


def test_a_parcel_is_owed_until_the_broker_has_it_set_aside(poisoned):
    street, _ = poisoned
    node = street["a"]
    node.takes(webhook(POISON))
    street.settle()
    street.broker.is_up = False
    street.passes(60)
    assert _set_aside(street) == []
    street.broker.is_up = True
    street.passes(60)
    assert len(_set_aside(street)) == 1


def test_a_webhook_that_cannot_be_read_is_set_aside_and_the_node_lives_on(street):
    street.open("a")
    street.passes(10)
    street["a"].place.put(SEAT, Parcel(Kind.WEBHOOK, b"no JSON"), lambda _is_kept: None)
    street["a"].takes(webhook("m1"))
    street.passes(30)
    assert [parcel.body for parcel in _set_aside(street)] == [b"no JSON"]
    assert _mids(street) == ["m1"]


def test_a_kind_of_a_newer_version_is_given_back_and_at_last_set_aside(street):
    street.open("a")
    street.passes(10)
    parcel = Parcel(Kind.UNKNOWN, b"{}", type="later-kind")
    street["a"].place.put(SEAT, parcel, lambda _is_kept: None)
    street.passes(120)
    owed = [each for _, each in street["a"].place.owed.values() if each.kind is Kind.UNKNOWN]
    assert owed == [parcel]
    assert _set_aside(street) == []

    street.passes(600)
    (kept,) = _set_aside(street)
    assert (kept.type, kept.body) == ("later-kind", b"{}")


@pytest.mark.parametrize("named", ["later-kind", None])
def test_what_this_version_cannot_read_is_an_unknown_parcel(named):
    class Properties:
        type = named
        headers = None

    assert parcel_of(Properties, b"{}") == Parcel(Kind.UNKNOWN, b"{}", type=named or "")
