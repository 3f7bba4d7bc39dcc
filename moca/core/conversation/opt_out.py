from dataclasses import replace
from datetime import datetime

from moca.core.content.content import Content
from moca.core.conversation.consent import OPTED_OUT, ConsentChange
from moca.core.conversation.disclosure import reply_with_disclosure
from moca.core.conversation.effects import Decision, Effect
from moca.core.conversation.snapshot import Inbound
from moca.core.conversation.state import Conversation
from moca.core.messages.replies import ConcludeMessages
from moca.core.policy import ConversationPolicy
from moca.core.types import ClosingMessage, Outcome


def opt_out(
    state: Conversation, message: Inbound, now: datetime, policy: ConversationPolicy
) -> Decision:
    """Stop all automatic messages to the contact, after one confirmation."""
    dropped = tuple(each for each in state.open_ids if each != message.id)
    silenced = replace(state.emptied(), drafts=(), has_opted_out=True)
    effects: tuple[Effect, ...] = (_suppress(dropped, now),) if dropped else ()
    if not policy.opt_out_text or state.is_held_at(now):
        return silenced, (*effects, _suppress((message.id,), now))
    content = Content(text=policy.opt_out_text)
    last_word = reply_with_disclosure(
        silenced, (message.id,), content, now, policy, closing_message=ClosingMessage.OPT_OUT
    )
    return silenced, (*effects, *last_word)


def opt_in(
    state: Conversation, message: Inbound, now: datetime, policy: ConversationPolicy
) -> Decision | None:
    """Confirm that the bot answers again; None if the message is answered like any other."""
    if not policy.opt_in_text or state.is_held_at(now):
        return None
    welcome = Content(text=policy.opt_in_text)
    return state, reply_with_disclosure(state, (message.id,), welcome, now, policy)


def suppress_opted_out(state: Conversation, message: Inbound, now: datetime) -> Decision:
    """Suppress the message of a contact who has opted out."""
    return state, (_suppress((message.id,), now),)


def consent(
    state: Conversation, message: Inbound, now: datetime, policy: ConversationPolicy
) -> Decision | None:
    """Apply a change of consent; None if the message is answered like any other."""
    if message.consent_change is ConsentChange.OPT_OUT:
        return opt_out(state, message, now, policy)
    if message.consent_change is ConsentChange.OPT_IN:
        return opt_in(state, message, now, policy)
    return suppress_opted_out(state, message, now) if state.has_opted_out else None


def _suppress(message_ids: tuple[int, ...], now: datetime) -> ConcludeMessages:
    return ConcludeMessages(message_ids, Outcome.SUPPRESSED, OPTED_OUT, now)
