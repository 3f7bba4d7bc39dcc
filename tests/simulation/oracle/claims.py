from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from moca.core.types import ContactKey
from tests.simulation.oracle.ledger import Ledger, Row, contact_of, instant
from tests.simulation.worlds.settings import WorldSettings


class Claims:
    """Remembers what stood on disk of an item when it was claimed: by that it was judged.

    What silences the bot takes the mark off last words, also off what was rightly claimed before;
    and an opt-out that came before a claim may have been written after it.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._claimed: dict[tuple[int, int], Row] = {}
        """By item and the instant of its claim."""
        self._last_words: dict[int, Row] = {}
        """As they were queued, by item."""
        self._silenced_at: dict[int, datetime] = {}
        """By conversation, since its latest last words were queued."""

    def note_queued(self, item_id: int) -> None:
        """Note what is marked as last words: what silences the bot may come before its claim."""
        for item in self._ledger.items("q.id = ? AND q.parting IS NOT NULL", item_id):
            self._last_words[item_id] = item
            self._silenced_at.pop(item["conversation_id"], None)

    def note_silence(self, conversation_id: int, at: datetime) -> None:
        """Note when something silenced the bot."""
        self._silenced_at.setdefault(conversation_id, at)

    def note(self, item_id: int) -> None:
        """Take note of an item; a claim that is told again is no other claim."""
        for item in self._ledger.items("q.id = ?", item_id):
            silenced_at = self._silenced_at.get(item["conversation_id"])
            parting = item["parting"]
            if silenced_at is None or instant(item["sending_at"]) <= silenced_at:
                parting = self._last_words.get(item_id, item)["parting"]
            claim = item | {"parting": parting}
            self._claimed.setdefault((item_id, item["sending_at"]), claim)

    def of(self, item: Row) -> Row:
        """Return an item as it was when claimed, or as it is now if the claim was not reported."""
        return self._claimed.get((item["id"], item["sending_at"]), item)


class Channels:
    """The channels in which a reply may be claimed, as far as memory, pace and couriers go."""

    def __init__(self, settings: WorldSettings, ledger: Ledger, simulation: Any) -> None:
        self._settings = settings
        self._ledger = ledger
        self._simulation = simulation

    def claimable(self, items: list[Row], free: set[ContactKey]) -> set[str]:
        """Return the channels that have a reply in memory whose contact is free.

        Args:
            items: The unsettled queue items.
            free: Contacts that are not resting and have no reply under way.
        """
        calls = self._simulation.oracle.pace.under_way
        # Some couriers may still read a token.
        busy = max(len(calls), sum(row["status"] == "sending" for row in items))
        if busy >= self._settings.couriers or self._is_taken_by_claims(items, calls):
            return set()
        channels = self._ledger.count("SELECT COUNT(DISTINCT channel) FROM queue_item")
        share = max(1, self._settings.capacity // max(1, channels))
        loaded: dict[str, list[ContactKey]] = {}
        for item in sorted(items, key=lambda row: (row["priority"], row["id"])):
            if item["status"] == "pending":
                loaded.setdefault(item["channel"], []).append(contact_of(item))
        return {
            channel
            for channel, waiting in loaded.items()
            if len(waiting) <= share or not free.isdisjoint(waiting[:share])
        }

    def _is_taken_by_claims(self, items: list[Row], calls: Collection[ContactKey]) -> bool:
        """Return whether claimed replies whose calls may begin soon take what is left of the pace.

        A call begins once its token is read, and a resend once the record is.
        """
        settings, pace = self._settings, self._simulation.oracle.pace
        claimed = sum(
            each["status"] == "sending" and contact_of(each) not in calls for each in items
        )
        if not claimed:
            return False
        second_ago = pace.now[0] - timedelta(seconds=1)
        started = sum(at[0] > second_ago for at, _ in pace.starts[-settings.per_second :])
        couriers_left = settings.couriers - len(calls)
        found: bool = claimed >= min(
            settings.per_second - started, settings.account_per_second, couriers_left
        )
        return found
