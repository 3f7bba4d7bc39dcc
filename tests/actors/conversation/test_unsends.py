"""A message that its author unsends is erased and not answered."""

from collections.abc import Callable
from typing import Any

import pytest

from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.outbox.delivery import Unconfirmed
from moca.core.policy import ConversationPolicy, ReplyMode
from moca.replies.generator import ReplyRequest
from moca.storage.db.tables import Message, QueueItem, Webhook
from tests.support.events import edited, unsent
from tests.support.factory import ANNA, BEN
from tests.support.system import SteppedSystem

UNSENT = ("suppressed", "the contact unsent the message")


def stored_text(system: SteppedSystem, mid: str) -> list[tuple[Any, ...]]:
    columns = (Message.text, Message.content, Message.deleted_at.is_null())
    return system.rows(Message.select(*columns).where(Message.mid == mid))


def test_a_message_that_waits_is_erased_and_not_answered(system: SteppedSystem) -> None:
    mid = system.receive("my card is 1234")
    system.advance(1)
    system.receive_events(unsent(mid))
    system.advance(60)

    assert system.outcome(mid) == UNSENT
    assert stored_text(system, mid) == [("", None, False)]
    assert system.instagram.reached == []


def test_what_is_said_beside_it_is_answered(system: SteppedSystem) -> None:
    mids = [system.receive("oops"), system.receive("how much is it?")]
    system.receive_events(unsent(mids[0]))
    system.advance(60)

    assert [system.outcome(mid)[0] for mid in mids] == ["suppressed", "answered"]
    assert len(system.instagram.reached) == 1


def test_its_pending_reply_is_cancelled(system: SteppedSystem) -> None:
    first = system.receive("hi", BEN)
    system.receive("hi", ANNA)
    later = system.receive("and you?", ANNA)
    system.advance(5.1)
    assert system.rows(QueueItem.select(QueueItem.id).where(QueueItem.status == "pending"))

    system.receive_events(unsent(later))
    system.advance(60)

    assert system.outcome(later) == UNSENT
    assert system.outcome(first)[0] == "answered"
    assert [call.contact for call in system.instagram.reached] == [BEN, ANNA]
    assert system.rows(
        QueueItem.select(QueueItem.status, QueueItem.because).where(QueueItem.status == "cancelled")
    ) == [("cancelled", "the contact unsent the message")]


