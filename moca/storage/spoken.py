from datetime import datetime, timedelta

from moca.storage.bulk import Update
from moca.storage.items import Item
from moca.storage.models import Conversation
from moca.storage.talks import latest

_SPOKEN = Update(
    Conversation,
    Conversation.last_bot_message_at,
    Conversation.last_activity_at,
    Conversation.cooldown_until,
)

_Instants = tuple[datetime | None, datetime, datetime | None]


class Spoken:
    """What replies that went out mean for their conversations; no instant ever moves back."""

    def __init__(self, cooldown: timedelta) -> None:
        self._cooldown = cooldown
        self._instants: dict[int, _Instants] = {}

    def surely(self, item: Item, at: datetime) -> None:
        """Note a reply that arrived."""
        bot_at, activity_at, until = self._of(item)
        self._instants[item.conversation_id] = (
            latest(bot_at, at),
            max(activity_at, at),
            latest(until, at + self._cooldown),
        )

    def perhaps(self, item: Item, at: datetime) -> None:
        """Note a reply that may have arrived."""
        bot_at, activity_at, until = self._of(item)
        cooled_at = latest(until, at + self._cooldown)
        self._instants[item.conversation_id] = bot_at, activity_at, cooled_at

    def write(self) -> None:
        """Write it all."""
        _SPOKEN.each(
            (*instants, conversation_id) for conversation_id, instants in self._instants.items()
        )

    def _of(self, item: Item) -> _Instants:
        stored = item.last_bot_message_at, item.last_activity_at, item.cooldown_until
        return self._instants.get(item.conversation_id, stored)
