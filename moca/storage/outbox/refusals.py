from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple

from moca.core.accounts import REMOVED
from moca.core.content.content import Content
from moca.core.content.splitting import MAX_MESSAGE_BYTES
from moca.core.conversation.consent import OPTED_OUT
from moca.core.messages.replies import QueueReply
from moca.core.reasons import because_held
from moca.core.types import Author, ClosingMessage, ConversationStatus, Outcome
from moca.storage.messages.outcomes import UnansweredInput
from moca.storage.outbox.destinations import Destination
from moca.storage.outbox.items import has_private_reply, is_held
from moca.storage.uploads.owners import TAKEN_OR_GONE


class Refusal(NamedTuple):
    """Why a reply is not queued."""

    because: str
    outcome: Outcome | None = Outcome.SUPPRESSED
    """The outcome of the inputs; None if they are to be answered again."""


GONE = Refusal(REMOVED)
NO_UPLOAD = Refusal(TAKEN_OR_GONE)
NOTHING_LEFT = Refusal("the messages no longer need a reply")
OUTDATED = Refusal("the message was edited after the reply was generated", outcome=None)


class ConsideredReply(NamedTuple):
    """A reply that is to be queued, with what it answers and its parts."""

    command: QueueReply
    place: Destination
    inputs: tuple[int, ...]
    comment_id: str | None
    parts: tuple[Content, ...]

    @property
    def scheduled_for(self) -> datetime:
        """The earliest time to send it."""
        return self.command.scheduled_for or self.command.at


def is_outdated(command: QueueReply, unanswered: Mapping[int, UnansweredInput]) -> bool:
    """Return whether an unanswered input was edited after the reply was made."""
    made_of = zip(command.input_ids, command.made_of, strict=False)
    return any(each in unanswered and unanswered[each].text != text for each, text in made_of)


def refusal_of(considered: ConsideredReply, taken: AbstractSet[str]) -> Refusal | None:
    """Return why a reply may not be queued; `taken` are the comments that just got theirs."""
    command, place = considered.command, considered.place
    if place.status == ConversationStatus.CLOSED:
        return Refusal(because_held(place.status))
    if command.author is not Author.BOT:
        comment_id = considered.comment_id
        return None if comment_id is None else _refusal_in_private(considered, comment_id, taken)
    if is_held(place.status, place.held_until, command.at):
        return Refusal(because_held(place.status))
    if place.opted_out_at is not None and command.closing_message is not ClosingMessage.OPT_OUT:
        return Refusal(OPTED_OUT)
    if command.input_ids and not considered.inputs:
        return NOTHING_LEFT
    if considered.comment_id is not None:
        return _refusal_in_private(considered, considered.comment_id, taken)
    return None


def _refusal_in_private(
    considered: ConsideredReply, comment_id: str, taken: AbstractSet[str]
) -> Refusal | None:
    if len(considered.parts) > 1:
        because = f"a private reply is one message of at most {MAX_MESSAGE_BYTES} bytes"
        return Refusal(because, Outcome.FAILED)
    is_answered = has_private_reply(comment_id, considered.place.account_id)
    if is_answered or comment_id in taken:
        return Refusal("the comment already has a private reply")
    return None
