from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peewee import fn

from moca.core.types import ContactKey, MessageStatus, Role, Stage
from moca.storage.content_codec import REACTION
from moca.storage.db.tables import Contact, Conversation, JourneyStep, Message, is_contact

_NEVER_SAID = (MessageStatus.FAILED.value, MessageStatus.CANCELLED.value)


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the talk, on either side."""

    role: Role
    text: str = field(repr=False)
    """Empty where it was not text, or was unsent."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Recollection:
    """What is known of a contact and of the talk so far."""

    name: str | None = field(default=None, repr=False)
    said: tuple[Said, ...] = ()
    """Oldest first."""


def recollect(contact: ContactKey, before_id: int, limit: int) -> Recollection:
    """Read a contact's name, and the last so many messages before one in its conversation."""
    named: Any = Contact.select(Contact.name).where(is_contact(contact)).tuples()
    name = next((name for (name,) in named), None)
    return Recollection(name, _said_before(before_id, limit) if limit else ())


def _said_before(message_id: int, limit: int) -> tuple[Said, ...]:
    conversation: Any = Message.select(Message.conversation).where(Message.id == message_id)
    query: Any = (
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
    rows = [Said(Role(role), text, at) for role, text, at in query.tuples()]
    return tuple(reversed(rows))


_MADE = ("generated", "handed over")


def count_made_by(generator: str, since: datetime) -> Mapping[ContactKey, int]:
    """Count for each contact what a generator has made since an instant, by what journeys tell.

    Reads back from the newest step; one start of a process costs one day's steps.
    """
    older: Any = (
        JourneyStep.select(JourneyStep.id)
        .where(JourneyStep.at < since)
        .order_by(JourneyStep.id.desc())
        .limit(1)
    )
    # One reply to several messages is told in the journey of each, at one instant.
    rows: Any = (
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
        .tuples()
    )
    return {ContactKey(account_id, psid): count for account_id, psid, count in rows}
