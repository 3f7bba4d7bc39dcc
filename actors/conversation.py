from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, assert_never

from actors.runtime.actor import MailboxActor
from actors.runtime.supervision import RestartBudget
from actors.runtime.timers import Timer, Timers
from moca import clock
from moca.core.conversation.decide import SweepFound, TimerFired, decide, restore
from moca.core.conversation.effects import (
    Decision,
    Effect,
    ReloadConversation,
    UnloadConversation,
    WakeAt,
)
from moca.core.conversation.snapshot import Snapshot
from moca.core.conversation.state import Conversation
from moca.core.messages.command import Command
from moca.core.messages.conversation import (
    ConversationIdle,
    ConversationLoaded,
    LoadConversation,
    ReadName,
)
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.replies import (
    CheckImmediateReply,
    ConcludeMessages,
    GenerateReply,
    HandOverConversation,
    QueueReply,
    RecallHeldReplies,
    RecordSteps,
    ShareReply,
)
from moca.core.policy import ConversationPolicy, PolicyOf
from moca.core.types import ContactKey, Outcome


def _check_nothing(_check: CheckImmediateReply) -> None:
    pass


def _withdraw_nothing(_contact: ContactKey, _first_id: int) -> None:
    pass


@dataclass(frozen=True, slots=True)
class ConversationContext:
    """The collaborators shared by all conversations."""

    policy_of: PolicyOf
    record: Callable[[Command], None]
    generate: Callable[[GenerateReply], None]
    read: Callable[[ReadName], None]
    """May decline; the name is then requested again when the conversation is next loaded."""
    notify: Callable[[ConversationIdle], None]
    timers: Timers
    withdraw: Callable[[ContactKey, int], None] = _withdraw_nothing
    """Withdraws the request for a reply, identified by the first message that it answers."""
    check: Callable[[CheckImmediateReply], None] = _check_nothing


class ConversationActor(MailboxActor):
    """One contact's conversation: holds its state, asks the core to decide, applies the effects.

    Messages that arrive before the database has answered are dropped, because its answer already
    includes them.
    """

    budget = RestartBudget(restarts=3, window=timedelta(minutes=1))

    __slots__ = (
        "_at_stake",
        "_contact",
        "_context",
        "_first",
        "_heard",
        "_state",
        "_timer",
        "_wake",
    )

    def __init__(
        self, contact: ContactKey, context: ConversationContext, first: MessageArrived | None = None
    ) -> None:
        super().__init__()
        self._contact = contact
        self._context = context
        self._first = first
        self._state: Conversation | None = None
        self._timer: Timer | None = None
        self._wake: WakeAt | None = None
        self._heard = 0 if first is None else 1
        self._at_stake: tuple[int, ...] = ()

    def on_start(self) -> None:
        """Begin with a contact's first message, or load from the database, as after any crash."""
        self._follow(None)
        first, self._first = self._first, None
        if first is None:
            self._context.record(LoadConversation(self._contact, clock.now()))
        else:
            self._restore(Snapshot.beginning(first.contact, first.conversation_id, first.message))

    def on_receive(self, message: Any) -> None:
        """Decide on an event and apply the effects."""
        if isinstance(message, TimerFired):
            self._wake_at(None)
        elif not isinstance(message, SweepFound):
            self._heard += 1
        if isinstance(message, ConversationLoaded):
            self._load(message)
        elif self._state is None and isinstance(message, SweepFound):
            self.on_start()
        elif self._state is not None:
            if isinstance(message, MessageArrived):
                self._at_stake = (message.message.id,)
            now = clock.now()
            self._carry_out(decide(self._state, message, now, self._policy))

    @property
    def _policy(self) -> ConversationPolicy:
        """The policy in force now: another version of the bot may be published at any time."""
        return self._context.policy_of(self._contact.account_id)

    def escalate(self, error: BaseException) -> None:
        """Set aside what keeps crashing this conversation, so that it is not retried forever."""
        because = f"an internal error occurred: {type(error).__name__}"
        failed = ConcludeMessages(self._at_stake, Outcome.FAILED, because, clock.now())
        self._context.record(failed)
        self._context.notify(ConversationIdle(self._contact, self._heard))

    def on_stop(self) -> None:
        """Withdraw pending requests: nothing waits for them any more."""
        self._wake_at(None)
        self._follow(None)

    def _load(self, loaded: ConversationLoaded) -> None:
        if loaded.snapshot is None:
            self._context.notify(ConversationIdle(self._contact, self._heard))
        elif self._state is None:
            self._restore(loaded.snapshot)

    def _restore(self, snapshot: Snapshot) -> None:
        self._at_stake = tuple(message.id for message in snapshot.unanswered)
        self._carry_out(restore(snapshot, clock.now(), self._policy))

    def _carry_out(self, decision: Decision) -> None:
        state, effects = decision
        self._follow(state)
        wake = None
        for effect in effects:
            if isinstance(effect, WakeAt):
                wake = effect
            else:
                self._carry_out_one(effect)
        self._wake_at(wake)

    def _follow(self, state: Conversation | None) -> None:
        """Adopt a state, and withdraw the requests that it no longer waits for."""
        before, self._state = self._state, state
        if before is None or (state is not None and before.drafts is state.drafts):
            return
        still_generating = set() if state is None else state.generating_ids
        for first_id in before.generating_ids - still_generating:
            self._context.withdraw(self._contact, first_id)

    def _carry_out_one(self, effect: Effect) -> None:
        match effect:
            case ConcludeMessages() | RecordSteps() | HandOverConversation():
                self._context.record(effect)
            case QueueReply() | RecallHeldReplies() | ShareReply():
                self._context.record(effect)
            case GenerateReply():
                self._context.generate(effect)
            case CheckImmediateReply():
                self._context.check(effect)
            case ReadName():
                self._context.read(effect)
            case ReloadConversation():
                self.on_start()
            case UnloadConversation():
                self._context.notify(ConversationIdle(self._contact, self._heard))
            case WakeAt():
                pass
            case _:
                assert_never(effect)

    def _wake_at(self, wake: WakeAt | None) -> None:
        if wake == self._wake:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake = wake
        if wake is not None:
            tell = self.actor_ref.tell
            self._timer = self._context.timers.later(wake.at, lambda: tell(TimerFired()))
