from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial

from moca.core.messages.command import Done
from moca.core.messages.operator_actions import ApproveReply, EditReply, FreezeQueue, ReleaseQueue
from tests.simulation.instagram.texts import said_in
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Row, instant
from tests.simulation.runtime.virtual_time import Clockwork

_READING_TAKES = timedelta(seconds=9)
_STEPS_TO_A_CALL = 60
"""That actors may take from hearing of a freeze until nothing is called any more, at most."""


class QueueControl:
    """Watches that the queue obeys: nothing goes while it is frozen, and what was edited as it is.

    Only what Moca said it did is held against it: a command may die with the process.
    """

    def __init__(
        self,
        clockwork: Clockwork,
        slack: timedelta,
        step_cost: float,
        is_broken: Callable[[Invariant, str], None],
    ) -> None:
        self._clockwork = clockwork
        self._slack = slack
        self._is_broken = is_broken
        self._way = timedelta(milliseconds=10, seconds=_STEPS_TO_A_CALL * step_cost)
        self.notice = timedelta()
        """How long the sender may be unaware of a freeze: in a cluster, of one on another node."""
        self._releases = 0
        self._frozen_at: tuple[datetime, datetime] | None = None
        """True time, and what the machine's clock showed."""
        self._edited: set[int] = set()
        self._texts: dict[int, list[str]] = defaultdict(list)
        """What items may say: as was last edited, or asked for since."""

    def asked(self, command: object) -> None:
        """Take note of what the operator asks for."""
        match command:
            case FreezeQueue(receipt=Future() as receipt):
                receipt.add_done_callback(partial(self._froze, self._releases))
            case ReleaseQueue():
                self._releases += 1
                self._frozen_at = None
            case EditReply(item_id=item_id, text=text, receipt=Future() as receipt):
                self._expect(item_id, text, receipt)
            case ApproveReply(texts=texts, receipt=Future() as receipt):
                for item_id, text in texts.items():
                    self._expect(item_id, text, receipt)

    def judge_call(self, item: Row) -> None:
        """Judge whether an item may go at all, and goes as it was edited."""
        if self.is_edited(item) and said_in(item) not in self._texts[item["id"]]:
            self._is_broken(
                Invariant.EDITED_REPLY, f"item {item['id']} goes as it read before it was edited"
            )
        if self._frozen_at is None:
            return
        true, shown = self._frozen_at
        is_late = instant(item["sending_at"]) > shown + self._slack + self.notice
        # What was given to its courier before may be on its way still, or look into the record.
        way = self._way + (_READING_TAKES if item["attempts"] > 1 else timedelta())
        if is_late or self._clockwork.true > true + way + self.notice:
            self._is_broken(
                Invariant.FROZEN_QUEUE, f"item {item['id']} goes while the queue is frozen"
            )

    def is_edited(self, item: Row) -> bool:
        """Return whether an operator edited the item's text."""
        return item["id"] in self._edited

    def _froze(self, releases: int, receipt: Future[object]) -> None:
        if _is_done(receipt) and releases == self._releases:
            self._frozen_at = self._frozen_at or (self._clockwork.true, self._clockwork.now())

    def _expect(self, item_id: int, text: str, receipt: Future[object]) -> None:
        self._texts[item_id].append(text)
        receipt.add_done_callback(partial(self._edits, item_id, text))

    def _edits(self, item_id: int, text: str, receipt: Future[object]) -> None:
        if _is_done(receipt):
            texts = self._texts[item_id]
            if text in texts:
                del texts[: texts.index(text)]
            else:
                # Written after an edit that was asked for later, on another node.
                texts.append(text)
            self._edited.add(item_id)


def _is_done(receipt: Future[object]) -> bool:
    return receipt.exception() is None and receipt.result() == Done()
