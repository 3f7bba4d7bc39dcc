from collections.abc import Callable
from datetime import datetime, timedelta

from moca.core.messages.delivery import ReplyClaimed
from moca.core.messages.operator_actions import ConversationChanged
from moca.core.messages.replies import ReplyQueued
from moca.core.types import ContactKey, ConversationStatus
from tests.simulation.oracle.claims import Claims
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger, Row, contact_of, instant
from tests.simulation.oracle.thread_control import ThreadControls
from tests.simulation.runtime.virtual_time import Clockwork


class SilenceWatch:
    """Watches that the bot is silent in held conversations, after opt-outs and in others' threads.

    `freed` are the contacts about whose conversation the operator decided anew.
    """

    def __init__(
        self,
        clockwork: Clockwork,
        ledger: Ledger,
        claims: Claims,
        elsewhere: ThreadControls,
        freed: set[ContactKey],
        slack: timedelta,
        is_broken: Callable[[Invariant, str], None],
    ) -> None:
        self._clockwork = clockwork
        self._ledger = ledger
        self._elsewhere = elsewhere
        self._freed = freed
        self._slack = slack
        self._is_broken = is_broken
        self._claims = claims
        self._held_since: dict[int, datetime] = {}
        self._held_until: dict[int, datetime | None] = {}

    def observe(self, event: object) -> None:
        """Note claims, and from when conversations are held."""
        if isinstance(event, ReplyClaimed):
            self._claims.note(event.reply.item_id)
        elif isinstance(event, ConversationChanged):
            self._note_hold(event)
        elif isinstance(event, ReplyQueued):
            self._claims.note_queued(event.reply.item_id)
            self._forget_hold(event.reply.item_id)

    def judge_call(self, item: Row) -> None:
        """Judge a call of the bot's reply by the claim that it was made on."""
        self._judge_hold(item)
        self._judge_consent(item)
        self._judge_thread(item)

    def _note_hold(self, changed: ConversationChanged) -> None:
        """Note since when a conversation is held; a hold that ran out is no part of the next."""
        conversation_id, now = changed.conversation_id, self._clockwork.now()
        until = self._held_until.get(conversation_id)
        if changed.status is ConversationStatus.OPEN or (until is not None and until <= now):
            self._held_since.pop(conversation_id, None)
        if changed.status is not ConversationStatus.OPEN:
            self._claims.note_silence(conversation_id, now)
            self._held_since.setdefault(conversation_id, now)
            self._held_until[conversation_id] = changed.held_until

    def _forget_hold(self, item_id: int) -> None:
        """Forget a hold that is over on disk: the event that told of its end may be lost."""
        for item in self._ledger.items("q.id = ? AND c.status = 'open'", item_id):
            self._held_since.pop(item["conversation_id"], None)

    def _judge_hold(self, item: Row) -> None:
        since = self._held_since.get(item["conversation_id"])
        claimed_at, held_until = instant(item["sending_at"]), item["held_until"]
        status = item["conversation_status"]
        is_over = held_until is not None and instant(held_until) <= claimed_at + self._slack
        is_handover = self._claims.of(item)["parting"] == "hand_over"
        if since is None or status == "open" or is_over:
            return
        if is_handover and not self._person_wrote_since(item):
            return
        if claimed_at > since + self._slack:
            self._is_broken(Invariant.SILENCE, f"the bot speaks while the talk is {status}")

    def _person_wrote_since(self, item: Row) -> bool:
        """Return whether a handover's closing message is too late: a teammate already wrote."""
        rows = self._ledger.messages(
            "m.conversation_id = ? AND m.author = 'human' AND m.created_at > ? "
            "AND m.created_at < ?",
            item["conversation_id"],
            item["created_at"],
            item["sending_at"] - self._slack // timedelta(microseconds=1),
        )
        return bool(rows)

    def _judge_consent(self, item: Row) -> None:
        claimed = self._claims.of(item)
        if claimed["opted_out_at"] is None or claimed["parting"] == "opt_out":
            return
        if instant(item["sending_at"]) > instant(claimed["opted_out_at"]) + self._slack:
            what = f"item {item['id']} goes to a contact who opted out"
            self._is_broken(Invariant.SILENCE, what)

    def _judge_thread(self, item: Row) -> None:
        contact = contact_of(item)
        since = self._elsewhere.since(contact)
        if since is None or contact in self._freed or self._claims.of(item)["parting"] is not None:
            return
        is_late = instant(item["sending_at"]) > since + self._slack
        if is_late and not self._elsewhere.came_back(item):
            what = f"item {item['id']} goes into a thread that another app holds"
            self._is_broken(Invariant.SILENCE, what)
