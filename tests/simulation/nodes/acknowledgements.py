from collections.abc import Callable

from moca.core.inbound.events import Echo, Event, InboundMessage, OtherEvent
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger
from tests.simulation.oracle.oracle import Oracle


class Acknowledgements:
    """What Meta heard 200 for: the broker has it, and it is owed until it is on disk."""

    def __init__(self, oracle: Oracle, ledger: Ledger) -> None:
        self._hold_to_it: Callable[[Event], None] = oracle.acknowledged
        self._is_broken = oracle.is_broken
        self._ledger = ledger
        self._owed: list[Event] = []

    def acknowledged(self, event: Event) -> None:
        """Take note of an event; the oracle hears of it once it is stored."""
        self._owed.append(event)
        self.look()

    def look(self) -> None:
        """See what has been stored since."""
        owed, self._owed = self._owed, []
        for event in owed:
            if self._is_stored(event):
                self._hold_to_it(event)
            else:
                self._owed.append(event)

    def judge(self) -> None:
        """Judge, once the broker holds no webhook, that nothing that was acknowledged was lost."""
        for event in self._owed:
            name = getattr(event, "mid", type(event).__name__)
            what = f"{name} was acknowledged and never stored"
            self._is_broken(Invariant.ACKNOWLEDGED_IS_STORED, what)

    def _is_stored(self, event: Event) -> bool:
        match event:
            case Echo() if event.mid.startswith("ig"):
                return True
            case Echo():
                return bool(self._ledger.messages("m.mid = ?", event.mid))
            case InboundMessage():
                where = "m.mid = ? AND m.kind = ?"
                return bool(self._ledger.messages(where, event.mid, event.kind))
        key = event.key if isinstance(event, OtherEvent) else event.event.key
        return self._ledger.count("SELECT COUNT(*) FROM event WHERE key = ?", key) > 0
