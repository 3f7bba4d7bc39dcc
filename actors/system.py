import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pykka

from actors.conversation import ConversationActor, ConversationContext
from actors.courier import CourierActor
from actors.dependencies import Dependencies
from actors.limited_reads import NameReader, SharedReads
from actors.persistence import PersistenceActor
from actors.responders import Responders
from actors.routes import Recipient, observe_all, recipient_of
from actors.runtime.actor import Ref
from actors.runtime.dispatchers import READERS, Dispatchers
from actors.runtime.pool import start_pool
from actors.runtime.timers import Timers
from actors.signals import CountLive, Ping, SweepDue
from actors.singletons import Singletons
from actors.supervisor import SupervisorActor
from actors.typing_indicator import TypingIndicator
from moca import clock
from moca.core.messages.delivery import DeliverReply, PendingFound
from moca.core.messages.inbound import FetchMessage, MessageArrived
from moca.core.messages.operator_actions import FreezeChanged
from moca.core.messages.recipients import ToCourier, ToSender
from moca.core.outbox.account_rests import AccountRests
from moca.core.policy import SenderPolicy
from moca.core.types import ContactKey

_MAX_READS = 1000
_MAX_WAITING = 20_000
_ENOUGH_WAITING = 200
"""Beyond this, conversations that waited through a restart are loaded a little later."""
_ENOUGH_GENERATIONS = 2_000
_ANSWER_SECONDS = 2.0
_LAST_CALLS_SECONDS = 5.0
_LAST_READS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class HealthProblems:
    """The problem of each part; None if it is healthy."""

    database: str | None
    sender: str | None
    supervisor: str | None
    accounts: Mapping[str, str]


class SystemOverloaded(Exception):  # noqa: N818 - the name states the error
    """Raised when a command is refused because too many are waiting."""


