from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from actors.routes import ALSO_FOR_SENDER
from actors.runtime.actor import MailboxActor, Ref
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import CountLive, PageDue, Ping, SweepDue
from moca import clock
from moca.core.conversation.decide import SweepFound
from moca.core.messages.command import Command
from moca.core.messages.conversation import ConversationIdle, FindUnanswered, UnansweredFound
from moca.core.messages.delivery import ReplyDropped, ReplyFailed, ReplySent
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.operator_actions import ContactErased
from moca.core.messages.recipients import ToSender
from moca.core.messages.replies import ReplyQueued
from moca.core.types import ContactKey

_FIRST_PAGE = 50
"""Small enough that the first of many thousands is answered before the rest is loaded."""
_PAGE = 500
_PAGE_PAUSE = timedelta(milliseconds=50)
"""Pause between pages that are not urgent, so that many waiting conversations cost little."""


@dataclass(slots=True)
class LiveConversation:
    """A conversation in memory, and how many messages it was sent."""

    ref: Ref[Any]
    sent: int = 0


class SupervisorActor(MailboxActor):
    """Tracks live conversations: loads them on demand, unloads idle ones, routes events.

    The first `SweepDue` resumes what the last run left; it then repeats by timer.
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
        self._next_sweep = ActorTimer(timers, lambda: tell(SweepDue()))
        self._last_message_id = 0
        self._paging_at: datetime | None = None
        """When the current sweep last advanced; None once all waiting conversations are loaded."""
        self._live: dict[ContactKey, LiveConversation] = {}

    def on_restart(self) -> None:
        """Continue with the live conversations, and look for what a lost message was about."""
        self._paging_at = None
        self._begin_sweep()

    def on_receive(self, message: object) -> object:
        """Route one message."""
        match message:
            case MessageArrived():
                self._arrived(message)
            case _ if isinstance(message, ALSO_FOR_SENDER):
                self._to_sender(message)
                self._tell_or_load(message)
            case ConversationIdle():
                self._unload_idle(message)
            case UnansweredFound():
                self._load_unanswered(message)
            case ContactErased():
                self._erased(message)
            case SweepDue():
                self._begin_sweep()
            case PageDue():
                self._read_next_page()
            case Ping():
                return {}
            case CountLive():
                return len(self._live)
            case _:
                self._tell_if_live(message)
        return None

    def on_stop(self) -> None:
        """Unload every conversation and cancel the timers."""
        self._next_sweep.cancel()
        for live in self._live.values():
            live.ref.stop(block=False)
        self._live.clear()

    def _arrived(self, arrived: MessageArrived) -> None:
        live = self._find(arrived.contact)
        if live is None:
            self._load(arrived.contact, arrived if arrived.is_first else None)
        else:
            self._tell(live, arrived)

    def _find(self, contact: ContactKey) -> LiveConversation | None:
        live = self._live.get(contact)
        return live if live is not None and live.ref.is_alive() else None

    def _load(self, contact: ContactKey, first: MessageArrived | None = None) -> None:
        sent = 0 if first is None else 1
        self._live[contact] = LiveConversation(self._spawn(contact, first), sent)

    def _tell(self, live: LiveConversation, message: object) -> None:
        live.sent += 1
        live.ref.tell(message)

    def _tell_if_live(self, message: Any) -> None:
        live = self._find(message.contact)
        if live is not None:
            self._tell(live, message)

    def _tell_or_load(self, message: ReplyQueued | ReplySent | ReplyFailed | ReplyDropped) -> None:
        is_recalled = isinstance(message, ReplyDropped) and message.is_recalled
        if is_recalled and self._find(message.contact) is None:
            self._load(message.contact)
        else:
            self._tell_if_live(message)

    def _unload_idle(self, idle: ConversationIdle) -> None:
        live = self._live.get(idle.contact)
        if live is not None and live.sent == idle.received:
            live.ref.stop(block=False)
            del self._live[idle.contact]

    def _erased(self, erased: ContactErased) -> None:
        for item_id in erased.item_ids:
            self._to_sender(ReplyDropped(erased.contact, item_id, "the contact was erased"))
        live = self._live.pop(erased.contact, None)
        if live is not None:
            live.ref.stop(block=False)

    def _begin_sweep(self) -> None:
        now = clock.now()
        self._next_sweep.set_to(now + self._sweep)
        goes_on = self._paging_at is not None and abs(now - self._paging_at) < self._sweep
        if not goes_on:
            self._paging_at = now
            self._record(FindUnanswered(after_message_id=0, limit=_FIRST_PAGE))

    def _load_unanswered(self, found: UnansweredFound) -> None:
        do_all_live = True
        for contact, message_id in found.contacts.items():
            live = self._find(contact)
            if live is None:
                self._load(contact)
                do_all_live = False
            else:
                live.ref.tell(SweepFound(message_id))
        if found.last_message_id is None:
            self._paging_at = None
            return
        self._last_message_id = found.last_message_id
        if do_all_live:
            self._pause_sweep()
        else:
            self._read_next_page()

    def _read_next_page(self) -> None:
        if self._paging_at is None:
            return
        self._paging_at = clock.now()
        if self._is_busy():
            self._pause_sweep()
        else:
            self._record(FindUnanswered(self._last_message_id, _PAGE))

    def _pause_sweep(self) -> None:
        tell = self.actor_ref.tell
        self._timers.later(clock.now() + _PAGE_PAUSE, lambda: tell(PageDue()))
