import json
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable
from concurrent.futures import Future

from moca.core.messages.command import Command
from moca.core.messages.subscribers import ReplayFeed, RetryFeedDelivery
from moca.core.subscribers import MAX_DELIVERY_ATTEMPTS
from moca.subscriber_client import SubscriberAnswer
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row
from tests.simulation.runtime.subscribers import took


class SubscriberWatch:
    """Judges that subscribers get what they chose: in order, all of it, and once unless excused.

    An event may come again where its answer, or the record of it, may have been lost.

    Args:
        ledger: What is stored.
        is_broken: Takes what did not hold.
        losses: Returns what differs once anything was lost; None while it may be at any time.
    """

    def __init__(
        self,
        ledger: Ledger,
        is_broken: Callable[[Invariant, str], None],
        losses: Callable[[], Hashable | None],
    ) -> None:
        self._ledger = ledger
        self._is_broken = is_broken
        self._losses = losses
        self._taken: dict[str, dict[int, Hashable | None]] = defaultdict(dict)
        """What each has, and what had been lost as Moca heard of it; None if it did not hear."""
        self._given_up: dict[str, set[int]] = defaultdict(set)
        """What was refused at its last attempt: it is set aside as soon as that is written."""
        self._replayed: set[str] = set()
        self._redelivered: set[int] = set()

    def asked(self, name: str, event_id: int, body: bytes, answer: SubscriberAnswer) -> None:
        """Judge an attempt to deliver, at the subscriber."""
        row, taken = self._row(name), self._taken[name]
        wanted = self._wanted(row)
        done = taken.keys() | self._set_aside(row) | self._given_up[name]
        if event_id not in wanted:
            self._breaks(f"{name} gets event {event_id}, which it did not choose")
        missed = [each for each in wanted if each < event_id and each not in done]
        if missed:
            self._breaks(f"{name} gets event {event_id} before {missed}")
        self._judge_body(row, event_id, body)
        losses = self._losses()
        known = taken.get(event_id)
        if known is not None and known == losses and name not in self._replayed:
            self._breaks(f"{name} gets event {event_id} again, and nothing was lost")
        if event_id in taken:
            # What had arrived after it was recorded from where the subscriber does not stand.
            taken.update(dict.fromkeys((each for each in taken if each > event_id), None))
        if answer.fault and row["attempts"] >= MAX_DELIVERY_ATTEMPTS - 1:
            self._given_up[name].add(event_id)
        if took(answer):
            taken[event_id] = losses if not answer.fault else None

    def command(self, action: str) -> Command | None:
        """Return the command for what an operator does about deliveries; None if it fits none."""
        if action == "redeliver":
            failed = self._ledger.deliveries("status = 'failed'")
            self._redelivered.update(row["id"] for row in failed[:1])
            return RetryFeedDelivery(failed[0]["id"], receipt=Future()) if failed else None
        for row in self._ledger.subscribers():
            if taken := sorted(self._taken[row["name"]]):
                self._replayed.add(row["name"])
                return ReplayFeed(row["id"], taken[len(taken) // 2], receipt=Future())
        return None

    @property
    def is_behind(self) -> bool:
        """Whether a subscriber has still to get anything."""
        return bool(self._ledger.deliveries("status = 'queued'")) or any(
            row["cursor"] < max(self._wanted(row), default=0) for row in self._ledger.subscribers()
        )

    def judge_the_end(self) -> None:
        """Judge that nothing was left out, and that only what was refused often was set aside."""
        for row in self._ledger.subscribers():
            done = self._taken[row["name"]].keys() | self._set_aside(row)
            if missed := [each for each in self._wanted(row) if each not in done]:
                self._breaks(f"{row['name']} never gets {missed}")
        for delivery in self._ledger.deliveries("status = 'failed'"):
            # Once it is delivered again by hand, its attempts are counted anew.
            is_recounted = delivery["id"] in self._redelivered
            if delivery["attempts"] < MAX_DELIVERY_ATTEMPTS and not is_recounted:
                self._breaks(f"event {delivery['event_id']} is set aside at once")

    def _judge_body(self, row: Row, event_id: int, body: bytes) -> None:
        event = json.loads(body)
        if int(event["id"]) != event_id:
            self._breaks(f"{row['name']} gets event {event['id']} as {event_id}")
        message = event["data"]["message"]
        if message and message["text"] and not row["has_texts"]:
            self._breaks(f"{row['name']} gets the text of event {event_id}")

    def _row(self, name: str) -> Row:
        return next(row for row in self._ledger.subscribers() if row["name"] == name)

    def _wanted(self, row: Row) -> list[int]:
        kinds = row["kinds"].split()
        return [each["id"] for each in self._ledger.feed(0) if not kinds or each["kind"] in kinds]

    def _set_aside(self, row: Row) -> Collection[int]:
        where = "subscriber_id = ? AND status <> 'delivered'"
        return {each["event_id"] for each in self._ledger.deliveries(where, row["id"])}

    def _breaks(self, what: str) -> None:
        self._is_broken(Invariant.SUBSCRIBED, what)
