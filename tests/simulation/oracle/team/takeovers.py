from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from moca.core.messages.command import Done, Receipt
from moca.core.messages.operators import AuditedCommand
from moca.core.messages.replies import QueueReply
from moca.core.types import ContactKey
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row, contact_of, instant
from tests.simulation.runtime.virtual_time import Clockwork


class Takeovers:
    """Watches that an operator's answer goes once, however often it is posted, and holds the bot.

    Only what Moca said it did is held against it: a command may die with the process.
    """

    def __init__(
        self,
        clockwork: Clockwork,
        ledger: Ledger,
        takeover: timedelta,
        slack: timedelta,
        is_broken: Callable[[Invariant, str], None],
    ) -> None:
        self._clockwork = clockwork
        self._ledger = ledger
        self._takeover = takeover
        self._slack = slack
        self._is_broken = is_broken
        self._answered: dict[str, set[int | None]] = defaultdict(set)
        """The messages that were named as the one with a text."""
        self._asked: dict[str, datetime] = {}
        """When each text was first posted."""
        self._held: dict[int, tuple[datetime, datetime]] = {}
        """Since when and until when each conversation is held, by the machine's clock."""
        self.freed: set[ContactKey] = set()
        """Contacts about whose conversation it was decided anew."""

    def asked(self, command: object) -> None:
        """Take note of an answer that is posted."""
        match command:
            case AuditedCommand(QueueReply() as reply, receipt=Future() as receipt):
                self._asked.setdefault(reply.content.text, command.at)
                receipt.add_done_callback(partial(self._took_over, command))

    def again(self, deed: AuditedCommand) -> AuditedCommand:
        """Make the same request anew, as a client does that heard nothing of the first."""
        now = self._clockwork.now()
        assert isinstance(deed.command, QueueReply)
        return replace(deed, command=replace(deed.command, at=now, receipt=Future()), at=now)

    def judge_call(self, item: Row) -> None:
        """Judge whether the bot may speak."""
        held = self._held.get(item["conversation_id"])
        if held is None or item["author"] != "bot" or contact_of(item) in self.freed:
            return
        since, until = held
        if since + self._slack < instant(item["sending_at"]) < until - self._slack:
            self._is_broken(
                Invariant.SILENCE, f"item {item['id']} goes though an operator has taken over"
            )

    def judge_the_end(self) -> None:
        """Judge that each answer was written once."""
        for text in sorted(self._asked):
            rows = self._ledger.messages("m.author = 'operator' AND m.text = ?", text)
            if len(rows) > 1 or len(self._answered[text]) > 1:
                self._is_broken(
                    Invariant.NOTHING_TWICE,
                    f"{text!r} was posted with one key and written {len(rows)} times",
                )

    def _took_over(self, deed: AuditedCommand, receipt: Receipt) -> None:
        if receipt.exception() is not None or not isinstance(receipt.result(), Done):
            return
        reply, now = deed.command, self._clockwork.now()
        assert isinstance(reply, QueueReply)
        text, conversation_id = reply.content.text, reply.conversation_id
        self._answered[text].add(receipt.result().id)
        since, known_until = self._held.get(conversation_id, (now, now))
        # What was posted again may have been written the first time.
        until = self._asked[text] + self._takeover
        is_longer = known_until >= now
        self._held[conversation_id] = (since if is_longer else now, max(until, known_until))
