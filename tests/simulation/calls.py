from collections.abc import Callable
from datetime import datetime, timedelta

from moca.core.types import ContactKey
from tests.simulation.clockwork import Clockwork
from tests.simulation.instagram import Instagram, Shown
from tests.simulation.invariants import Invariant
from tests.simulation.ledger import Ledger, Row, contact_of, instant
from tests.simulation.sayings import said_in

_LEAD = timedelta(milliseconds=100)
"""How long before its turn a reply may be claimed."""
_READ_BEFORE = timedelta(seconds=9)
"""A copy that the record has shown for so long was shown to the last reading before the call."""


class Calls:
    """Watches that each call is due, claimed for itself, and repeats nothing that can be seen."""

    def __init__(
        self,
        clockwork: Clockwork,
        ledger: Ledger,
        instagram: Instagram,
        is_broken: Callable[[int, str], None],
        same_texts: bool,
    ) -> None:
        self._clockwork = clockwork
        self._ledger = ledger
        self._instagram = instagram
        self._is_broken = is_broken
        self._same_texts = same_texts
        self._called: set[tuple[int, int]] = set()
        """Items and the instants of their claims."""
        self.unseen: dict[tuple[ContactKey, str], int] = {}
        """Copies by contact and text that no record showed in time; each costs one more copy."""

    def judge(self, item: Row) -> None:
        """Judge a call of an item as it stands on disk."""
        claim = item["id"], item["sending_at"]
        if claim in self._called:
            what = f"item {item['id']} is called twice on one claim"
            self._is_broken(Invariant.ONE_CALL_A_CLAIM, what)
        self._called.add(claim)
        self._judge_schedule(item)
        if not self._same_texts:
            self._judge_copies(item)

    def stopped_in_order(self) -> None:
        """Judge what an orderly stop leaves behind."""
        for item in self._ledger.items("q.status = 'sending'"):
            if (item["id"], item["sending_at"]) not in self._called:
                what = f"item {item['id']} is `sending` and was not called"
                self._is_broken(Invariant.ORDERLY_STOP, what)

    def _judge_schedule(self, item: Row) -> None:
        due, claimed_at = instant(item["scheduled_for"]), instant(item["sending_at"])
        is_scheduled = item["author"] != "bot" and item["attempts"] == 1
        if is_scheduled and claimed_at + _LEAD < due:
            early = due - claimed_at
            self._is_broken(Invariant.NEVER_EARLY, f"item {item['id']} goes {early} early")

    def _judge_copies(self, item: Row) -> None:
        """Judge by the copies of earlier calls that Moca does not know of yet."""
        contact, said = contact_of(item), said_in(item)
        copies = [each for each in self._instagram.threads[contact] if _is_copy(each, said)]
        unknown = [each for each in copies if not self._is_known(each)]
        shown_since = self._clockwork.true - _READ_BEFORE
        for each in unknown:
            if self._is_shown_since(contact, each, shown_since):
                what = f"item {item['id']} is sent again although the record shows {each.mid}"
                self._is_broken(Invariant.NO_CALL_OVER_A_COPY, what)
        on_the_way = [each for each in self._instagram.on_the_way if each.said == said]
        late = len(unknown) + len(on_the_way)
        if late:
            self.unseen[contact, said] = max(late, self.unseen.get((contact, said), 0))

    def _is_known(self, copy: Shown) -> bool:
        return self._ledger.count("SELECT COUNT(*) FROM message WHERE mid = ?", copy.mid) > 0

    def _is_shown_since(self, contact: ContactKey, copy: Shown, since: datetime) -> bool:
        """Tell whether the record showed it then and since: only the newest are shown."""
        newest = self._instagram.newest_in_record(contact)
        return copy.recorded_at <= since and any(each is copy for each in newest)


def _is_copy(shown: Shown, said: str) -> bool:
    return shown.by_moca and shown.said == said and bool(shown.message.text)
