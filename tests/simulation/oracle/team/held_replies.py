from collections import defaultdict
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial

from moca.core.messages.command import Conflict
from moca.core.messages.operator_actions import ApproveReply, RetryReply
from moca.core.topics import Mode, TopicMode
from moca.core.types import COMMENT_KINDS, ContactKey
from tests.simulation.instagram.texts import said_in
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row, contact_of, instant
from tests.simulation.oracle.oracle import Oracle
from tests.simulation.runtime.generator import Generator
from tests.simulation.runtime.virtual_time import Clockwork
from tests.simulation.worlds.settings import WorldSettings

_RELEASED = ("approved by a teammate", "the delay is over")
_ANSWERED = ("held", "queued", "shared")
_SWEEPS = 2


class HeldReplies:
    """Watches that what is held goes only by its topic's leave, and ends when its turn is over.

    What a topic allows is read from the script, and what was written from what the generator made.
    """

    def __init__(
        self,
        settings: WorldSettings,
        clockwork: Clockwork,
        ledger: Ledger,
        oracle: Oracle,
    ) -> None:
        self._settings = settings
        self._modes = settings.topics()
        self._clockwork = clockwork
        self._ledger = ledger
        self._claims = oracle.claims
        self._slack = oracle.slack
        self._is_broken = oracle.is_broken
        self._held_since: dict[int, datetime] = {}
        """When each held item was first seen while nothing happened, in true time."""
        self._allowed: dict[int, set[int]] = defaultdict(set)
        """By item, the numbers of the commands that approve it and were not refused."""
        self._commands = 0

    def asked(self, command: object) -> None:
        """Record what an operator releases; a command may still be carried out later."""
        if not isinstance(command, ApproveReply | RetryReply):
            return
        self._commands += 1
        for item_id in self._parts(command.item_id):
            self._allowed[item_id].add(self._commands)
        if command.receipt is not None:
            command.receipt.add_done_callback(partial(self._answered, self._commands))

    def judge_call(self, contact: ContactKey, said: str, generator: Generator) -> None:
        """Judge whether what is being said to a contact may go."""
        where = "k.psid = ? AND k.account_id = ? AND q.status = 'sending'"
        for item in self._ledger.items(where, contact.psid, contact.account_id):
            if said_in(item) == said:
                self._judge_item(item, generator)

    def _judge_item(self, item: Row, generator: Generator) -> None:
        mode = self._mode_of_teammate(item) or self._mode_of(item, generator)
        if mode is None or self._allowed[item["id"]]:
            return
        held_for = instant(item["sending_at"]) - instant(item["created_at"])
        if mode.mode is Mode.DELAY and held_for >= mode.delay - self._slack:
            return
        if mode.mode is not Mode.AUTO:
            what = f"item {item['id']} goes although its topic's mode is {mode.mode}"
            self._is_broken(Invariant.HELD_REPLY, what)

    def passes(self, until: datetime, go_within: timedelta) -> None:
        """Judge what is held while nothing happens until then: nothing whose turn is over."""
        self._judge_delays(until, go_within)
        now = self._clockwork.now()
        window = timedelta(seconds=self._settings.window)
        sweeps = timedelta(seconds=_SWEEPS * self._settings.sweep)
        held = self._ledger.items("q.status = 'held'")
        conversations = {row["id"]: row for row in self._ledger.conversations()} if held else {}
        for item in held:
            conversation = conversations[item["conversation_id"]]
            if item["release_at"] is None and conversation["needs_reply_since"] is None:
                self._is_broken(Invariant.NEEDS_REPLY, f"the draft {item['id']} is in no work list")
            if item["author"] == "operator":
                continue
            ends = conversation["held_until"]
            is_over = ends is not None and instant(ends) <= now + self._slack
            is_silent = conversation["status"] != "open" and not is_over
            if is_silent or item["opted_out_at"] is not None:
                self._breaks(item, "is held though the bot may not answer")
            opened_at = item["window_opened_at"]
            is_direct = item["comment_id"] is None and opened_at is not None
            if not is_direct:
                continue
            # A slow generator's reply may come to be held once the window has closed.
            over_at = max(instant(opened_at) + window, instant(item["created_at"]))
            if now > over_at + sweeps + self._slack:
                self._breaks(item, "is held beyond the reply window")

    def _judge_delays(self, until: datetime, go_within: timedelta) -> None:
        items = self._ledger.items("q.status = 'held' AND q.release_at IS NOT NULL")
        waiting = {contact_of(row) for row in self._ledger.waiting_messages()}
        now, seen = self._clockwork.true, self._held_since
        # Begun anew where the contact writes more, until one draft answers all of it.
        self._held_since = {
            row["id"]: seen.get(row["id"], now) for row in items if contact_of(row) not in waiting
        }
        sweeps = timedelta(seconds=_SWEEPS * self._settings.sweep)
        for row in items:
            delay = timedelta(microseconds=row["release_at"] - row["created_at"])
            ready = self._held_since.get(row["id"], until) + delay
            if until > ready + sweeps + go_within + self._slack:
                what = f"item {row['id']} is held for {until - ready} after its delay"
                self._is_broken(Invariant.NO_NEEDLESS_WAIT, what)

    def judge_the_end(self) -> None:
        """Judge in the order of journeys that one draft answers all that was written before it."""
        if not self._settings.modes:
            return
        rows = {row["id"]: row for row in self._ledger.messages()}
        waiting: dict[int, set[int]] = defaultdict(set)
        held: dict[int, set[int]] = defaultdict(set)
        for step in self._ledger.steps():
            row = rows.get(step["message_id"])
            if row is None or row["comment_id"] or row["kind"] in COMMENT_KINDS:
                continue
            if row["author"] == "operator":
                continue
            conversation_id = row["conversation_id"]
            if row["role"] == "user":
                if step["outcome"] == "flushed" and held[conversation_id]:
                    self._breaks_step(step, "was flushed beside a held reply")
                _follow(waiting[conversation_id], step)
                continue
            if step["detail"] in _RELEASED and waiting[conversation_id]:
                self._breaks_step(step, "was released though its contact wrote more")
            if step["stage"] == "queue":
                held[conversation_id].discard(row["id"])
                if step["outcome"] == "held":
                    held[conversation_id].add(row["id"])

    def _mode_of(self, item: Row, generator: Generator) -> TopicMode | None:
        making = generator.made.get(said_in(item))
        if making is None or self._claims.of(item)["parting"] is not None:
            return None
        return self._modes.of(self._settings.topic_of(making.number))

    def _mode_of_teammate(self, item: Row) -> TopicMode | None:
        if item["author"] != "operator":
            return None
        held = self._ledger.steps("message_id = ? AND outcome = 'held'", item["message_id"])
        return TopicMode(Mode.DRAFT) if held else None

    def _parts(self, item_id: int) -> list[int]:
        items = self._ledger.items()
        first = {item["id"]: item["part_of_id"] or item["message_id"] for item in items}
        return [each for each in first if first[each] == first.get(item_id)]

    def _answered(self, number: int, receipt: Future[object]) -> None:
        if receipt.exception() is None and isinstance(receipt.result(), Conflict):
            for allowed in self._allowed.values():
                allowed.discard(number)

    def _breaks(self, item: Row, what: str) -> None:
        self._is_broken(Invariant.HELD_REPLY, f"item {item['id']} {what}")

    def _breaks_step(self, step: Row, what: str) -> None:
        self._is_broken(Invariant.HELD_REPLY, f"message {step['message_id']} {what}")


def _follow(waiting: set[int], step: Row) -> None:
    """Follow which messages wait for a reply, by one step of a contact's message."""
    if step["outcome"] in ("stored", "taken up"):
        waiting.add(step["message_id"])
    elif (
        step["stage"] == "outcome"
        or step["outcome"] == "duplicate"
        or (step["stage"] == "queue" and step["outcome"] in _ANSWERED)
    ):
        waiting.discard(step["message_id"])
