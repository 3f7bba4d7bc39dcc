import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pykka

from actors.conversation import ConversationActor, Surroundings
from actors.courier import CourierActor
from actors.gaps import LOOK_EVERY, GapKeeperActor
from actors.graph import Graph
from actors.keepers import Keepers, Keeping
from actors.names import NameDesk
from actors.persistence import PersistenceActor
from actors.placement import READERS, RESPONDERS, Dispatchers
from actors.pool import start_pool
from actors.presence import TypingDesk
from actors.reads import SharedReads
from actors.responder import Recall, ResponderActor, recall_nothing
from actors.runtime import Ref
from actors.sender import SenderActor
from actors.signals import CountLive, Drain, LookForGaps, Ping, SweepDue
from actors.supervisor import SupervisorActor
from actors.timers import Timers
from moca import clock
from moca.core.contact import ContactKey
from moca.core.messages import (
    AccountChanged,
    DeliverReply,
    FetchMessage,
    GenerateReply,
    HouseKept,
    KnownMidsListed,
    MessageArrived,
    MessagesEnded,
    MessagesMissing,
    NoticesFound,
    NoticeWritten,
    PendingFound,
    ReplyClaimed,
    ToCourier,
    ToSender,
)
from moca.core.messages.freezing import FreezeChanged
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.replies.generator import ReplyGenerator
from moca.storage.writer import Writer

_MOST_READS = 1000
_MOST_WAITING = 20_000
_ENOUGH_WAITING = 200
"""Past this, those who waited through a stop are taken up a little later."""
_ANSWER_SECONDS = 2.0
_LAST_CALLS_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the actors meet at the edges of the system."""

    open_writer: Callable[[], Writer]
    generator: ReplyGenerator
    recall: Recall = recall_nothing
    """Where a generator reads what was said before; called on the responders' threads."""
    connect: Callable[[], Graph]
    keeping: Keeping = field(default_factory=Keeping)
    draw: Callable[[], float] = random.random
    observers: Sequence[Callable[[object], None]] = ()
    """Shown every event of a send or of the database, to count and to log."""
    look_for_gaps_every: timedelta = LOOK_EVERY
    shows_typing: bool = False
    """Whether contacts see that a reply is being made."""
    escalate: Callable[[BaseException], None] | None = None
    """Told when an actor that everything depends on was given up."""


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
        self._observers = world.observers
        reads = SharedReads(sender.account_reads_per_second)
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
            "record": self._persistence.tell,
            **critical,
        }
        self._couriers = start_pool(CourierActor, sender.couriers, dispatchers.couriers, **courier)
        self._readers = start_pool(
            CourierActor, READERS, dispatchers.readers, capacity=_MOST_READS, **courier
        )
        self._responders = start_pool(
            ResponderActor,
            RESPONDERS,
            dispatchers.responders,
            generator=world.generator,
            notify=self._route,
            recall=world.recall,
            **critical,
        )
        self._typing = TypingDesk(self._readers, sender.per_second) if world.shows_typing else None
        self._sender: Ref[Any] = SenderActor.start_on(
            dispatchers.shared,
            policy=sender,
            reads=reads,
            record=self._persistence.tell,
            call=self._call,
            timers=timers,
            draw=world.draw,
            **critical,
        )
        around = Surroundings(
            policy=conversation,
            record=self._persistence.tell,
            generate=self._generate,
            read=NameDesk(self._readers, reads).read,
            notify=self._route,
            timers=timers,
        )
        self._supervisor: Ref[Any] = SupervisorActor.start_on(
            dispatchers.shared,
            record=self._persistence.tell,
            to_sender=self._sender.tell,
            spawn=lambda contact, first: self._spawn(contact, first, around),
            timers=timers,
            sweep=sender.sweep,
            is_busy=lambda: max(self.waiting().values()) >= _ENOUGH_WAITING,
            **critical,
        )
        self._gap_keeper: Ref[Any] = GapKeeperActor.start_on(
            dispatchers.shared,
            record=self._persistence.tell,
            fetch=lambda wanted: self._fetch(wanted, reads),
            every=world.look_for_gaps_every,
            timers=timers,
            **critical,
        )
        self._keepers = Keepers(
            world.keeping,
            dispatchers=dispatchers,
            record=self._persistence.tell,
            timers=timers,
            **critical,
        )
        self._sender.tell(SweepDue())
        self._supervisor.tell(SweepDue())
        self._gap_keeper.tell(LookForGaps())

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
            "sender": len(self._sender.actor_inbox),
            "responders": len(self._responders),
            "couriers": len(self._couriers),
        }

    def ailments(self) -> Ailments:
        """Ask the parts that everything depends on how they are."""
        database = self._ask_how(self._persistence)
        sender = self._ask_how(self._sender)
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
        with contextlib.suppress(pykka.ActorDeadError):
            self._sender.tell(Drain())
        self._supervisor.stop(timeout=_ANSWER_SECONDS)
        with contextlib.suppress(pykka.Timeout):
            self._couriers.stop(timeout=_LAST_CALLS_SECONDS)
        self._gap_keeper.stop(block=False)
        self._keepers.stop()
        for pool in (self._readers, self._responders):
            with contextlib.suppress(pykka.Timeout):
                pool.stop(timeout=0)
        for ref in (self._sender, self._persistence):
            with contextlib.suppress(pykka.Timeout):
                ref.stop(timeout=_ANSWER_SECONDS)
        self._dispatchers.stop()

    def _observe(self, event: object) -> None:
        for observe in self._observers:
            observe(event)

    def _generate(self, asked: GenerateReply) -> None:
        if self._typing is not None:
            self._typing.show(asked)
        self._responders.tell(asked)

    def _fetch(self, wanted: FetchMessage, reads: SharedReads) -> None:
        reads.count(wanted.missing.account_id, clock.now(), 1)
        self._readers.try_tell(wanted)

    def _call(self, call: ToCourier) -> None:
        # Reading back has threads of its own: it must not keep a reply from going.
        pool = self._couriers if isinstance(call, DeliverReply) else self._readers
        pool.tell(call)

    def _to_sender(self, event: ToSender) -> None:
        self._observe(event)
        self._sender.tell(event)

    def _route(self, event: Any) -> None:
        self._observe(event)
        if isinstance(event, MessagesEnded):
            return
        if isinstance(event, HouseKept | NoticeWritten | NoticesFound):
            self._keepers.hear(event)
            return
        with contextlib.suppress(pykka.ActorDeadError):
            self._whom(event).tell(event)

    def _whom(self, event: Any) -> Ref[Any]:
        """Tell who asked for an event or wants it; all else is routed by contact."""
        match event:
            case ReplyClaimed() | PendingFound() | KnownMidsListed():
                return self._sender
            case AccountChanged() | FreezeChanged():
                return self._sender
            case MessagesMissing():
                return self._gap_keeper
            case _:
                return self._supervisor

    def _spawn(
        self, contact: ContactKey, first: MessageArrived | None, around: Surroundings
    ) -> Ref[Any]:
        return ConversationActor.start_on(self._dispatchers.shared, contact, around, first)
