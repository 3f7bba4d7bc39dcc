import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pykka

from actors.background.jobs import Kept
from actors.conversation import ConversationActor, Surroundings
from actors.courier import CourierActor
from actors.dependencies import World
from actors.observers import observe_all
from actors.persistence import PersistenceActor
from actors.responders import Responders
from actors.runtime.actor import Ref
from actors.runtime.dispatchers import READERS, Dispatchers
from actors.runtime.pool import start_pool
from actors.runtime.timers import Timers
from actors.side_calls import NameDesk, SharedReads, TypingDesk
from actors.signals import CountLive, Ping, SweepDue
from actors.singletons import PostRoom
from actors.supervisor import SupervisorActor
from moca import clock
from moca.core.messages import ToCourier, ToSender
from moca.core.messages.accounts import AccountChanged
from moca.core.messages.delivery import DeliverReply, KnownMidsListed, PendingFound, ReplyClaimed
from moca.core.messages.inbound import FetchMessage, MessageArrived, MessagesMissing
from moca.core.messages.operator_actions import FreezeChanged
from moca.core.messages.reconciliation import MessagesMissed
from moca.core.messages.replies import MessagesEnded
from moca.core.outbox.account_rests import AccountRests
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.core.types import ContactKey

_FOR_THE_SENDER = ReplyClaimed | PendingFound | KnownMidsListed | AccountChanged | FreezeChanged
_MOST_READS = 1000
_MOST_WAITING = 20_000
_ENOUGH_WAITING = 200
"""Past this, those who waited through a stop are taken up a little later."""
_ENOUGH_GENERATIONS = 2_000
_ANSWER_SECONDS = 2.0
_LAST_CALLS_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Ailments:
    """What is wrong with each part; None where nothing is."""

    database: str | None
    sender: str | None
    supervisor: str | None
    accounts: Mapping[str, str]


class Overloaded(Exception):  # noqa: N818 - it reads as what it is
    """Raised where something is not taken in, because too much waits already."""