def test_a_reply_that_answers_more_than_it_goes_on(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(conversation=ConversationPolicy(mode=ReplyMode.COMBINED))
    system.receive("first")
    system.advance(10)
    mids = [system.receive("oops"), system.receive("how much is it?")]
    system.advance(24.9)
    system.receive("hi", BEN)
    system.advance(0.1)
    system.receive_events(unsent(mids[0]))
    system.advance(60)

    assert system.outcome(mids[0])[0] in ("suppressed", "answered")
    assert system.outcome(mids[1])[0] == "answered"
    assert stored_text(system, mids[0]) == [("", None, False)]


class Saying:
    """Replies the same to every message."""

    needs_history = 0

    def __init__(self, text: str) -> None:
        self.text = text

    def reply(self, request: ReplyRequest) -> Content:
        return Content(text=self.text)


class HeldGenerator:
    """Never answers by itself; the test triggers its answer."""

    needs_history = 0

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.meanwhile = meanwhile
        self.asked: list[list[str]] = []

    def reply(self, request: ReplyRequest) -> Content:
        self.asked.append([each.text for each in request.inputs])
        if len(self.asked) == 1:
            self.meanwhile()
        return Content(text=f"to {request.inputs[0].text}")


def test_a_message_unsent_while_its_reply_is_written_is_not_answered(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system: SteppedSystem = open_system(generator=HeldGenerator(lambda: system.post(unsent("m1"))))
    mid = system.receive("oops")
    system.advance(60)

    assert system.outcome(mid) == UNSENT
    assert system.instagram.reached == []


def test_an_answered_message_is_erased_and_stays_answered(system: SteppedSystem) -> None:
    mid = system.receive("hi")
    system.advance(60)
    system.receive_events(unsent(mid))

    assert system.outcome(mid)[0] == "answered"
    assert stored_text(system, mid) == [("", None, False)]
    assert [step.outcome for step in system.journey(mid).steps][-1] == "unsent"


def test_a_deletion_that_comes_before_its_message_erases_it_all_the_same(
    system: SteppedSystem,
) -> None:
    system.receive_events(unsent("m1"))
    system.receive_body(
        b'{"object":"instagram","entry":[{"id":"17841400000000001","messaging":[{"sender":'
        b'{"id":"28978671838402975"},"message":{"mid":"m1","text":"secret"}}]}]}'
    )
    system.advance(60)

    assert system.outcome("m1") == UNSENT
    assert stored_text(system, "m1") == [("", None, False)]
    assert system.instagram.reached == []
    bodies = [bytes(body) for (body,) in system.rows(Webhook.select(Webhook.body))]
    assert not any(b"secret" in body for body in bodies)


def test_no_body_keeps_what_was_unsent(system: SteppedSystem) -> None:
    said = (
        b'{"object":"instagram","entry":[{"id":"17841400000000001","messaging":['
        b'{"sender":{"id":"28978671838402975"},"message":{"mid":"m1","text":"secret"}},'
        b'{"sender":{"id":"28978671838402975"},"message":{"mid":"m2","text":"fine"}}]}]}'
    )
    system.receive_body(said)
    system.receive_body(said)
    system.receive_body(
        said.replace(b'"message":{"mid":"m1"', b'"message_edit":{"num_edit":1,"mid":"m1"')
    )
    system.receive_events(unsent("m1"))

    bodies = [bytes(body) for (body,) in system.rows(Webhook.select(Webhook.body))]
    assert sum(b"fine" in body for body in bodies) == 3
    assert not any(b"secret" in body for body in bodies)


def test_the_same_words_after_an_unsent_message_are_not_a_repeat(system: SteppedSystem) -> None:
    system.receive_events(unsent(system.receive("hi")))
    again = system.receive("hi")
    system.advance(60)
    assert system.outcome(again)[0] == "answered"


def test_an_edit_after_the_deletion_brings_nothing_back(system: SteppedSystem) -> None:
    mid = system.receive("oops")
    system.receive_events(unsent(mid))
    system.receive_events(edited(mid, "oops again"))
    system.advance(60)
    assert stored_text(system, mid) == [("", None, False)]
    assert system.outcome(mid) == UNSENT


@pytest.mark.parametrize("mid", ["ig-1", "theirs"])
def test_what_the_account_takes_back_is_marked(system: SteppedSystem, mid: str) -> None:
    system.receive("hi")
    system.advance(10)
    system.receive_echo("by hand", "theirs")
    system.receive_events(unsent(mid, by_account=True))

    ((text, deleted_at),) = system.rows(
        Message.select(Message.text, Message.deleted_at).where(Message.mid == mid)
    )
    assert text
    assert deleted_at is not None


def test_a_deletion_by_the_account_erases_no_contacts_message(system: SteppedSystem) -> None:
    mid = system.receive("hi")
    system.receive_events(unsent(mid, by_account=True))
    system.advance(60)
    assert system.outcome(mid)[0] == "answered"


def test_a_restart_between_deletion_and_flush_answers_nothing(system: SteppedSystem) -> None:
    mid = system.receive("oops")
    system.receive_events(unsent(mid))
    system.crash()
    system.start()
    system.advance(60)
    assert system.outcome(mid) == UNSENT
    assert system.instagram.reached == []


def test_media_is_erased_with_the_text(system: SteppedSystem) -> None:
    from moca.core.content.attachments import Attachment, ReceivedContent

    received = ReceivedContent(attachments=(Attachment(type="image", url="https://cdn/private"),))
    system.receive_events(InboundMessage(contact=ANNA, mid="m1", type="image", received=received))
    system.receive_events(unsent("m1"))
    assert stored_text(system, "m1") == [("", None, False)]


def test_a_repeat_of_an_unsent_message_is_answered_in_its_place(system: SteppedSystem) -> None:
    first, repeat = system.receive("hi"), system.receive("hi")
    assert system.outcome(repeat)[0] == "duplicate"
    system.receive_events(unsent(first))
    system.advance(60)

    assert [system.outcome(mid)[0] for mid in (first, repeat)] == ["suppressed", "answered"]
    assert len(system.instagram.reached) == 1


def test_what_was_unsent_while_its_reply_was_in_doubt_is_not_answered_after_all(
    system: SteppedSystem,
) -> None:
    system.instagram.next_results.append(Unconfirmed("no answer in time"))
    mid = system.receive("oops")
    system.advance(6)
    system.receive_events(unsent(mid))
    system.advance(120)

    assert system.outcome(mid) == UNSENT
    assert system.instagram.reached == []


def test_no_part_of_a_reply_goes_once_what_it_answers_was_unsent(
    open_system: Callable[..., SteppedSystem],
) -> None:
    long = " ".join(f"{place} {'x' * 700}." for place in (1, 2))
    system = open_system(generator=Saying(long))
    system.instagram.next_results.append(Unconfirmed("no answer in time"))
    mid = system.receive("oops")
    system.advance(6)
    system.receive_events(unsent(mid))
    system.advance(120)

    assert system.outcome(mid) == UNSENT
    assert system.instagram.reached == []


def test_no_body_of_an_edit_that_came_again_keeps_what_was_unsent(system: SteppedSystem) -> None:
    edit = (
        b'{"object":"instagram","entry":[{"id":"17841400000000001","messaging":[{"sender":'
        b'{"id":"28978671838402975"},"message_edit":{"mid":"m1","text":"secret","num_edit":1}}]}]}'
    )
    system.receive("hi", mid="m1")
    system.receive_body(edit)
    system.receive_body(edit)
    system.receive_events(unsent("m1"))
    system.receive_body(edit)

    bodies = [bytes(body) for (body,) in system.rows(Webhook.select(Webhook.body))]
    assert not any(b"secret" in body for body in bodies)


def test_a_repeat_that_was_unsent_as_well_is_not_answered_in_its_place(
    system: SteppedSystem,
) -> None:
    first, repeat = system.receive("hi"), system.receive("hi")
    system.receive_events(unsent(repeat))
    system.receive_events(unsent(first))
    system.advance(60)

    assert system.outcome(first) == UNSENT
    assert system.instagram.reached == []
