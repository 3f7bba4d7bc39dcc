from collections import defaultdict
from collections.abc import Callable

from moca.core.types import Outcome
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row

_ENDS = tuple(f"message.{outcome}" for outcome in Outcome)
_ENDED = "stage IN ('outcome', 'deduplication') AND outcome <> 'passed' AND outcome <> 'taken up'"


class FeedWatch:
    """Reads the feed as it grows, as another program does, and judges it at the end."""

    def __init__(self, ledger: Ledger, is_broken: Callable[[Invariant, str], None]) -> None:
        self._ledger = ledger
        self._is_broken = is_broken
        self._read: list[Row] = []

    def read(self) -> None:
        """Read on after what was read last."""
        self._read += self._ledger.feed(self._read[-1]["id"] if self._read else 0)

    def judge_the_end(self) -> None:
        """Judge that the feed was read without a gap, and has each fact once and in order."""
        self.read()
        if self._read != self._ledger.feed(0):
            self._breaks("its reader and its table differ")
        of_messages: dict[int, list[str]] = defaultdict(list)
        for event in self._read:
            if event["message_id"] is not None:
                of_messages[event["message_id"]].append(event["kind"])
        for row in self._ledger.messages():
            self._judge(row, of_messages[row["id"]])
        self._judge_erasures()

    def _judge(self, row: Row, kinds: list[str]) -> None:
        own = self._ledger.steps("message_id = ?", row["id"])
        ends = [each for each in kinds if each in _ENDS]
        if row["role"] == "user":
            is_placeholder = any(step["detail"] == "before it arrived" for step in own)
            first = "message.unsent" if is_placeholder else "message.received"
            if kinds[:1] != [first] or kinds.count(first) != 1:
                self._breaks(f"{row['mid']} begins with {kinds}")
            steps = self._ledger.steps(f"message_id = ? AND {_ENDED}", row["id"])
            if ends != [f"message.{step['outcome']}" for step in steps]:
                self._breaks(f"{row['mid']} ended otherwise than {kinds}")
            return
        times = sum((step["stage"], step["outcome"]) == ("sending", "sent") for step in own)
        if row["author"] == "human":
            times = 1
        if kinds.count("message.sent") != times:
            self._breaks(f"message {row['id']} was sent {times} times, and the feed has {kinds}")

    def _judge_erasures(self) -> None:
        erased = sorted(each["contact_id"] for each in self._read if each["contact_id"] is not None)
        if erased != self._ledger.missing_contact_ids():
            self._breaks(f"contacts {erased} are erased by the feed")

    def _breaks(self, what: str) -> None:
        self._is_broken(Invariant.FEED, what)
