from collections.abc import Callable
from datetime import datetime, timedelta

from moca.core.outbox.queued_reply import ReplyAddress
from tests.simulation.instagram.instagram import instant as at_second
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row, contact_of, instant
from tests.simulation.runtime.virtual_time import Clockwork
from tests.simulation.worlds.script import Edits, Script, Writes
from tests.simulation.worlds.settings import WorldSettings


class ReplyWindowWatch:
    """Watches that nothing goes once a contact's reply window is shut."""

    def __init__(
        self,
        script: Script,
        clockwork: Clockwork,
        ledger: Ledger,
        slack: timedelta,
        is_broken: Callable[[Invariant, str], None],
    ) -> None:
        self._settings: WorldSettings = script.settings
        self._wrote = [each for each in script.happenings if isinstance(each, Writes | Edits)]
        self._clockwork = clockwork
        self._ledger = ledger
        self._slack = slack
        self._is_broken = is_broken

    def judge_call(self, item: Row, way: ReplyAddress) -> None:
        opening = max(self._openings(item), default=None)
        settings = self._settings
        late = way.is_late and item["author"] != "bot" and item["kind"] != "reaction"
        is_long = late or item["comment_id"] is not None
        window = timedelta(seconds=settings.operator_window if is_long else settings.window)
        if opening is None or instant(item["sending_at"]) > opening + window + self._slack:
            self._is_broken(
                Invariant.SILENCE, f"item {item['id']} was claimed when the window was shut"
            )

    def _openings(self, item: Row) -> list[datetime]:
        """List from when on the contact may be written to; an edit may stand for a message."""
        if item["comment_id"] is not None:
            # A webhook does not tell when a comment was written.
            rows = self._ledger.messages("m.mid = ?", item["comment_id"])
            return [instant(row["created_at"]) for row in rows]
        contact = contact_of(item)
        wrote = (
            at_second(each.at)
            for each in self._wrote
            if each.contact == contact and not getattr(each, "is_comment", False)
        )
        return [at for at in wrote if at <= self._clockwork.true]
