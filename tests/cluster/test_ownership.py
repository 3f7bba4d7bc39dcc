"""Partitions and the sender's seat change holders, on a broker with RabbitMQ's guarantees."""

from collections import Counter
from datetime import timedelta

import pytest

from actors.cluster.partitions import PartitionSupervisor
from actors.cluster.seats import SeatTaken
from moca import clock
from moca.core.messages.command import Done
from moca.core.messages.delivery import DeliverReply
from moca.core.outbox.delivery import NOT_THE_SENDER
from moca.core.partition import SENDER, partition_of, seat_of
from moca.core.policy import SenderPolicy
from moca.core.types import ContactKey
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Message
from tests.cluster.stepped import PARTITIONS, SteppedCluster, webhook
from tests.support.factory import ANNA, reply_to
from tests.support.values import present

PER_SECOND = SenderPolicy().per_second
ANNAS = seat_of(partition_of(ANNA, PARTITIONS))


class FaultError(Exception):
    """A fault of an actor's own."""


@pytest.fixture
def cluster(stepped: SteppedCluster) -> SteppedCluster:
    return stepped


def outcomes(cluster: SteppedCluster) -> Counter[str]:
    with cluster.database.connection_context():
        query = Message.select(Message.outcome).where(Message.role == "user")
        return Counter(outcome for (outcome,) in read_rows(query))


def texts(cluster: SteppedCluster) -> list[str]:
    return [call.text for call in cluster.instagram.reached]


def sender_stands_still(cluster: SteppedCluster) -> tuple[str, str]:
    """Open two nodes and cut off the one that sends; return its name and the other's."""
    cluster.open("a", "b")
    cluster.advance(20)
    [sending] = cluster.holder(SENDER)
    [other] = cluster.nodes.keys() - {sending}
    cluster[sending].is_standing_still = True
    cluster[sending].place.cut()
    return sending, other


def test_the_first_node_takes_every_seat_and_answers(cluster: SteppedCluster) -> None:
    cluster.open("a")
    receipt = cluster["a"].takes(webhook("m1"))
    cluster.advance(10)
    assert isinstance(receipt.result(0), Done)
    assert outcomes(cluster) == {"answered": 1}
    assert len(cluster["a"].seats.epochs) == PARTITIONS + 1


