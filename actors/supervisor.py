from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

from actors.runtime.actor import MailboxActor, Ref
from actors.runtime.timers import Alarm, Timers
from actors.signals import CountLive, PageDue, Ping, SweepDue
from moca import clock
from moca.core.conversation.decide import SweptOver
from moca.core.messages import Command, ToSender
from moca.core.messages.conversation import ConversationIdle, FindUnanswered, UnansweredFound
from moca.core.messages.delivery import ReplyDropped, ReplySent
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.operator_actions import ContactErased
from moca.core.messages.replies import ReplyQueued
from moca.core.types import ContactKey

_COMMANDS = get_args(Command)
_FIRST_PAGE = 50
"""Few enough that the first of many thousands is answered before the rest is taken up."""
_PAGE = 500
_BREATH = timedelta(milliseconds=50)
"""Between pages that are in no hurry, so that many who wait, and live, cost little at a time."""


@dataclass(slots=True)
class LiveConversation:
    """A conversation that is in memory, and how many messages it was handed."""

    ref: Ref[Any]
    told: int = 0


class SupervisorActor(MailboxActor):
    """Knows which conversations live: spawns them on demand, lets idle ones go, routes events.

    Commands from outside go on to persistence, events to whom they concern. The first `SweepDue`
    picks up where the last run stopped; it comes again by itself.
    """

    def __init__(
        self,
        *,
        record: Callable[[Command], None],
        to_sender: Callable[[ToSender], None],
        spawn: Callable[[ContactKey, MessageArrived | None], Ref[Any]],
        timers: Timers,
        sweep: timedelta,
        is_busy: Callable[[], bool],
    ) -> None:
        super().__init__()
        self._record = record
        self._to_sender = to_sender
        self._spawn = spawn
        self._timers = timers
        self._sweep = sweep
        self._is_busy = is_busy
        tell = self.actor_ref.tell
        self._next_sweep = Alarm(timers, lambda: tell(SweepDue()))
        self._taken_up_to = 0
        self._paging_at: datetime | None = None
        """When the sweep under way last went on; None once all who wait are taken up."""
        self._live: dict[ContactKey, LiveConversation] = {}

    def on_restart(self) -> None:
        """Go on with the conversations that live, and look for what a lost message was about."""
        self._paging_at = None
        self._look_for_unanswered()

    def on_receive(self, message: Any) -> Any:
        """Route one message."""
        match message:
            case MessageArrived():
                self._arrived(message)
            case ReplyQueued() | ReplySent() | ReplyDropped():
                self._to_sender(message)
                self._tell_if_live(message)
            case ConversationIdle():
                self._let_go(message)
            case UnansweredFound():
                self._take_up(message)
            case ContactErased():
                self._erased(message)
            case SweepDue():
                self._look_for_unanswered()
            case PageDue():
                self._go_on()
            case Ping():
                return {}
            case CountLive():
                return len(self._live)
            case _:
                self._pass_on(message)
        return None

    def on_stop(self) -> None:
        """Let every conversation go, and want no waking any more."""
        self._next_sweep.cancel()
        for live in self._live.values():
            live.ref.stop(block=False)
        self._live.clear()

    def _pass_on(self, message: Any) -> None:
        if isinstance(message, _COMMANDS):
            self._record(message)
        else:
            self._tell_if_live(message)

    def _arrived(self, arrived: MessageArrived) -> None:
        live = self._find(arrived.contact)
        if live is None:
            self._bring_to_life(arrived.contact, arrived if arrived.is_first else None)
        else:
            self._tell(live, arrived)

    def _find(self, contact: ContactKey) -> LiveConversation | None:
        live = self._live.get(contact)
        return live if live is not None and live.ref.is_alive() else None

    def _bring_to_life(self, contact: ContactKey, first: MessageArrived | None = None) -> None:
        told = 0 if first is None else 1
        self._live[contact] = LiveConversation(self._spawn(contact, first), told)

    def _tell(self, live: LiveConversation, message: Any) -> None:
        live.told += 1
        live.ref.tell(message)

    def _tell_if_live(self, message: Any) -> None:
        live = self._find(message.contact)
        if live is not None:
            self._tell(live, message)

    def _let_go(self, idle: ConversationIdle) -> None:
        live = self._live.get(idle.contact)
        if live is not None and live.told == idle.heard:
            live.ref.stop(block=False)
            del self._live[idle.contact]

    def _erased(self, erased: ContactErased) -> None:
        for item_id in erased.item_ids:
            self._to_sender(ReplyDropped(erased.contact, item_id, "the contact was erased"))
        live = self._live.pop(erased.contact, None)
        if live is not None:
            live.ref.stop(block=False)

    def _look_for_unanswered(self) -> None:
        now = clock.now()
        self._next_sweep.set_to(now + self._sweep)
        goes_on = self._paging_at is not None and abs(now - self._paging_at) < self._sweep
        if not goes_on:
            self._paging_at = now
            self._record(FindUnanswered(after_message_id=0, limit=_FIRST_PAGE))

    def _take_up(self, found: UnansweredFound) -> None:
        do_all_live = True
        for contact in found.contacts:
            live = self._find(contact)
            if live is None:
                self._bring_to_life(contact)
                do_all_live = False
            else:
                live.ref.tell(SweptOver())
        if found.last_message_id is None:
            self._paging_at = None
            return
        self._taken_up_to = found.last_message_id
        if do_all_live:
            self._take_breath()
        else:
            self._go_on()

    def _go_on(self) -> None:
        if self._paging_at is None:
            return
        self._paging_at = clock.now()
        if self._is_busy():
            self._take_breath()
        else:
            self._record(FindUnanswered(self._taken_up_to, _PAGE))

    def _take_breath(self) -> None:
        tell = self.actor_ref.tell
        self._timers.later(clock.now() + _BREATH, lambda: tell(PageDue()))
