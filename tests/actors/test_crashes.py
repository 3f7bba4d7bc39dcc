"""Each actor is made to raise at each message it hears: the rest goes on, and nothing is lost."""

import pytest

from actors.conversation import ConversationActor
from actors.courier import CourierActor
from actors.persistence import PersistenceActor
from actors.responder import ResponderActor
from actors.sender import SenderActor
from actors.supervisor import SupervisorActor
from moca.core.inbound.events import InboundMessage
from tests.support.factory import ANNA, BEN

ACTORS = (
    ConversationActor,
    CourierActor,
    PersistenceActor,
    ResponderActor,
    SenderActor,
    SupervisorActor,
)


class Sabotage:
    """Lets an actor raise instead of handling its first message of a kind."""

    def __init__(self, actor: type, kind: str, monkeypatch) -> None:
        self.kind = kind
        self.is_done = False
        handle = actor.on_receive

        def on_receive(itself, message):
            if type(message).__name__ == self.kind and not self.is_done:
                self.is_done = True
                raise RuntimeError("sabotage")
            return handle(itself, message)

        monkeypatch.setattr(actor, "on_receive", on_receive)


def knows_ben(house) -> None:
    """Let a contact have written before, so that there is something to load."""
    before = InboundMessage(contact=BEN, mid="before", text="before", unanswerable="it was a test")
    house.receives(before)


def heard_by_each(house, monkeypatch) -> dict[type, set[str]]:
    """Live through a message and note which kinds of message each actor hears."""
    heard = {actor: set() for actor in ACTORS}
    for actor in ACTORS:
        handle = actor.on_receive

        def on_receive(itself, message, handle=handle, actor=actor):
            heard[actor].add(type(message).__name__)
            return handle(itself, message)

        monkeypatch.setattr(actor, "on_receive", on_receive)
    knows_ben(house)
    for contact in (ANNA, BEN):
        house.hears("hi", contact)
    house.passes(60)
    return heard


KINDS = {
    ConversationActor: (
        "ConversationLoaded",
        "Woken",
        "GenerationStarted",
        "ReplyGenerated",
        "ReplyQueued",
        "ReplySent",
        "SweptOver",
    ),
    CourierActor: ("DeliverReply", "ReadName"),
    PersistenceActor: (
        "RecordWebhook",
        "Commit",
        "LoadConversation",
        "FindMissing",
        "FindUnanswered",
        "RecordSteps",
        "RecordName",
        "QueueReply",
        "FindPending",
        "ClaimReply",
        "RecordSent",
    ),
    ResponderActor: ("GenerateReply",),
    SenderActor: (
        "SweepDue",
        "PendingFound",
        "ReplyQueued",
        "ReplyClaimed",
        "DeliveryStarted",
        "DeliveryEnded",
        "ReplySent",
        "LookAgain",
    ),
    SupervisorActor: (
        "SweepDue",
        "RecordWebhook",
        "MessageArrived",
        "ConversationLoaded",
        "UnansweredFound",
        "GenerationStarted",
        "ReplyGenerated",
        "ReplyQueued",
        "ReplySent",
        "ConversationIdle",
    ),
}


def test_every_kind_of_message_on_a_journey_has_its_sabotage(open_house, monkeypatch) -> None:
    heard = heard_by_each(open_house(), monkeypatch)
    heard[ConversationActor] -= {"MessageArrived", "SweptOver"}
    named = {actor: set(kinds) - {"SweptOver"} for actor, kinds in KINDS.items()}
    assert {actor: heard[actor] - named[actor] for actor in ACTORS} == {a: set() for a in ACTORS}


@pytest.mark.parametrize(
    ("actor", "kind"), [(actor, kind) for actor, kinds in KINDS.items() for kind in kinds]
)
def test_an_actor_that_raises_costs_no_answer_and_brings_no_second(
    open_house, monkeypatch, actor, kind
) -> None:
    house = open_house(fail_fast=False)
    knows_ben(house)
    sabotage = Sabotage(actor, kind, monkeypatch)
    messages = [InboundMessage(contact=who, mid=who.psid, text="hi") for who in (ANNA, BEN)]
    receipts = [house.posts(message) for message in messages]
    house.settle()
    # A webhook without its 200 comes again.
    for message, receipt in zip(messages, receipts, strict=True):
        if not receipt.done() or receipt.exception(0):
            house.receives(message)
    house.passes(15 * 60)

    sent = sorted(call.contact.psid for call in house.instagram.reached)
    outcomes = [house.outcome(message.mid)[0] for message in messages]
    assert (sent, outcomes) == ([ANNA.psid, BEN.psid], ["answered"] * 2)
    assert sabotage.is_done or kind in {"SweptOver", "RecordSteps"}

    later = house.hears("and my order?")
    house.passes(10 * 60)
    assert house.outcome(later)[0] == "answered"
