from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from peewee import fn

from moca.core.types import ContactKey, MessageStatus, Role, Stage
from moca.storage.content_codec import REACTION
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Contact, Conversation, JourneyStep, Message, is_contact

_NEVER_SAID = (
    MessageStatus.FAILED.value,
    MessageStatus.CANCELLED.value,
    MessageStatus.HELD.value,
)


@dataclass(frozen=True, slots=True)
class PastMessage:
    """An earlier message of the conversation, from either side."""

    role: Role
    text: str = field(repr=False)
    """Empty if it was not text, or was unsent."""
    at: datetime


@dataclass(frozen=True, slots=True)
class ContactHistory:
    """A contact's name and the conversation so far."""

    name: str | None = field(default=None, repr=False)
    said: tuple[PastMessage, ...] = ()
    """Oldest first."""


def recollect(contact: ContactKey, before_id: int, limit: int) -> ContactHistory:
    """Return a contact's name, and up to `limit` messages before one in its conversation."""
    named = read_rows(Contact.select(Contact.name).where(is_contact(contact)))
    name = next((name for (name,) in named), None)
    return ContactHistory(name, _said_before(before_id, limit) if limit else ())


def _said_before(message_id: int, limit: int) -> tuple[PastMessage, ...]:
    conversation = Message.select(Message.conversation).where(Message.id == message_id)
    query = (
        Message.select(Message.role, Message.text, Message.created_at)
        .where(
            (Message.conversation == conversation)
            & (Message.id < message_id)
            & (Message.kind != REACTION)
            & Message.status.not_in(_NEVER_SAID)
        )
        .order_by(Message.id.desc())
        .limit(limit)
    )
    rows = [PastMessage(Role(role), text, at) for role, text, at in read_rows(query)]
    return tuple(reversed(rows))


_MADE = ("generated", "handed over")


def count_made_by(generator: str, since: datetime) -> Mapping[ContactKey, int]:
    """Count the replies of a generator since an instant, by contact, from the messages' journeys.

    Reads backwards from the newest step; done once per process start, over a day's steps.
    """
    older = (
        JourneyStep.select(JourneyStep.id)
        .where(JourneyStep.at < since)
        .order_by(JourneyStep.id.desc())
        .limit(1)
    )
    # A reply to several messages is in the journey of each, with the same timestamp.
    rows = read_rows(
        JourneyStep.select(Contact.account_id, Contact.psid, fn.COUNT(JourneyStep.at.distinct()))
        .join(Message)
        .join(Conversation)
        .join(Contact)
        .where(
            (JourneyStep.id > fn.COALESCE(older, 0))
            & (JourneyStep.at >= since)
            & (JourneyStep.stage == Stage.GENERATION)
            & JourneyStep.outcome.in_(_MADE)
            & JourneyStep.detail.startswith(f"{generator}: ")
        )
        .group_by(Contact.account_id, Contact.psid)
    )
    return {ContactKey(account_id, psid): count for account_id, psid, count in rows}
