from datetime import datetime
from typing import Any

from moca.storage.models import Conversation


def cool_down(conversation_id: int, until: datetime) -> None:
    """Let no flush of a conversation come before an instant."""
    is_sooner = Conversation.cooldown_until.is_null() | (Conversation.cooldown_until < until)
    cooled: Any = Conversation.update(cooldown_until=until)
    cooled.where((Conversation.id == conversation_id) & is_sooner).execute()
