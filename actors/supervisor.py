from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args

from actors.runtime import MailboxActor, Ref
from actors.signals import CountLive, Ping, SweepDue
from actors.timers import Timer, Timers
from moca import clock
from moca.core.contact import ContactKey
from moca.core.decide import SweptOver
from moca.core.messages import (
    Command,
    ContactErased,
    ConversationIdle,
    FindUnanswered,
    MessageArrived,
    ReplyDropped,
    ReplyQueued,
    ReplySent,
    ToSender,
    UnansweredFound,
)

_COMMANDS = get_args(Command)
_PAGE = 500


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
        spawn: Callable[[ContactKey], Ref[Any]],
        timers: Timers,
        sweep: timedelta,
    ) -> None:
        super().__init__()
        self._record = record
        self._to_sender = to_sender
        self._spawn = spawn
        self._timers = timers
        self._sweep = sweep
        self._timer: Timer | None = None
        self._live: dict[ContactKey, LiveConversation] = {}

    def on_restart(self) -> None:
        """Go on with the conversations that live, and look for what a lost message was about."""
        self._look_for_unanswered()

    def on_receive(self, message: Any) -> Any:
        """Route one message."""
        match message:
            case MessageArrived():
                self._tell(self._conversation(message.contact), message)
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
            case Ping():
                return {}
            case CountLive():
                return len(self._live)
            case _:
                self._pass_on(message)
        return None

    def on_stop(self) -> None:
        """Let every conversation go."""
        for live in self._live.values():
            live.ref.stop(block=False)
        self._live.clear()

    def _pass_on(self, message: Any) -> None:
        if isinstance(message, _COMMANDS):
            self._record(message)
        else:
            self._tell_if_live(message)

    def _conversation(self, contact: ContactKey) -> LiveConversation:
        live = self._live.get(contact)
        if live is None or not live.ref.is_alive():
            live = self._live[contact] = LiveConversation(self._spawn(contact))
        return live

    def _tell(self, live: LiveConversation, message: Any) -> None:
        live.told += 1
        live.ref.tell(message)

    def _tell_if_live(self, message: Any) -> None:
        live = self._live.get(message.contact)
        if live is not None and live.ref.is_alive():
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
        if self._timer is not None:
            self._timer.cancel()
        tell = self.actor_ref.tell
        self._timer = self._timers.later(clock.now() + self._sweep, lambda: tell(SweepDue()))
        self._record(FindUnanswered(after_message_id=0, limit=_PAGE))

    def _take_up(self, found: UnansweredFound) -> None:
        for contact in found.contacts:
            live = self._live.get(contact)
            if live is not None and live.ref.is_alive():
                live.ref.tell(SweptOver())
            else:
                self._conversation(contact)
        if found.last_message_id is not None:
            self._record(FindUnanswered(found.last_message_id, _PAGE))
