import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from moca.core.inbound.events import Deletion, Edit
from moca.core.types import ContactKey
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row, instant
from tests.simulation.runtime.generator import Generator, Making
from tests.simulation.runtime.virtual_time import Clockwork

_A_WHILE = timedelta(seconds=2)
_MAX_ATTEMPTS = 3


class Revisions:
    """Watches that what was unsent is gone, and that what was edited is answered as edited."""

    def __init__(
        self, clockwork: Clockwork, ledger: Ledger, is_broken: Callable[[Invariant, str], None]
    ) -> None:
        self._clockwork = clockwork
        self._ledger = ledger
        self._is_broken = is_broken
        self._unsent_at: dict[str, datetime] = {}
        """When Moca said that it knows, by its own clock."""
        self._edits: dict[str, list[tuple[datetime, int, str]]] = defaultdict(list)
        self._revised_by: dict[ContactKey | None, set[str]] = defaultdict(set)

    @property
    def mids(self) -> set[str]:
        """Messages that do not say what they first said."""
        return {*self._unsent_at, *self._edits}

    def acknowledged_unsent(self, deletion: Deletion) -> None:
        """Hold Moca to it that nothing is left of a message."""
        self._unsent_at.setdefault(deletion.mid, self._clockwork.now())
        self._revised_by[deletion.contact].add(deletion.mid)
        self._judge_row(deletion.mid)

    def acknowledged_edit(self, edit: Edit) -> None:
        """Hold Moca to it that a message says something else."""
        if edit.number:
            self._edits[edit.mid].append((self._clockwork.true, edit.number, edit.text))
            self._revised_by[edit.contact].add(edit.mid)

    def contact_erased(self, contact: ContactKey) -> None:
        """Forget what a contact revised: a message that Meta repeats is new."""
        for mid in self._revised_by.pop(contact, ()):
            self._unsent_at.pop(mid, None)
            self._edits.pop(mid, None)

    def judge_call(self, item: Row, slack: timedelta) -> None:
        """Judge a call by what its reply answers."""
        inputs = self._ledger.messages("m.reply_id = ?", item["message_id"])
        if not inputs or any(row["mid"] not in self._unsent_at for row in inputs):
            return
        known_at = max(self._unsent_at[row["mid"]] for row in inputs)
        if instant(item["sending_at"]) > known_at + slack:
            self._is_broken(Invariant.UNSENT_IS_GONE, f"item {item['id']} answers what was unsent")

    def judge_answer(self, making: Making, generator: Generator) -> None:
        """Judge a reply that arrived by what it was asked with."""
        asked = generator.asked[making.number - 1]
        first = making.mids[0]
        attempts = Counter(mid for each in generator.asked for mid in list(each.texts)[:1])[first]
        if attempts >= _MAX_ATTEMPTS:
            return
        for mid in making.mids:
            known = [each for each in self._edits.get(mid, ()) if each[0] < asked.at - _A_WHILE]
            if known and mid not in self._unsent_at:
                number = max(each[1] for each in known)
                # An edit of the last moment may have been in time too.
                texts = {text for _, each, text in self._edits[mid] if each >= number}
                if asked.texts[mid] not in texts:
                    self._is_broken(
                        Invariant.EDIT_IS_ANSWERED, f"{mid} was answered without its edit {number}"
                    )

    def judge_the_end(self) -> None:
        """Judge what is left of what was unsent."""
        for mid in sorted(self._unsent_at):
            self._judge_row(mid)
        for body in self._ledger.bodies():
            for item in _items(json.loads(body or b"null")):
                if item.get("mid") in self._unsent_at and {"text", "attachments"} & item.keys():
                    self._is_broken(
                        Invariant.UNSENT_IS_GONE, f"a webhook still tells {item['mid']}"
                    )
        for mid, detail in self._ledger.edits():
            if mid in self._unsent_at and json.loads(detail).get("text"):
                self._is_broken(Invariant.UNSENT_IS_GONE, f"an edit still tells {mid}")

    def _judge_row(self, mid: str) -> None:
        for row in self._ledger.messages("m.mid = ? AND m.kind = 'message'", mid):
            if row["role"] == "user" and (row["text"] or row["content"]):
                self._is_broken(Invariant.UNSENT_IS_GONE, f"{mid} was unsent and is still on disk")


def _items(value: Any) -> Iterator[dict[str, Any]]:
    """Find every part of a webhook that names a message."""
    if isinstance(value, list):
        for each in value:
            yield from _items(each)
    elif isinstance(value, dict):
        if "mid" in value and "action" not in value:
            yield value
        for each in value.values():
            yield from _items(each)
