from datetime import datetime

from moca.core.conversation.snapshot import Inbound
from moca.core.conversation.state import Conversation, seconds
from moca.core.inbound.event_rules import is_tap
from moca.core.instants import in_text
from moca.core.policy import ConversationPolicy
from moca.core.types import Stage, Step


def steps_of_waiting(
    state: Conversation, message: Inbound, now: datetime, policy: ConversationPolicy
) -> tuple[Step, Step]:
    """Return the steps with which a message begins to wait; `state` has gathered it."""
    return _passed(message, now, policy), _waiting(state, message, now, policy)


def steps_of_first(message: Inbound, policy: ConversationPolicy) -> tuple[Step, Step]:
    """Return the same steps for a new contact's first message, as of its receipt.

    Nothing else is known of the contact, so they can be stored in the message's own transaction.
    """
    now = message.received_at
    if is_tap(message.kind, message.type):
        waiting = _at_once(message, now)
    else:
        waiting = _until(message, now, Stage.DEBOUNCE, now + policy.debounce)
    return _passed(message, now, policy), waiting


def _passed(message: Inbound, now: datetime, policy: ConversationPolicy) -> Step:
    detail = f"no duplicate within {seconds(policy.dedup)}"
    return Step(message.id, now, Stage.DEDUPLICATION, "passed", detail)


def _waiting(
    state: Conversation, message: Inbound, now: datetime, policy: ConversationPolicy
) -> Step:
    if state.is_answering:
        detail = f"a reply is in progress; waiting with {len(state.gathered) - 1} other messages"
        return Step(message.id, now, Stage.COOLDOWN, "gathered", detail)
    if state.is_pressing:
        return _at_once(message, now)
    flush_at = state.flush_at(policy) or now
    stage = Stage.COOLDOWN if flush_at == state.cooldown_until else Stage.DEBOUNCE
    return _until(message, now, stage, flush_at)


def _at_once(message: Inbound, now: datetime) -> Step:
    return Step(message.id, now, Stage.DEBOUNCE, "passed", "a tap is answered at once")


def _until(message: Inbound, now: datetime, stage: Stage, flush_at: datetime) -> Step:
    detail = f"until {in_text(flush_at)}, {seconds(flush_at - now)} left"
    return Step(message.id, now, stage, "waiting", detail)
