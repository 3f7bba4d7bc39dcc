from collections.abc import Callable
from datetime import datetime, timedelta

from moca.core.outbox.queued_reply import Way
from tests.simulation.clockwork import Clockwork
from tests.simulation.figures import Figures
from tests.simulation.instagram import instant as at_second
from tests.simulation.ledger import Ledger, Row, contact_of, instant
from tests.simulation.script import Edits, Script, Writes


class Windows:
    """Watches that nothing goes once a contact's reply window is shut."""

    def __init__(
        self,
        script: Script,
        clockwork: Clockwork,
        ledger: Ledger,
        slack: timedelta,
        is_broken: Callable[[int, str], None],
    ) -> None:
        self._figures: Figures = script.figures
        self._wrote = [each for each in script.happenings if isinstance(each, Writes | Edits)]
        self._clockwork = clockwork
        self._ledger = ledger
        self._slack = slack
        self._is_broken = is_broken

    def judge_call(self, item: Row, way: Way) -> None:
        opening = max(self._openings(item), default=None)
        figures = self._figures
        late = way.is_late and item["author"] != "bot" and item["kind"] != "reaction"
        is_long = late or item["comment_id"] is not None
        window = timedelta(seconds=figures.window_for_people if is_long else figures.window)
        if opening is None or instant(item["sending_at"]) > opening + window + self._slack:
            self._is_broken(7, f"item {item['id']} was claimed when the window was shut")

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
