from concurrent.futures import Future
from datetime import datetime, timedelta

from moca.core.inbound.events import Edit, Event, InboundMessage
from moca.core.messages.command import Done
from moca.core.types import ContactKey
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger
from tests.simulation.oracle.oracle import Oracle
from tests.simulation.runtime.virtual_time import Clockwork

_STEPS_TO_A_CALL = 60
"""That actors may take from an erasure until nothing is called any more, at most."""


class Erasures:
    """Watches that nothing of an erased contact is sent or stored, unless they write again."""

    def __init__(
        self, clockwork: Clockwork, ledger: Ledger, step_cost: float, oracle: Oracle
    ) -> None:
        self._clockwork = clockwork
        self._ledger = ledger
        self._oracle = oracle
        self._way = timedelta(milliseconds=10, seconds=_STEPS_TO_A_CALL * step_cost)
        self.asked: set[ContactKey] = set()
        """Whose erasure was asked for, whatever became of the request."""
        self._erased_at: dict[ContactKey, datetime] = {}
        self._stored: dict[str, ContactKey] = {}
        """Acknowledged messages that are not erased yet, by id."""
        self._gone: set[str] = set()

    def request(self, contact: ContactKey, receipt: Future[object]) -> None:
        """Watch what becomes of a request."""
        self.asked.add(contact)
        self._oracle.contact_erased(contact)
        stored = {mid for mid, writer in self._stored.items() if writer == contact}
        receipt.add_done_callback(lambda done: self._answered(contact, stored, done))

    def acknowledged(self, event: Event) -> None:
        """Note what is stored: what Meta tells again after an erasure is stored again."""
        if isinstance(event, InboundMessage | Edit) and event.contact is not None:
            self._stored[event.mid] = event.contact
            self._gone.discard(event.mid)

    def judge_call(self, contact: ContactKey) -> bool:
        """Judge a call; return whether nothing of its contact is stored."""
        if contact not in self.asked or self._ledger.conversation(contact) is not None:
            return False
        erased_at = self._erased_at.get(contact)
        if erased_at is not None and self._clockwork.true > erased_at + self._way:
            self._oracle.is_broken(
                Invariant.ERASED_IS_GONE, f"{contact.psid} is called after erasure"
            )
        return True

    def judge_the_end(self) -> None:
        """Judge what is left anywhere in the database."""
        dump = self._ledger.dump() if self._gone else ""
        for mid in sorted(self._gone):
            if f"private {mid}." in dump:
                self._oracle.is_broken(
                    Invariant.ERASED_IS_GONE, f"the text of {mid} is still stored"
                )

    def _answered(self, contact: ContactKey, stored: set[str], receipt: Future[object]) -> None:
        if receipt.exception() is None and isinstance(receipt.result(), Done):
            self._erased_at[contact] = self._clockwork.true
            self._oracle.contact_erased(contact)
            self._gone |= stored
