"""Each actor is made to raise at each of its messages: the rest goes on, and nothing is lost."""

from collections.abc import Callable
from typing import Any

import pytest

from actors.conversation import ConversationActor
from actors.courier import CourierActor
from actors.persistence import PersistenceActor
from actors.responder import ResponderActor
from actors.runtime.actor import MailboxActor
from actors.sender import SenderActor
from actors.supervisor import SupervisorActor
from moca.core.inbound.events import InboundMessage
from tests.support.factory import ANNA, BEN
from tests.support.system import SteppedSystem

ACTORS = (
    ConversationActor,
    CourierActor,
    PersistenceActor,
    ResponderActor,
    SenderActor,
    SupervisorActor,
)


class Sabotage:
    """Makes an actor raise instead of handling its first message of a type."""

    def __init__(
        self, actor: type[MailboxActor], kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.kind = kind
        self.is_done = False
        handle = actor.on_receive

        def on_receive(itself: MailboxActor, message: object) -> object:
            if type(message).__name__ == self.kind and not self.is_done:
                self.is_done = True
                raise RuntimeError("sabotage")
            return handle(itself, message)

        monkeypatch.setattr(actor, "on_receive", on_receive)


def knows_ben(system: SteppedSystem) -> None:
    """Store an earlier message of a contact, so that there is something to load."""
    before = InboundMessage(contact=BEN, mid="before", text="before", unanswerable="it was a test")
    system.receive_events(before)


def heard_by_each(system: SteppedSystem, monkeypatch: pytest.MonkeyPatch) -> dict[type, set[str]]:
    """Handle one message, and return which types of message each actor receives."""
    received: dict[type, set[str]] = {actor: set() for actor in ACTORS}
    for actor in ACTORS:
        handle = actor.on_receive

        def on_receive(
            itself: MailboxActor,
            message: object,
            handle: Any = handle,
            actor: type[MailboxActor] = actor,
        ) -> dict[object, object] | None:
            received[actor].add(type(message).__name__)
            found: dict[object, object] | None = handle(itself, message)
            return found

        monkeypatch.setattr(actor, "on_receive", on_receive)
    knows_ben(system)
    for contact in (ANNA, BEN):
        system.receive("hi", contact)
    system.advance(60)
    return received


KINDS = {
    ConversationActor: (
        "ConversationLoaded",
        "TimerFired",
        "GenerationStarted",
        "ReplyGenerated",
        "ReplyQueued",
        "ReplySent",
        "SweepFound",
    ),
    CourierActor: ("DeliverReply", "ReadName"),
    PersistenceActor: (
        "RecordWebhook",
        "Commit",
        "LoadConversation",
        "FindMissing",
        "FindUnanswered",
        "RecordSteps",
        "RecordContactProfile",
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
        "RecheckOutbox",
    ),
    SupervisorActor: (
        "SweepDue",
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


def test_every_kind_of_message_on_a_journey_has_its_sabotage(
    open_system: Callable[..., SteppedSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    received = heard_by_each(open_system(), monkeypatch)
    received[ConversationActor] -= {"MessageArrived", "SweepFound"}
    named = {actor: set(kinds) - {"SweepFound"} for actor, kinds in KINDS.items()}
    assert {actor: received[actor] - named[actor] for actor in ACTORS} == {a: set() for a in ACTORS}


@pytest.mark.parametrize(
    ("actor", "kind"), [(actor, kind) for actor, kinds in KINDS.items() for kind in kinds]
)
def test_an_actor_that_raises_costs_no_answer_and_brings_no_second(
    open_system: Callable[..., SteppedSystem],
    monkeypatch: pytest.MonkeyPatch,
    actor: type[MailboxActor],
    kind: str,
) -> None:
    system = open_system(fail_fast=False)
    knows_ben(system)
    sabotage = Sabotage(actor, kind, monkeypatch)
    messages = [InboundMessage(contact=who, mid=who.psid, text="hi") for who in (ANNA, BEN)]
    receipts = [system.post(message) for message in messages]
    system.settle()
    # A webhook that was not answered with 200 comes again.
    for message, receipt in zip(messages, receipts, strict=True):
        if not receipt.done() or receipt.exception(0):
            system.receive_events(message)
    system.advance(15 * 60)

    sent = sorted(call.contact.psid for call in system.instagram.reached)
    outcomes = [system.outcome(message.mid)[0] for message in messages]
    assert (sent, outcomes) == ([ANNA.psid, BEN.psid], ["answered"] * 2)
    assert sabotage.is_done or kind in {"SweepFound", "RecordSteps"}

    later = system.receive("and my order?")
    system.advance(10 * 60)
    assert system.outcome(later)[0] == "answered"