class System:
    """The wired actors of one process; started on creation, stopped in order by `stop`."""

    _MAKES_SUPERVISOR: type[SupervisorActor] = SupervisorActor
    """A cluster's node has its own subclass."""

    def __init__(
        self,
        *,
        sender: SenderPolicy,
        dependencies: Dependencies,
        dispatchers: Dispatchers,
        timers: Timers,
    ) -> None:
        self._dispatchers = dispatchers
        self._dependencies = dependencies
        self._sender_policy = sender
        self._timers = timers
        self._observers = dependencies.observers
        self._rests = AccountRests()
        self._reads = reads = SharedReads(sender.account_reads_per_second)
        critical: dict[str, Any] = {"escalate": dependencies.escalate}
        self._persistence = PersistenceActor.start_on(
            dispatchers.persistence,
            open_writer=dependencies.open_writer,
            notify=self._route,
            timers=timers,
            **critical,
        )
        courier: dict[str, Any] = {
            "connect": dependencies.connect,
            "notify": self._to_sender,
            # A call may outlast the writer; the next run settles its outcome.
            "record": self._persistence.tell_if_alive,
            **critical,
        }
        self._couriers = start_pool(
            CourierActor, sender.couriers, dispatchers.couriers, at_once=1, **courier
        )
        self._readers = start_pool(
            CourierActor, READERS, dispatchers.readers, capacity=_MAX_READS, **courier
        )
        typing = TypingIndicator(self._readers, sender.per_second, self._rests)
        self._typing = typing if dependencies.shows_typing else None
        self._responders = Responders(
            dependencies,
            dispatchers.responders,
            notify=self._route,
            show=None if self._typing is None else self._typing.show,
        )
        self._singletons = self._first_singletons()
        context = ConversationContext(
            policy_of=lambda account_id: dependencies.bot_of(account_id).policy,
            record=self._persistence.tell,
            generate=self._responders.generate,
            withdraw=self._responders.withdraw,
            check=self._responders.check,
            read=NameReader(self._readers, reads).read,
            notify=self._route,
            timers=timers,
        )
        self._supervisor = self._MAKES_SUPERVISOR.start_on(
            dispatchers.shared,
            record=self._persistence.tell,
            to_sender=self._tell_sender,
            spawn=lambda contact, first: self._spawn(contact, first, context),
            timers=timers,
            sweep=sender.sweep,
            is_busy=self._is_busy,
            **self._supervisor_of_what(),
            **critical,
        )
        self._supervisor.tell(SweepDue())
        if self._singletons is not None:
            self._singletons.open()

    def tell(self, command: object) -> None:
        """Pass a command from outside to the writer.

        Raises:
            SystemOverloaded: If more waits than can be processed in good time.
            pykka.ActorDeadError: If the system has stopped.
        """
        for place, waiting in self.waiting().items():
            if waiting >= _MAX_WAITING:
                raise SystemOverloaded(f"{waiting} messages wait for the {place}")
        self._persistence.tell(command)

    def waiting(self) -> dict[str, int]:
        """Return how many messages wait for each singleton or pool."""
        return {
            "supervisor": len(self._supervisor.actor_inbox),
            "persistence": len(self._persistence.actor_inbox),
            "sender": 0 if self._singletons is None else len(self._singletons.sender.actor_inbox),
            "responders": len(self._responders),
            "couriers": len(self._couriers),
        }

    def _is_busy(self) -> bool:
        waiting = self.waiting()
        # A slow generator must not delay loading the other conversations.
        generations = waiting.pop("responders")
        return generations >= _ENOUGH_GENERATIONS or max(waiting.values()) >= _ENOUGH_WAITING

    def seats_held(self) -> int | None:
        """Return how many of the cluster's seats this node holds; None on a single machine."""
        return None

    def health_problems(self) -> HealthProblems:
        """Return the problems of the vital parts."""
        database = self._ask_how(self._persistence)
        singletons = self._singletons
        sender = {} if singletons is None else self._ask_how(singletons.sender)
        supervisor = self._ask_how(self._supervisor)
        return HealthProblems(
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
            return "not responding"
        return ailing

    def live_conversations(self) -> int:
        """Return how many conversations are in memory.

        Raises:
            pykka.Timeout: If the supervisor does not answer.
        """
        return int(self._supervisor.ask(CountLive(), block=True, timeout=_ANSWER_SECONDS))

    def stop(self) -> None:
        """Stop in order, within about 10 s: no new work, last calls, last writes."""
        singletons = self._singletons
        if singletons is not None:
            singletons.drain()
        last = (self._supervisor, _ANSWER_SECONDS), (self._couriers, _LAST_CALLS_SECONDS)
        for who, seconds in last:
            with contextlib.suppress(pykka.Timeout):
                who.stop(timeout=seconds)
        if singletons is not None:
            singletons.stop_jobs()
        with contextlib.suppress(pykka.Timeout):
            self._readers.stop(timeout=_LAST_READS_SECONDS)
        self._responders.stop()
        if singletons is not None:
            singletons.stop_sender()
        with contextlib.suppress(pykka.Timeout):
            self._persistence.stop(timeout=_ANSWER_SECONDS)
        self._finish()
        self._dispatchers.stop()

    def _finish(self) -> None:
        """Finish up once everything is written."""

    def _first_singletons(self) -> Singletons | None:
        return self._open_singletons(self._persistence.tell, self._call)

    def _open_singletons(
        self, record: Callable[[Any], None], call: Callable[[ToCourier], None]
    ) -> Singletons:
        return Singletons(
            self._dependencies,
            self._sender_policy,
            dispatchers=self._dispatchers,
            timers=self._timers,
            reads=self._reads,
            rests=self._rests,
            record=record,
            call=call,
            fetch=self._fetch,
        )

    def _supervisor_of_what(self) -> dict[str, Any]:
        return {}

    def _tell_sender(self, event: ToSender) -> None:
        if self._singletons is not None:
            self._singletons.sender.tell_if_alive(event)

    def _observe(self, event: object) -> None:
        observe_all(self._observers, event)

    def _fetch(self, wanted: FetchMessage) -> None:
        self._reads.count(wanted.missing.account_id, clock.now(), 1)
        self._readers.try_tell(wanted)

    def _call(self, call: ToCourier) -> None:
        # Reconciliation reads on its own threads: it must not delay a reply.
        pool = self._couriers if isinstance(call, DeliverReply) else self._readers
        pool.tell(call)

    def _to_sender(self, event: ToSender) -> None:
        self._observe(event)
        self._tell_sender(event)

    def _route(self, event: object) -> None:
        self._observe(event)
        if self._typing is not None and isinstance(event, PendingFound | FreezeChanged):
            self._typing.is_frozen = event.is_frozen
        ref = self._recipient(event)
        if ref is not None:
            ref.tell_if_alive(event)

    def _recipient(self, event: object) -> Ref[Any] | None:
        recipient = recipient_of(event)
        if recipient is Recipient.SUPERVISOR:
            return self._supervisor
        return None if self._singletons is None else self._singletons.recipients.get(recipient)

    def _spawn(
        self, contact: ContactKey, first: MessageArrived | None, context: ConversationContext
    ) -> Ref[Any]:
        return ConversationActor.start_on(self._dispatchers.shared, contact, context, first)
