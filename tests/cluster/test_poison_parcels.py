"""A parcel that cannot be stored for a fault of its own is set aside, and delays no other."""

from collections.abc import Sequence

import pytest
from pika import BasicProperties

from moca.broker.parcel import SET_ASIDE, Parcel, ParcelKind
from moca.broker.queues import parcel_of
from moca.core.messages.cluster import ParcelSetAside
from moca.core.messages.command import Command
from moca.core.partition import partition_of, seat_of
from moca.instagram.signature import sign
from moca.storage.db.tables import Message
from moca.storage.writer import Written
from tests.cluster.stepped import APP_SECRET, PARTITIONS, SteppedCluster, _Writer, webhook
from tests.support.factory import ANNA

SEAT = seat_of(partition_of(ANNA, PARTITIONS))
POISON = "poison"


def _set_aside(cluster: SteppedCluster) -> list[Parcel]:
    return [parcel for parcel, _ in cluster.broker.queue(SET_ASIDE).waiting]


def _mids(cluster: SteppedCluster) -> list[str | None]:
    with cluster.database.connection_context():
        return [row.mid for row in Message.select().where(Message.role == "user")]


@pytest.fixture
def cluster(stepped: SteppedCluster) -> SteppedCluster:
    return stepped


@pytest.fixture
def poisoned(
    cluster: SteppedCluster, monkeypatch: pytest.MonkeyPatch
) -> tuple[SteppedCluster, list[object]]:
    """Nodes whose writers fail at one message."""
    tries: list[object] = []

    def fail(self: _Writer, commands: Sequence[Command]) -> Written:
        for each in commands:
            body = getattr(getattr(each, "command", each), "body", b"")
            if POISON.encode() in body:
                tries.append(each)
                raise ValueError("a row that no table takes")
        return whole(self, commands)

    whole = _Writer.apply
    monkeypatch.setattr(_Writer, "apply", fail)
    cluster.open("a")
    cluster.advance(10)
    return cluster, tries


def test_a_webhook_that_no_writer_takes_is_set_aside_after_a_few_tries(
    poisoned: tuple[SteppedCluster, list[object]],
) -> None:
    cluster, tries = poisoned
    node = cluster["a"]
    assert node.takes(webhook(POISON)).result(0)
    node.takes(webhook("m2"))
    cluster.advance(60)

    assert _mids(cluster) == ["m2"]
    (parcel,) = _set_aside(cluster)
    assert (parcel.kind, parcel.body) == (ParcelKind.WEBHOOK, webhook(POISON))
    assert parcel.because.startswith("ValueError at ")
    assert len(tries) == 2 * 5  # Each try fails with the others, then alone.
    told = [each for each in node.observed if isinstance(each, ParcelSetAside)]
    assert told == [ParcelSetAside(SEAT, parcel.because)]
    assert list(cluster.broker.queue(SEAT).waiting) == []


def test_while_the_database_is_away_nothing_is_set_aside(
    poisoned: tuple[SteppedCluster, list[object]],
) -> None:
    cluster, _ = poisoned
    cluster["a"].takes(webhook("m1"))
    cluster.database_is_up = False
    cluster.advance(60)
    cluster.database_is_up = True
    cluster.advance(20)
    assert _set_aside(cluster) == []
    assert _mids(cluster) == ["m1"]


def test_a_parcel_is_owed_until_the_broker_has_it_set_aside(
    poisoned: tuple[SteppedCluster, list[object]],
) -> None:
    cluster, _ = poisoned
    node = cluster["a"]
    node.takes(webhook(POISON))
    cluster.settle()
    cluster.broker.is_up = False
    cluster.advance(60)
    assert _set_aside(cluster) == []
    cluster.broker.is_up = True
    cluster.advance(60)
    assert len(_set_aside(cluster)) == 1


def test_a_webhook_that_cannot_be_read_is_set_aside_and_the_node_lives_on(
    cluster: SteppedCluster,
) -> None:
    cluster.open("a")
    cluster.advance(10)
    unreadable = Parcel(ParcelKind.WEBHOOK, b"no JSON", signature=sign(b"no JSON", APP_SECRET))
    cluster["a"].place.put(SEAT, unreadable, lambda _is_kept: None)
    cluster["a"].takes(webhook("m1"))
    cluster.advance(30)
    assert [parcel.body for parcel in _set_aside(cluster)] == [b"no JSON"]
    assert _mids(cluster) == ["m1"]


@pytest.mark.parametrize("signature", [None, "sha256=", sign(webhook("m1"), "another-secret")])
def test_a_webhook_that_instagram_did_not_sign_is_set_aside_and_not_answered(
    cluster: SteppedCluster, signature: str | None
) -> None:
    cluster.open("a")
    cluster.advance(10)
    forged = Parcel(ParcelKind.WEBHOOK, webhook("m1"), signature=signature)
    cluster["a"].place.put(SEAT, forged, lambda _is_kept: None)
    cluster["a"].takes(webhook("m2"))
    cluster.advance(30)
    assert [parcel.because.split(" at ")[0] for parcel in _set_aside(cluster)] == ["NotSigned"]
    assert _mids(cluster) == ["m2"]


def test_a_kind_of_a_newer_version_is_given_back_and_at_last_set_aside(
    cluster: SteppedCluster,
) -> None:
    cluster.open("a")
    cluster.advance(10)
    parcel = Parcel(ParcelKind.UNKNOWN, b"{}", type="later-kind")
    cluster["a"].place.put(SEAT, parcel, lambda _is_kept: None)
    cluster.advance(120)
    owed = [each for _, each in cluster["a"].place.owed.values() if each.kind is ParcelKind.UNKNOWN]
    assert owed == [parcel]
    assert _set_aside(cluster) == []

    cluster.advance(600)
    (kept,) = _set_aside(cluster)
    assert (kept.type, kept.body) == ("later-kind", b"{}")


@pytest.mark.parametrize("named", ["later-kind", None])
def test_what_this_version_cannot_read_is_an_unknown_parcel(named: str | None) -> None:
    properties = BasicProperties(type=named)

    assert parcel_of(properties, b"{}") == Parcel(ParcelKind.UNKNOWN, b"{}", type=named or "")
