from collections.abc import Mapping
from datetime import datetime
from typing import Any

from peewee import fn

from moca.core.contact import ContactKey
from moca.core.vocabulary import Stage
from moca.storage.models import Contact, Conversation, JourneyStep, Message

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
