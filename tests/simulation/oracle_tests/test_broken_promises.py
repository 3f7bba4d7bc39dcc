"""Each promise is broken on purpose here: the simulation must notice within a few seeds."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from actors import persistence, resend_checks, sender
from moca.core.conversation import decide, drafts, flush
from moca.core.conversation.state import Conversation
from moca.core.inbound.events import Echo, Event, InboundMessage
from moca.core.messages.command import Done
from moca.core.messages.delivery import KnownMessagesListed, ListKnownMessages, RecordRetry
from moca.core.messages.inbound import RecordWebhook
from moca.core.outbox import call_results, outbox
from moca.core.outbox.call_results import CallEnded
from moca.core.outbox.contact_queues import ContactQueues
from moca.core.outbox.delivery import NOTHING_KNOWN, DeliveryResult, MissingFromRecord, Unconfirmed
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.core.reasons import Reason, code_of
from moca.core.types import Priority
from moca.storage import writer
from moca.storage.inbound import echoes, messages, webhooks
from moca.storage.messages import outcomes
from moca.storage.messages.outcomes import Conclusion
from moca.storage.outbox import cancel, claim, items, reply_windows
from moca.storage.outbox.items import OutboxItem
from moca.storage.unit_of_work import Batch, WriterPolicy
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle_tests.test_false_alarms import BEN, handed_over
from tests.simulation.result import Result
from tests.simulation.run import run
from tests.simulation.shrink import shrink
from tests.simulation.worlds.draw import draw_script
from tests.simulation.worlds.script import Operates, Script, Sending, Writes
from tests.simulation.worlds.themes import draw_world
from tests.support.values import present

MOST_SEEDS = 150


def found(
    invariant: Invariant, draw: Callable[[int], Script] = draw_script, *, first: int = 0
) -> Result | None:
    """Look for a seed that shows this invariant broken; None if there is none among many.

    `first` is one that did when it was written down, so that the look is mostly a short one.
    """
    for seed in range(first, first + MOST_SEEDS):
        result = run(draw(seed))
        if any(each.invariant is invariant for each in result.broken):
            return result
    return None


def draw_equal_texts(seed: int) -> Script:
    """Draw a run where all replies say the same, follow closely, and are lost now and then."""
    script = draw_script(seed)
    settings = replace(script.settings, same_texts=True, user_cooldown=2, debounce=0.5)
    lost = (Sending(number=n, arrives=None, answer="unconfirmed") for n in range(2, 40, 3))
    kept = (each for each in script.happenings if not isinstance(each, Sending))
    return replace(script, settings=settings, happenings=(*kept, *lost))


def test_an_acknowledgement_before_the_commit_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    gather = persistence.PersistenceActor._gather

    def acknowledge_at_once(self: Any, command: Any) -> None:
        receipt = getattr(command, "receipt", None)
        if receipt is not None:
            receipt.set_result(Done())
            command = replace(command, receipt=None)
        gather(self, command)

    monkeypatch.setattr(persistence.PersistenceActor, "_gather", acknowledge_at_once)
    assert found(Invariant.ACKNOWLEDGED_IS_STORED)


def test_a_message_stored_once_more_when_it_comes_again_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(messages, "_stored", lambda keys: {})
    assert found(Invariant.ACKNOWLEDGED_IS_STORED)


def test_a_message_without_an_outcome_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    write = outcomes.write_conclusions

    def forget_duplicates(batch: Batch, conclusions: list[Conclusion]) -> None:
        write(batch, [each for each in conclusions if each.duplicate_of is None])

    monkeypatch.setattr(outcomes, "write_conclusions", forget_duplicates)
    assert found(Invariant.ONE_OUTCOME, first=13)


def test_duplicates_that_are_answered_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "first_equal", lambda message, remembered, window: None)
    assert found(Invariant.ONE_OUTCOME, first=13)


def test_a_doubtful_reply_sent_again_blindly_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    after = call_results.after_call

    def try_again(
        reply: QueuedReply,
        result: DeliveryResult,
        now: datetime,
        policy: SenderPolicy,
        jitter: float,
    ) -> CallEnded:
        end = after(reply, result, now, policy, jitter)
        if isinstance(result, Unconfirmed):
            again = RecordRetry(reply.item_id, result.because, now, now)
            return replace(end, record=again)
        return end

    monkeypatch.setattr(sender, "after_call", try_again)
    assert found(Invariant.NOTHING_TWICE, first=10)


def test_one_reading_taken_for_a_proof_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = type(draw_script(0).settings)
    policy = settings.sender
    monkeypatch.setattr(settings, "sender", lambda self: replace(policy(self), settle_readings=1))
    # The reading directly before a resend would show what the first one did not.
    monkeypatch.setattr(
        resend_checks.ResendChecks,
        "claimed",
        lambda self, claimed, _: self._outbox.claimed(claimed),
    )
    assert found(Invariant.TWO_READINGS, draw=lambda seed: draw_world(seed, "in_a_slow_record"))


def test_equal_texts_taken_for_one_another_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def know_nothing(batch: Batch, commands: tuple[ListKnownMessages]) -> None:
        for each in commands:
            batch.tell(KnownMessagesListed(each.reply, each.since, NOTHING_KNOWN))

    carry_out = {**writer._HANDLERS, ListKnownMessages: know_nothing}
    monkeypatch.setattr(writer, "_HANDLERS", carry_out)
    assert found(Invariant.NOTHING_TWICE, draw=draw_equal_texts, first=18)


def test_a_reply_never_claimed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "_write", lambda claimed: None)
    assert found(Invariant.NOTHING_TWICE)


def test_replies_out_of_order_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    group = drafts.group
    monkeypatch.setattr(flush, "group", lambda messages, mode: group(messages, mode)[::-1])
    assert found(Invariant.ORDER_OF_REPLIES, first=5)


def test_a_priority_upside_down_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    enqueue = ContactQueues._enqueue

    def inverted(self: ContactQueues, reply: QueuedReply, now: datetime) -> None:
        enqueue(self, replace(reply, priority=Priority(2 - reply.priority)), now)

    monkeypatch.setattr(ContactQueues, "_is_held", lambda self, reply: reply.item_id in self._held)
    monkeypatch.setattr(ContactQueues, "_enqueue", inverted)
    assert found(Invariant.PRIORITY, first=49)


def test_a_shut_window_overlooked_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = reply_windows.refused_because

    def overlook(item: OutboxItem, at: datetime, policy: WriterPolicy) -> str | None:
        because = refused(item, at, policy)
        return None if code_of(because or "") is Reason.WINDOW_CLOSED else because

    monkeypatch.setattr(claim, "refused_because", overlook)
    assert found(Invariant.SILENCE, first=5)


def test_a_hold_overlooked_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moca.storage.outbox.items.is_held", lambda status, held_until, at: False)
    monkeypatch.setattr("moca.storage.conversations.status.silence_bot", lambda *args: None)
    monkeypatch.setattr("moca.storage.conversations.hold.silence_bot", lambda *args: None)
    assert found(Invariant.SILENCE)


def test_an_echo_taken_for_a_person_s_message_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    record = webhooks.record_webhooks

    def confuse(batch: Batch, commands: Sequence[RecordWebhook]) -> None:
        record(batch, [replace(each, events=tuple(map(_heard, each.events))) for each in commands])

    kind = next(each for each in writer._HANDLERS if each.__name__ == "RecordWebhook")
    monkeypatch.setattr(writer, "_HANDLERS", {**writer._HANDLERS, kind: confuse})
    assert found(Invariant.ECHOES)


def test_a_person_s_answer_that_pauses_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "moca.storage.inbound.app_replies._hand_over", lambda batch, talk, at: False
    )
    assert found(Invariant.ECHOES, first=5)


def test_a_hand_over_that_was_silenced_before_its_claim_and_goes_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cancel, "cancel_items", lambda *args, **kwargs: None)
    monkeypatch.setattr(items.OutboxItem, "silenced_because", lambda self, at: None)
    closed = handed_over(Operates(at=7.9, contact=BEN, action="close"))
    assert closed == ((Invariant.SILENCE, "the bot speaks while the talk is closed"),)
    opted_out = handed_over(Writes(at=7.7, contact=BEN, mid="m3", text="stop"))
    assert (Invariant.SILENCE, "item 2 goes to a contact who opted out") in opted_out


def test_echoes_that_prove_nothing_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echoes, "_match", lambda echo, is_found: None)
    assert found(Invariant.ECHOES) or found(Invariant.NOTHING_TWICE)


def test_what_breaks_is_made_short_and_still_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_results, "after_reading", lambda *args: MissingFromRecord())
    monkeypatch.setattr(outbox.Outbox, "rest", lambda self, contact, since, now: None)
    broken = present(found(Invariant.SENDING_LIMITS))
    short = shrink(broken, most_runs=60)
    assert short.broken[0].invariant is Invariant.SENDING_LIMITS
    assert len(short.script.happenings) <= min(6, len(broken.script.happenings))
    assert run(short.script).trace == short.trace


def _flush_at_without_cooldown(
    conversation: Conversation, policy: ConversationPolicy
) -> datetime | None:
    since = conversation.gathering_since
    return None if since is None else since + policy.debounce


def _heard(event: Event) -> Event:
    if not isinstance(event, Echo):
        return event
    return InboundMessage(contact=event.contact, mid=event.mid, text=event.text)