def test_a_supervisor_that_crashes_as_it_takes_a_partition_answers_for_it_all_the_same(
    cluster: SteppedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = PartitionSupervisor.on_receive

    def fails_once(self: PartitionSupervisor, message: object) -> object:
        if isinstance(message, SeatTaken):
            monkeypatch.setattr(PartitionSupervisor, "on_receive", whole)
            raise FaultError
        return whole(self, message)

    monkeypatch.setattr(PartitionSupervisor, "on_receive", fails_once)
    with pytest.raises(FaultError):
        cluster.open("a")
    contacts = [ContactKey(ANNA.account_id, str(number)) for number in range(10)]
    for contact in contacts:
        cluster["a"].takes(webhook(f"m-{contact.psid}", contact=contact))
    cluster.advance(60)
    assert outcomes(cluster) == {"answered": len(contacts)}


def test_nodes_hand_on_what_is_more_than_their_share(cluster: SteppedCluster) -> None:
    cluster.open("a", "b")
    cluster.advance(20)
    shares = [len(node.seats.epochs.keys() - {SENDER}) for node in cluster.nodes.values()]
    assert shares == [2, 2]
    assert all(len(cluster.holder(seat_of(number))) == 1 for number in range(PARTITIONS))


def test_a_webhook_taken_in_by_one_node_is_answered_by_the_owner_and_sent_by_the_sender(
    cluster: SteppedCluster,
) -> None:
    cluster.open("a", "b")
    cluster.advance(20)
    for node in cluster.nodes.values():
        node.takes(webhook(f"m-{node.name}", text=f"Hello {node.name}"))
    cluster.advance(60)
    assert outcomes(cluster) == {"answered": 2}
    assert len(texts(cluster)) == 2


def test_without_a_broker_a_webhook_is_refused(cluster: SteppedCluster) -> None:
    cluster.open("a")
    cluster.broker.is_up = False
    receipt = cluster["a"].takes(webhook("m1"))
    assert receipt.exception(0) is not None


def test_what_one_node_gathered_another_answers_once_when_the_first_is_cut_off(
    cluster: SteppedCluster,
) -> None:
    cluster.open("a", "b")
    cluster.advance(20)
    [owner] = cluster.holder(ANNAS)
    cluster[owner].takes(webhook("m1"))
    cluster.advance(1)
    cluster[owner].is_standing_still = True
    cluster[owner].place.cut()
    cluster.advance(20)
    assert len(texts(cluster)) == 1

    cluster[owner].is_standing_still = False
    cluster.advance(30)
    assert len(texts(cluster)) == 1
    assert outcomes(cluster) == {"answered": 1}


def test_a_late_write_of_a_former_owner_is_refused(cluster: SteppedCluster) -> None:
    cluster.open("a")
    cluster["a"].takes(webhook("m1"))
    cluster.advance(1)
    cluster["a"].is_standing_still = True
    cluster.open("b")
    cluster["a"].place.forsake()
    cluster.advance(20)
    assert len(texts(cluster)) == 1
    cluster["a"].is_standing_still = False
    cluster.advance(5)
    assert len(texts(cluster)) == 1
    assert len(cluster.holder(ANNAS)) == 1


def test_a_new_sender_waits_until_the_one_before_can_begin_no_call(cluster: SteppedCluster) -> None:
    sending, other = sender_stands_still(cluster)
    cluster[other].takes(webhook("m1"))
    cluster.advance(3.5)
    assert cluster[sending].seats.may_send() is False or texts(cluster) == []
    cluster.advance(30)
    assert len(texts(cluster)) == 1


def test_a_call_that_waits_for_its_courier_is_not_made_under_a_later_epoch(
    cluster: SteppedCluster,
) -> None:
    cluster.open("a")
    cluster.advance(10)
    epoch = cluster["a"].seats.epochs[SENDER]
    call = DeliverReply(reply_to(ANNA))
    cluster["a"].place.cut()
    cluster["a"].place.join()
    cluster.advance(10)
    assert cluster["a"].seats.epochs[SENDER] > epoch
    cluster["a"].system._call_under(epoch, call)
    cluster.advance(10)
    assert texts(cluster) == []


def test_a_new_sender_waits_by_a_clock_that_nobody_sets(cluster: SteppedCluster) -> None:
    _, other = sender_stands_still(cluster)
    cluster.advance(0.5)
    assert SENDER in cluster[other].seats.epochs
    set_forward = timedelta(seconds=10)

    def steady() -> float:
        return (clock.now() - set_forward).timestamp()

    cluster[other].seats.monotonic = steady
    cluster.frozen.tick(set_forward)
    cluster.advance(0.5)
    assert cluster[other].system._singletons is None
    cluster.advance(2)
    assert cluster[other].system._singletons is not None


def test_a_call_that_ends_once_another_node_sends_is_left_to_that_one(
    cluster: SteppedCluster,
) -> None:
    cluster.open("a", "b")
    cluster.advance(20)
    [sending] = cluster.holder(SENDER)
    cluster[sending].takes(webhook("m1"))
    cluster.advance(20)
    [other] = cluster.nodes.keys() - {sending}
    late = DeliverReply(reply_to(ANNA), obstacle=lambda _now: NOT_THE_SENDER)
    cluster[other].system._couriers.tell(late)
    cluster.advance(30)
    assert len(texts(cluster)) == 1
    assert outcomes(cluster) == {"answered": 1}


def test_a_node_that_leaves_in_order_is_followed_at_once(cluster: SteppedCluster) -> None:
    cluster.open("a", "b")
    cluster.advance(20)
    [sending] = cluster.holder(SENDER)
    leaving = cluster.nodes.pop(sending)
    leaving.system.stop()
    cluster.settle()
    cluster.advance(1.5)
    [other] = cluster.nodes
    assert cluster.holder(SENDER) == [other]
    assert cluster[other].seats.may_send()


def test_a_heartbeat_that_is_due_after_the_last_write_of_a_node_that_stops_ends_nothing(
    cluster: SteppedCluster,
) -> None:
    cluster.open("a")
    cluster.advance(20)
    cluster["a"].system._persistence.stop()
    cluster.advance(3)
    assert cluster["a"].system._membership.is_alive()


def test_what_comes_for_the_sender_of_a_node_that_stops_is_found_by_the_next_one(
    cluster: SteppedCluster,
) -> None:
    cluster.open("a", "b")
    cluster.advance(20)
    [sending] = cluster.holder(SENDER)
    [other] = cluster.nodes.keys() - {sending}
    present(cluster[sending].system._singletons).stop_sender()
    cluster[other].takes(webhook("m1"))
    cluster.advance(10)
    assert (cluster[sending].system._membership.is_alive(), texts(cluster)) == (True, [])
    cluster.nodes.pop(sending).system.stop()
    cluster.advance(20)
    assert len(texts(cluster)) == 1


@pytest.mark.parametrize("since_the_beat", [0, 0.25, 0.5, 0.75])
def test_the_next_sender_counts_what_the_last_one_just_sent(
    cluster: SteppedCluster, since_the_beat: float
) -> None:
    cluster.open("a", "b")
    cluster.advance(20 + since_the_beat)
    [sending] = cluster.holder(SENDER)
    [other] = cluster.nodes.keys() - {sending}
    for number in range(4 * PER_SECOND):
        contact = ContactKey(ANNA.account_id, f"30{number}")
        cluster[other].takes(webhook(f"m{number}", contact=contact))
    while len(texts(cluster)) < PER_SECOND:
        cluster.advance(0.05)
    leaving = cluster.nodes.pop(sending)
    leaving.system.stop()
    cluster.advance(60)

    at = sorted(call.at for call in cluster.instagram.reached)
    assert len(at) == 4 * PER_SECOND
    assert at[PER_SECOND] - at[0] < timedelta(seconds=3)
    spans = [later - first for first, later in zip(at, at[PER_SECOND:], strict=False)]
    assert min(spans) >= timedelta(seconds=1)


def test_a_seat_that_was_claimed_twice_while_the_database_was_down_is_acted_for(
    cluster: SteppedCluster,
) -> None:
    cluster.database_is_up = False
    cluster.open("a")
    cluster.advance(1)
    cluster["a"].place.cut()
    cluster["a"].place.join()
    cluster.advance(1)
    cluster.database_is_up = True
    cluster.advance(10)
    cluster["a"].takes(webhook("m1"))
    cluster.advance(20)
    assert outcomes(cluster) == {"answered": 1}
    assert len(texts(cluster)) == 1
