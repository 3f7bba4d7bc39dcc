from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta

from moca.core.messages.command import Command, Done
from moca.core.messages.operator_actions import (
    ApproveReply,
    CancelReply,
    ChangeConversation,
    DiscardReply,
    RetryReply,
)
from moca.core.messages.replies import HandOverConversation, RecallHeldReplies
from moca.core.reports import Measure
from moca.core.types import ConversationStatus
from moca.storage.writer import Written
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row, instant, stored

_DAY = timedelta(days=1)
_MAY_END_NEED = CancelReply, ChangeConversation, DiscardReply, RecallHeldReplies, RetryReply
_TEAMMATES = "m.author IN ('operator', 'human') AND m.kind = 'message'"


class ReportWatch:
    """Counts what each commit did that reports count, from what is on disk before and after it."""

    def __init__(self, ledger: Ledger, is_broken: Callable[[Invariant, str], None]) -> None:
        self._ledger = ledger
        self._is_broken = is_broken
        self._counted = Counter[str]()
        self._at_most_first = 0
        self._at_most_replied = 0
        self._needing: set[int] = set()
        self._last_id = self._last_step_id = 0

    def is_about_to_commit(self) -> None:
        """Note which conversations need a reply, and what is written, before a commit."""
        self._needing = {row["id"] for row in self._ledger.conversations() if self._waits(row)}
        self._last_id = self._ledger.count("SELECT COALESCE(MAX(id), 0) FROM message")
        self._last_step_id = self._ledger.last_step_id()

    def committed(self, commands: Sequence[Command], written: Written) -> None:
        """Count what a commit did."""
        answers = {id(receipt): answer for receipt, answer in written.answers}
        for command in commands:
            if isinstance(command, ChangeConversation):
                is_done = isinstance(answers.get(id(command.receipt)), Done)
                is_close = command.status is ConversationStatus.CLOSED
                self._counted[Measure.RESOLVED] += is_done and is_close
        self._counted[Measure.HANDED_OVER] += self._handed_over(commands)
        replies = self._ledger.messages(f"m.id > ? AND {_TEAMMATES}", self._last_id)
        replies = [row for row in replies if not self._was_drafted(row)]
        replies = [row for row in replies if row["part_of_id"] in (None, row["id"])]
        replies += self._approved(commands, answers)
        for row in replies:
            repeats = self._repeats(row)
            self._counted[Measure.REPLIED] += not repeats
            # One that never went was no reply, and it may have been approved or ended meanwhile.
            self._at_most_replied += all(map(self._was_drafted, repeats))
        answered = Counter(row["conversation_id"] for row in replies)
        # What ends a need without a reply may come before the reply in the same commit.
        is_certain = not any(isinstance(each, _MAY_END_NEED) for each in commands)
        waited = answered.keys() & self._needing if is_certain else set()
        self._counted[Measure.FIRST_REPLY] += len(waited)
        # A conversation may come to need a reply and get it in one commit.
        self._at_most_first += len(waited) + sum(
            number for each, number in answered.items() if each not in waited
        )

    def judge_the_end(self) -> None:
        """Judge the reports by what was counted."""
        rows = self._ledger.report_counts()
        for measure in (Measure.RESOLVED, Measure.HANDED_OVER, Measure.REPLIED):
            most = self._at_most_replied if measure is Measure.REPLIED else self._counted[measure]
            if not self._counted[measure] <= rows[measure] <= most:
                told = f"{measure} is {rows[measure]}, and was {self._counted[measure]}"
                self._is_broken(Invariant.REPORTED, told)
        first = self._counted[Measure.FIRST_REPLY]
        if not first <= rows[Measure.FIRST_REPLY] <= self._at_most_first:
            told = f"{Measure.FIRST_REPLY} is {rows[Measure.FIRST_REPLY]}, and was {first}"
            self._is_broken(Invariant.REPORTED, told)

    def _waits(self, conversation: Row) -> bool:
        """Return whether no teammate has replied yet; beside a draft one may have."""
        asked, conversation_id = conversation["needs_reply_last_id"], conversation["id"]
        return conversation["needs_reply_since"] is not None and not self._ledger.messages(
            f"m.conversation_id = ? AND m.id > ? AND {_TEAMMATES}", conversation_id, asked
        )

    def _handed_over(self, commands: Sequence[Command]) -> int:
        """Return how many hand-overs were carried out: each is in its messages' journeys."""
        steps = self._ledger.steps(
            "id > ? AND stage = 'state' AND outcome = 'handed over'", self._last_step_id
        )
        told = {step["message_id"] for step in steps}
        number = 0
        for command in commands:
            if isinstance(command, HandOverConversation) and told.intersection(command.input_ids):
                told.difference_update(command.input_ids)
                number += 1
        return number

    def _approved(self, commands: Sequence[Command], answers: dict[int, object]) -> list[Row]:
        """List the first messages of the teammates' drafts that were approved."""
        found = []
        for command in commands:
            if isinstance(command, ApproveReply) and answers.get(id(command.receipt)) == Done():
                (item,) = self._ledger.items("q.id = ?", command.item_id)
                first_id = item["part_of_id"] or item["message_id"]
                (row,) = self._ledger.messages("m.id = ?", first_id)
                if row["author"] == "operator":
                    found.append({**row, "created_at": stored(command.at)})
        return found

    def _was_drafted(self, row: Row) -> bool:
        return bool(self._ledger.steps("message_id = ? AND outcome = 'held'", row["id"]))

    def _repeats(self, reply: Row) -> list[Row]:
        """List what the same teammate wrote there within a day before."""
        earlier = self._ledger.messages(
            "m.conversation_id = ? AND m.id < ?", reply["conversation_id"], reply["id"]
        )
        return [
            row
            for row in earlier[-100:]
            if (row["author"], row["author_name"]) == (reply["author"], reply["author_name"])
            and instant(row["created_at"]) > instant(reply["created_at"]) - _DAY
        ]
