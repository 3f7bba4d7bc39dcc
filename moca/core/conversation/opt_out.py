from dataclasses import replace
from datetime import datetime

from moca.core.content.content import Content
from moca.core.conversation.consent import OPTED_OUT, Wish
from moca.core.conversation.disclosure import say
from moca.core.conversation.effects import Effect
from moca.core.conversation.snapshot import Inbound
from moca.core.conversation.state import Conversation
from moca.core.messages.replies import ConcludeMessages
from moca.core.policy import ConversationPolicy
from moca.core.types import Outcome, Parting

Decision = tuple[Conversation, tuple[Effect, ...]]


def opt_out(
    state: Conversation, message: Inbound, now: datetime, policy: ConversationPolicy
) -> Decision:
    """Say nothing any more, but that nothing will be said."""
    dropped = tuple(each for each in state.open_ids if each != message.id)
    silenced = replace(state.emptied(), drafts=(), has_opted_out=True)
    effects: tuple[Effect, ...] = (_suppress(dropped, now),) if dropped else ()
    if not policy.opt_out_text or state.is_held_at(now):
        return silenced, (*effects, _suppress((message.id,), now))
    content = Content(text=policy.opt_out_text)
    last_word = say(silenced, (message.id,), content, now, policy, parting=Parting.OPT_OUT)
    return silenced, (*effects, *last_word)


def opt_in(
    state: Conversation, message: Inbound, now: datetime, policy: ConversationPolicy
) -> Decision | None:
    """Say that the bot answers again; None where the message is to be answered like any other."""
    if not policy.opt_in_text or state.is_held_at(now):
        return None
    welcome = Content(text=policy.opt_in_text)
    return state, say(state, (message.id,), welcome, now, policy)


def turn_down(state: Conversation, message: Inbound, now: datetime) -> Decision:
    """Leave a message of somebody who opted out without an answer."""
    return state, (_suppress((message.id,), now),)


def consent(
    state: Conversation, message: Inbound, now: datetime, policy: ConversationPolicy
) -> Decision | None:
    """Heed what a contact wishes; None where the message is to be answered like any other."""
    if message.wish is Wish.OPT_OUT:
        return opt_out(state, message, now, policy)
    if message.wish is Wish.OPT_IN:
        return opt_in(state, message, now, policy)
    return turn_down(state, message, now) if state.has_opted_out else None


def _suppress(message_ids: tuple[int, ...], now: datetime) -> ConcludeMessages:
    return ConcludeMessages(message_ids, Outcome.SUPPRESSED, OPTED_OUT, now)
