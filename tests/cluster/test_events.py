"""What is decided on one node holds on all of them."""

from concurrent.futures import Future
from datetime import timedelta

import freezegun
import pytest

from moca import clock
from moca.core.accounts import Account, SealedToken
from moca.core.messages.accounts import AccountChanged, StoreAccount
from moca.core.messages.operator_actions import ChangeConversation, FreezeQueue, ReleaseQueue
from moca.core.messages.receipt import Done
from moca.core.partition import SENDER, partition_of, seat_of
from moca.core.types import ConversationStatus
from moca.storage.db.tables import Conversation, Message
from tests.cluster.street import PARTITIONS, Street, webhook
from tests.support.factory import ANNA, NOON

ANNAS = seat_of(partition_of(ANNA, PARTITIONS))


@pytest.fixture
def street(tmp_path):
    with freezegun.freeze_time(NOON) as frozen:
        street = Street(tmp_path, frozen)
        street.open("a", "b")
        street.passes(20)
        yield street
        street.close()


def other_than(street, seat):
    [holder] = street.holder(seat)
    [other] = street.nodes.keys() - {holder}
    return street[other]


def does(node, command):
    node.system.tell(command)
    node.settle()
    return command.receipt.result(0)


def reached(street):
    return len(street.instagram.reached)


def test_a_freeze_on_one_node_stops_what_another_sends_until_it_is_released(street):
    node = other_than(street, SENDER)
    assert does(node, FreezeQueue(clock.now(), Future())) == Done()
    node.takes(webhook("m1"))
    street.passes(600)
    assert reached(street) == 0
    assert does(node, ReleaseQueue(clock.now(), Future())) == Done()
    street.passes(1)
    assert reached(street) == 1


def test_a_freeze_reaches_the_sender_within_a_beat_where_the_broker_does_not_tell(street):
    node = other_than(street, SENDER)
    [sending] = street.holder(SENDER)
    street[sending].takes(webhook("m1"))
    street.passes(3)
    node.place.cut()
    street.settle()
    does(node, FreezeQueue(clock.now(), Future()))
    street.passes(60)
    assert reached(street) == 0


def test_a_pause_on_one_node_silences_the_conversation_that_lives_on_another(street):
    node = other_than(street, ANNAS)
    node.takes(webhook("m1"))
    street.passes(60)
    assert reached(street) == 1
    with street.database.connection_context():
        [conversation] = Conversation.select()
    node.takes(webhook("m2", "Are you there?"))
    street.passes(1)
    until = clock.now() + timedelta(minutes=30)
    pause = ChangeConversation(
        conversation.id, ConversationStatus.PAUSED, clock.now(), until, Future()
    )
    assert does(node, pause) == Done()
    node.takes(webhook("m3", "Hello?"))
    street.passes(600)
    with street.database.connection_context():
        outcomes = dict(
            Message.select(Message.mid, Message.outcome).where(Message.role == "user").tuples()
        )
    assert (reached(street), outcomes) == (
        1,
        {"m1": "answered", "m2": "suppressed", "m3": "suppressed"},
    )


def test_every_node_hears_that_an_account_has_another_token(street):
    node = other_than(street, SENDER)
    token = SealedToken("sealed", clock.now(), None)
    does(node, StoreAccount(Account(account_id="1784"), token, clock.now(), receipt=Future()))
    street.settle()
    changed = AccountChanged("1784", is_usable=True)
    assert [changed in each.observed for each in street.nodes.values()] == [True, True]


def test_every_node_shows_that_it_types_unless_the_queue_is_frozen(street):
    node = other_than(street, SENDER)
    typing = [each.system._typing for each in street.nodes.values()]
    assert [each.is_frozen for each in typing] == [False, False]
    does(node, FreezeQueue(clock.now(), Future()))
    street.passes(2)
    assert [each.is_frozen for each in typing] == [True, True]
