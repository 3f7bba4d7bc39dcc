"""Partitions and the sender's seat change hands, on a broker that promises what RabbitMQ does."""

from collections import Counter

import freezegun
import pytest

from moca.core.messages.delivery import DeliverReply
from moca.core.messages.receipt import Done
from moca.core.partition import SENDER, partition_of, seat_of
from moca.storage.db.tables import Message
from tests.cluster.street import PARTITIONS, Street, webhook
from tests.support.factory import ANNA, NOON, reply_to

ANNAS = seat_of(partition_of(ANNA, PARTITIONS))


@pytest.fixture
def street(tmp_path):
    with freezegun.freeze_time(NOON) as frozen:
        street = Street(tmp_path, frozen)
        yield street
        street.close()


def outcomes(street):
    with street.database.connection_context():
        query = Message.select(Message.outcome).where(Message.role == "user").tuples()
        return Counter(outcome for (outcome,) in query)


def texts(street):
    return [call.text for call in street.instagram.reached]


def test_the_first_node_takes_every_seat_and_answers(street):
    street.open("a")
    receipt = street["a"].takes(webhook("m1"))
    street.passes(10)
    assert isinstance(receipt.result(0), Done)
    assert outcomes(street) == {"answered": 1}
    assert len(street["a"].seats.epochs) == PARTITIONS + 1


def test_nodes_hand_on_what_is_more_than_their_share(street):
    street.open("a", "b")
    street.passes(20)
    shares = [len(node.seats.epochs.keys() - {SENDER}) for node in street.nodes.values()]
    assert shares == [2, 2]
    assert all(len(street.holder(seat_of(number))) == 1 for number in range(PARTITIONS))


def test_a_webhook_taken_in_by_one_node_is_answered_by_the_owner_and_sent_by_the_sender(street):
    street.open("a", "b")
    street.passes(20)
    for node in street.nodes.values():
        node.takes(webhook(f"m-{node.name}", text=f"Hello {node.name}"))
    street.passes(60)
    assert outcomes(street) == {"answered": 2}
    assert len(texts(street)) == 2


def test_without_a_broker_a_webhook_is_refused(street):
    street.open("a")
    street.broker.is_up = False
    receipt = street["a"].takes(webhook("m1"))
    assert receipt.exception(0) is not None


def test_what_one_node_gathered_another_answers_once_when_the_first_is_cut_off(street):
    street.open("a", "b")
    street.passes(20)
    [owner] = street.holder(ANNAS)
    street[owner].takes(webhook("m1"))
    street.passes(1)
    street[owner].is_standing_still = True
    street[owner].place.cut()
    street.passes(20)
    assert len(texts(street)) == 1

    street[owner].is_standing_still = False
    street.passes(30)
    assert len(texts(street)) == 1
    assert outcomes(street) == {"answered": 1}


def test_a_late_write_of_a_former_owner_is_refused(street):
    street.open("a")
    street["a"].takes(webhook("m1"))
    street.passes(1)
    street["a"].is_standing_still = True
    street.open("b")
    street["a"].place.forsake()
    street.passes(20)
    assert len(texts(street)) == 1
    street["a"].is_standing_still = False
    street.passes(5)
    assert len(texts(street)) == 1
    assert len(street.holder(ANNAS)) == 1


def test_a_new_sender_waits_until_the_one_before_can_begin_no_call(street):
    street.open("a", "b")
    street.passes(20)
    [sending] = street.holder(SENDER)
    [other] = street.nodes.keys() - {sending}
    street[sending].is_standing_still = True
    street[sending].place.cut()
    street[other].takes(webhook("m1"))
    street.passes(3.5)
    assert street[sending].seats.may_send() is False or texts(street) == []
    street.passes(30)
    assert len(texts(street)) == 1


def test_a_call_that_ends_once_another_node_sends_is_left_to_that_one(street):
    street.open("a", "b")
    street.passes(20)
    [sending] = street.holder(SENDER)
    street[sending].takes(webhook("m1"))
    street.passes(20)
    [other] = street.nodes.keys() - {sending}
    street[other].system._couriers.tell(DeliverReply(reply_to(ANNA)))
    street.passes(30)
    assert len(texts(street)) == 1
    assert outcomes(street) == {"answered": 1}


def test_a_node_that_leaves_in_order_is_followed_at_once(street):
    street.open("a", "b")
    street.passes(20)
    [sending] = street.holder(SENDER)
    leaving = street.nodes.pop(sending)
    leaving.system.stop()
    street.settle()
    street.passes(1.5)
    [other] = street.nodes
    assert street.holder(SENDER) == [other]
    assert street[other].seats.may_send()


def test_a_seat_that_was_claimed_twice_while_the_database_was_down_is_acted_for(street):
    street.database_is_up = False
    street.open("a")
    street.passes(1)
    street["a"].place.cut()
    street["a"].place.join()
    street.passes(1)
    street.database_is_up = True
    street.passes(10)
    street["a"].takes(webhook("m1"))
    street.passes(20)
    assert outcomes(street) == {"answered": 1}
    assert len(texts(street)) == 1
