from datetime import datetime
from typing import Any

from moca.storage.models import Conversation


def leave_to_person(conversation_id: int, until: datetime) -> None:
    """Note until when a person has the word; that it was given back at this instant, likewise."""
    noted: Any = Conversation.update(person_until=until)
    noted.where(Conversation.id == conversation_id).execute()


def hear_person(conversation_id: int, at: datetime) -> None:
    """Note that a person wrote to the contact."""
    known = Conversation.person_until
    noted: Any = Conversation.update(person_until=at)
    noted.where((Conversation.id == conversation_id) & (known.is_null() | (known < at))).execute()
