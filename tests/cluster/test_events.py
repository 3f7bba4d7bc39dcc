"""What is decided on one node holds on all of them."""

from concurrent.futures import Future
from datetime import timedelta

import pytest

from moca import clock
from moca.core.accounts import Account, SealedToken
from moca.core.messages.accounts import AccountChanged, StoreAccount
from moca.core.messages.command import AwaitedCommand, Done
from moca.core.messages.operator_actions import ChangeConversation, FreezeQueue, ReleaseQueue
from moca.core.partition import SENDER, partition_of, seat_of
from moca.core.types import ConversationStatus
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Conversation, Message
from tests.cluster.stepped import PARTITIONS, SteppedCluster, SteppedNode, webhook
from tests.support.factory import ANNA
from tests.support.values import present

ANNAS = seat_of(partition_of(ANNA, PARTITIONS))


@pytest.fixture
def cluster(stepped: SteppedCluster) -> SteppedCluster:
    stepped.open("a", "b")
    stepped.advance(20)
    return stepped


def other_than(cluster: SteppedCluster, seat: str) -> SteppedNode:
    [holder] = cluster.holder(seat)
    [other] = cluster.nodes.keys() - {holder}
    return cluster[other]


def does(node: SteppedNode, command: AwaitedCommand) -> Done:
    node.system.tell(command)
    node.settle()
    found: Done = present(command.receipt).result(0)
    return found


def reached(cluster: SteppedCluster) -> int:
    return len(cluster.instagram.reached)


def test_a_freeze_on_one_node_stops_what_another_sends_until_it_is_released(
    cluster: SteppedCluster,
) -> None:
    node = other_than(cluster, SENDER)
    assert does(node, FreezeQueue(clock.now(), receipt=Future())) == Done()
    node.takes(webhook("m1"))
    cluster.advance(600)
    assert reached(cluster) == 0
    assert does(node, ReleaseQueue(clock.now(), receipt=Future())) == Done()
    cluster.advance(1)
    assert reached(cluster) == 1


def test_a_freeze_reaches_the_sender_within_a_beat_where_the_broker_does_not_tell(
    cluster: SteppedCluster,
) -> None:
    node = other_than(cluster, SENDER)
    [sending] = cluster.holder(SENDER)
    cluster[sending].takes(webhook("m1"))
    cluster.advance(3)
    node.place.cut()
    cluster.settle()
    does(node, FreezeQueue(clock.now(), receipt=Future()))
    cluster.advance(60)
    assert reached(cluster) == 0


def test_a_pause_on_one_node_silences_the_conversation_that_lives_on_another(
    cluster: SteppedCluster,
) -> None:
    node = other_than(cluster, ANNAS)
    node.takes(webhook("m1"))
    cluster.advance(60)
    assert reached(cluster) == 1
    with cluster.database.connection_context():
        [conversation] = Conversation.select()
    node.takes(webhook("m2", "Are you there?"))
    cluster.advance(1)
    until = clock.now() + timedelta(minutes=30)
    pause = ChangeConversation(
        conversation.id, ConversationStatus.PAUSED, clock.now(), until, receipt=Future()
    )
    assert does(node, pause) == Done()
    node.takes(webhook("m3", "Hello?"))
    cluster.advance(600)
    with cluster.database.connection_context():
        query = Message.select(Message.mid, Message.outcome).where(Message.role == "user")
        outcomes = dict(read_rows(query))
    assert (reached(cluster), outcomes) == (
        1,
        {"m1": "answered", "m2": "suppressed", "m3": "suppressed"},
    )


def test_every_node_hears_that_an_account_has_another_token(cluster: SteppedCluster) -> None:
    node = other_than(cluster, SENDER)
    token = SealedToken("sealed", clock.now(), None)
    does(node, StoreAccount(Account(account_id="1784"), token, clock.now(), receipt=Future()))
    cluster.settle()
    changed = AccountChanged("1784", is_usable=True)
    assert [changed in each.observed for each in cluster.nodes.values()] == [True, True]


def test_every_node_shows_that_it_types_unless_the_queue_is_frozen(cluster: SteppedCluster) -> None:
    node = other_than(cluster, SENDER)
    typing = [present(each.system._typing) for each in cluster.nodes.values()]
    assert [each.is_frozen for each in typing] == [False, False]
    does(node, FreezeQueue(clock.now(), receipt=Future()))
    cluster.advance(2)
    assert [each.is_frozen for each in typing] == [True, True]
