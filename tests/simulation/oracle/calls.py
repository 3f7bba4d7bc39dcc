from collections.abc import Callable
from datetime import datetime, timedelta

from moca.core.messages.delivery import DeliveryEnded, ReplyFailed, ReplyUnknown
from moca.core.outbox.delivery import Unconfirmed
from moca.core.types import ContactKey
from tests.simulation.instagram.instagram import Shown, SimulatedInstagram
from tests.simulation.instagram.texts import said_in
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row, contact_of, instant
from tests.simulation.runtime.virtual_time import Clockwork

_READ_BEFORE = timedelta(seconds=9)
"""A copy that the record has shown for so long was shown to the last reading before the call."""


class Calls:
    """Watches that each call is due, claimed for itself, and repeats nothing that can be seen."""

    def __init__(
        self,
        clockwork: Clockwork,
        ledger: Ledger,
        instagram: SimulatedInstagram,
        is_broken: Callable[[Invariant, str], None],
        same_texts: bool,
    ) -> None:
        self._clockwork = clockwork
        self._ledger = ledger
        self._instagram = instagram
        self._is_broken = is_broken
        self._same_texts = same_texts
        self._unknown_since: dict[int, datetime] = {}
        self._called: set[tuple[int, int]] = set()
        """Items and the instants of their claims."""
        self._erased_at: dict[ContactKey, datetime] = {}
        self._found_sending: set[tuple[int, int]] = set()
        """The claims that an earlier run of the process left."""
        self.unseen: dict[tuple[ContactKey, str], int] = {}
        """Copies by contact and text that no record showed in time; each costs one more copy."""
        self.given_up: set[tuple[ContactKey, str]] = set()
        """What failed for Moca although it had arrived, since no record showed it in time."""

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

    def observe(self, event: object) -> None:
        """Note from when on it is to be found out what came of an item's call."""
        match event:
            case ReplyUnknown() | DeliveryEnded(result=Unconfirmed()):
                self._unknown_since.setdefault(event.item_id, self._clockwork.true)
            case DeliveryEnded():
                # A sender that was made again hears after all how its call ended.
                self._unknown_since.pop(event.item_id, None)
            case ReplyFailed():
                self._note_given_up(event.item_id)

    def contact_erased(self, contact: ContactKey) -> None:
        """Forget what a contact was sent: a message that Meta repeats is new, and so its reply."""
        self._erased_at[contact] = self._clockwork.true

    def judge_readings(self, item: Row, settle: timedelta) -> None:
        """Judge that a call of unknown outcome is repeated only after two readings."""
        since = self._unknown_since.pop(item["id"], None)
        if since is not None and self._clockwork.true < since + 2 * settle:
            after = self._clockwork.true - since
            self._is_broken(
                Invariant.TWO_READINGS, f"item {item['id']} is sent again {after} after"
            )

    def started(self) -> None:
        """Note what an earlier run left, which this one cannot know to be uncalled."""
        self._found_sending = self._sending()

    def stopped_in_order(self) -> None:
        """Judge what an orderly stop leaves behind."""
        for item_id, _ in self._sending() - self._called - self._found_sending:
            what = f"item {item_id} is `sending` and was not called"
            self._is_broken(Invariant.ORDERLY_STOP, what)

    def _sending(self) -> set[tuple[int, int]]:
        items = self._ledger.items("q.status = 'sending'")
        return {(item["id"], item["sending_at"]) for item in items}

    def _judge_schedule(self, item: Row) -> None:
        due, claimed_at = instant(item["scheduled_for"]), instant(item["sending_at"])
        is_scheduled = item["author"] != "bot" and item["attempts"] == 1
        # What was due before the clock was set back is in the sender's hand.
        if is_scheduled and max(claimed_at, self._clockwork.latest) < due:
            early = due - claimed_at
            self._is_broken(Invariant.NEVER_EARLY, f"item {item['id']} goes {early} early")

    def _judge_copies(self, item: Row) -> None:
        """Judge by the copies of earlier calls that Moca does not know of yet."""
        contact, said = contact_of(item), said_in(item)
        unknown = [each for each in self._copies(contact, said) if not self._is_known(each)]
        shown_since = self._clockwork.true - _READ_BEFORE
        for each in unknown:
            # One that newer messages have pushed out of the record is no proof of anything either.
            if each.recorded_at <= shown_since:
                what = f"item {item['id']} is sent again although {each.mid} was recorded"
                self._is_broken(Invariant.NO_CALL_OVER_A_COPY, what)
        on_the_way = [each for each in self._instagram.on_the_way if each.said == said]
        late = len(unknown) + len(on_the_way)
        if late:
            self.unseen[contact, said] = max(late, self.unseen.get((contact, said), 0))

    def _note_given_up(self, item_id: int) -> None:
        for item in self._ledger.items("q.id = ?", item_id):
            contact, said = contact_of(item), said_in(item)
            shown_since = self._clockwork.true - _READ_BEFORE
            copies = self._copies(contact, said)
            late = sum(each.recorded_at > shown_since for each in copies)
            late += sum(each.said == said for each in self._instagram.on_the_way)
            if late:
                self.given_up.add((contact, said))
                self.unseen[contact, said] = max(late, self.unseen.get((contact, said), 0))

    def _copies(self, contact: ContactKey, said: str) -> list[Shown]:
        erased_at = self._erased_at.get(contact)
        return [
            each
            for each in self._instagram.threads[contact]
            if _is_copy(each, said) and (erased_at is None or each.at > erased_at)
        ]

    def _is_known(self, copy: Shown) -> bool:
        return self._ledger.count("SELECT COUNT(*) FROM message WHERE mid = ?", copy.mid) > 0


def _is_copy(shown: Shown, said: str) -> bool:
    return shown.by_moca and shown.said == said and bool(shown.message.text)