class System:
    """The actors of one process, wired; started when made, stopped in order by `stop`."""

    _MAKES_SUPERVISOR: type[SupervisorActor] = SupervisorActor
    """A cluster's node has one of its own."""

    def __init__(
        self,
        *,
        conversation: ConversationPolicy,
        sender: SenderPolicy,
        world: World,
        dispatchers: Dispatchers,
        timers: Timers,
    ) -> None:
        self._dispatchers = dispatchers
        self._world = world
        self._sender_policy = sender
        self._timers = timers
        self._observers = world.observers
        self._rests = AccountRests()
        self._reads = reads = SharedReads(sender.account_reads_per_second)
        critical: dict[str, Any] = {"escalate": world.escalate}
        self._persistence: Ref[Any] = PersistenceActor.start_on(
            dispatchers.persistence,
            open_writer=world.open_writer,
            notify=self._route,
            timers=timers,
            **critical,
        )
        courier: dict[str, Any] = {
            "connect": world.connect,
            "notify": self._to_sender,
            "record": partial(_tell, self._persistence),
            **critical,
        }
        self._couriers = start_pool(CourierActor, sender.couriers, dispatchers.couriers, **courier)
        self._readers = start_pool(
            CourierActor, READERS, dispatchers.readers, capacity=_MOST_READS, **courier
        )
        typing = TypingDesk(self._readers, sender.per_second, self._rests)
        self._typing = typing if world.shows_typing else None
        self._responders = Responders(
            world,
            dispatchers.responders,
            notify=self._route,
            show=None if self._typing is None else self._typing.show,
        )
        self._post_room = self._first_post_room()
        around = Surroundings(
            policy=conversation,
            record=self._persistence.tell,
            generate=self._responders.generate,
            withdraw=self._responders.withdraw,
            check=self._responders.check,
            read=NameDesk(self._readers, reads).read,
            notify=self._route,
            timers=timers,
        )
        self._supervisor: Ref[Any] = self._MAKES_SUPERVISOR.start_on(
            dispatchers.shared,
            record=self._persistence.tell,
            to_sender=self._tell_sender,
            spawn=lambda contact, first: self._spawn(contact, first, around),
            timers=timers,
            sweep=sender.sweep,
            is_busy=self._is_busy,
            **self._supervisor_of_what(),
            **critical,
        )
        self._supervisor.tell(SweepDue())
        if self._post_room is not None:
            self._post_room.open()

    def tell(self, command: object) -> None:
        """Hand in a command from outside.

        Raises:
            Overloaded: more waits already than can be worked off in good time.
            pykka.ActorDeadError: if the system has stopped.
        """
        for place, waiting in self.waiting().items():
            if waiting >= _MOST_WAITING:
                raise Overloaded(f"{waiting} messages wait for the {place}")
        self._supervisor.tell(command)

    def waiting(self) -> dict[str, int]:
        """Count the messages that wait for each part of which there is only one, or one pool."""
        return {
            "supervisor": len(self._supervisor.actor_inbox),
            "persistence": len(self._persistence.actor_inbox),
            "sender": 0 if self._post_room is None else len(self._post_room.sender.actor_inbox),
            "responders": len(self._responders),
            "couriers": len(self._couriers),
        }

    def _is_busy(self) -> bool:
        waiting = self.waiting()
        # A slow generator must not keep the others from being taken up.
        generations = waiting.pop("responders")
        return generations >= _ENOUGH_GENERATIONS or max(waiting.values()) >= _ENOUGH_WAITING

    def seats_held(self) -> int | None:
        """Count the seats of a cluster that are this node's; None on one machine."""
        return None

    def ailments(self) -> Ailments:
        """Ask the parts that everything depends on how they are."""
        database = self._ask_how(self._persistence)
        post_room = self._post_room
        sender = {} if post_room is None else self._ask_how(post_room.sender)
        supervisor = self._ask_how(self._supervisor)
        return Ailments(
            database=database if isinstance(database, str) else database.get("database"),
            sender=sender if isinstance(sender, str) else None,
            supervisor=supervisor if isinstance(supervisor, str) else None,
            accounts=sender if isinstance(sender, dict) else {},
        )

    @staticmethod
    def _ask_how(ref: Ref[Any]) -> dict[str, str] | str:
        try:
            ailing: dict[str, str] = ref.ask(Ping(), block=True, timeout=_ANSWER_SECONDS)
        except (pykka.Timeout, pykka.ActorDeadError):
            return "does not answer"
        return ailing

    def live_conversations(self) -> int:
        """Count the conversations in memory.

        Raises:
            pykka.Timeout: if the supervisor does not answer.
        """
        return int(self._supervisor.ask(CountLive(), block=True, timeout=_ANSWER_SECONDS))

    def stop(self) -> None:
        """Stop in order, within about 10 s: no new work, last calls, last writes."""
        post_room = self._post_room
        if post_room is not None:
            post_room.drain()
        last = (self._supervisor, _ANSWER_SECONDS), (self._couriers, _LAST_CALLS_SECONDS)
        for who, seconds in last:
            with contextlib.suppress(pykka.Timeout):
                who.stop(timeout=seconds)
        if post_room is not None:
            post_room.end_keeping()
        with contextlib.suppress(pykka.Timeout):
            self._readers.stop(timeout=0)
        self._responders.stop()
        if post_room is not None:
            post_room.end_sending()
        with contextlib.suppress(pykka.Timeout):
            self._persistence.stop(timeout=_ANSWER_SECONDS)
        self._depart()
        self._dispatchers.stop()

    def _depart(self) -> None:
        """Do what is to be done once everything is written."""

    def _first_post_room(self) -> PostRoom | None:
        return self._open_post_room(self._persistence.tell)

    def _open_post_room(self, record: Callable[[Any], None]) -> PostRoom:
        return PostRoom(
            self._world,
            self._sender_policy,
            dispatchers=self._dispatchers,
            timers=self._timers,
            reads=self._reads,
            rests=self._rests,
            record=record,
            call=self._call,
            fetch=self._fetch,
        )

    def _supervisor_of_what(self) -> dict[str, Any]:
        return {}

    def _tell_sender(self, event: ToSender) -> None:
        if self._post_room is not None:
            _tell(self._post_room.sender, event)

    def _observe(self, event: object) -> None:
        observe_all(self._observers, event)

    def _fetch(self, wanted: FetchMessage) -> None:
        self._reads.count(wanted.missing.account_id, clock.now(), 1)
        self._readers.try_tell(wanted)

    def _call(self, call: ToCourier) -> None:
        # Reading back has threads of its own: it must not keep a reply from going.
        pool = self._couriers if isinstance(call, DeliverReply) else self._readers
        pool.tell(call)

    def _to_sender(self, event: ToSender) -> None:
        self._observe(event)
        self._tell_sender(event)

    def _route(self, event: Any) -> None:
        self._observe(event)
        if self._typing is not None and isinstance(event, PendingFound | FreezeChanged):
            self._typing.is_frozen = event.is_frozen
        if isinstance(event, MessagesEnded | MessagesMissed):
            return
        if isinstance(event, Kept):
            if self._post_room is not None:
                self._post_room.hear(event)
            return
        whom = self._whom(event)
        if whom is not None:
            _tell(whom, event)

    def _whom(self, event: Any) -> Ref[Any] | None:
        """Tell who asked for an event or wants it; all else is routed by contact."""
        post_room = self._post_room
        if isinstance(event, _FOR_THE_SENDER):
            return None if post_room is None else post_room.sender
        if isinstance(event, MessagesMissing):
            return None if post_room is None else post_room.gap_keeper
        return self._supervisor

    def _spawn(
        self, contact: ContactKey, first: MessageArrived | None, around: Surroundings
    ) -> Ref[Any]:
        return ConversationActor.start_on(self._dispatchers.shared, contact, around, first)


def _tell(ref: Ref[Any], message: object) -> None:
    # A call may outlast whoever waits for its end; the next run finds out how it ended.
    with contextlib.suppress(pykka.ActorDeadError):
        ref.tell(message)
