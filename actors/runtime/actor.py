import abc
import contextlib
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any, ClassVar, NoReturn, Self, TypeVar

import pykka

from actors.runtime.future import Envelope, MailboxFuture, refuse
from actors.runtime.mailbox import Dispatcher, Mailbox
from actors.runtime.supervision import Crash, RestartBudget
from moca import clock

A = TypeVar("A", bound="MailboxActor")

_numbers = count(1)


class StopFlag:
    """A `threading.Event` for Pykka's actors at 40 bytes instead of 1 KB."""

    __slots__ = ("_set",)

    def __init__(self) -> None:
        self._set = False

    def is_set(self) -> bool:
        """Return whether the actor has stopped."""
        return self._set

    def set(self) -> None:
        """Mark the actor as stopped, permanently."""
        self._set = True


class Ref(pykka.ActorRef[A]):
    """Pykka's reference, with a bounded `tell`."""

    actor_inbox: Mailbox  # type: ignore[assignment]

    def try_tell(self, message: object) -> bool:
        """Send a message; return False if the mailbox is at capacity.

        Raises:
            ActorDeadError: If the actor has stopped.
        """
        return self.actor_inbox.offer(Envelope(message))

    def tell_if_alive(self, message: object) -> None:
        """Send a message, unless the actor has stopped."""
        with contextlib.suppress(pykka.ActorDeadError):
            self.tell(message)


class MailboxActor(pykka.Actor):
    """A Pykka actor that needs a mailbox instead of a thread: its dispatcher runs its turns.

    Start it with `start_on`. It is not in the registry: the starter keeps the reference and stops
    it. If `on_receive` raises on a tell, only that message is lost: the reference, the mailbox and
    the waiting messages stay, and `on_crash` decides how to continue. An exception on an ask goes
    to the asker. All hooks run on the dispatcher, `__init__` on the starter's thread.
    """

    budget: ClassVar[RestartBudget] = RestartBudget()
    """How often the actor may restart in place; see `restart`."""

    outages: ClassVar[tuple[type[Exception], ...]] = ()
    """Errors that cost no budget: something that the actor needs is down, and it asks again later.

    Only for actors whose `on_restart` waits."""

    escalate: Callable[[BaseException], None] | None = None
    """Called on the actor's thread with the error for which the actor was given up."""

    # Neither Pykka's own loop nor its registry, which require more of the two, ever use them.
    actor_inbox: Mailbox  # type: ignore[assignment]
    actor_stopped: StopFlag  # type: ignore[assignment]
    _actor_ref: Ref[Any]

    _begun = False
    _restarted_at: tuple[datetime, ...] = ()

    def __init__(self) -> None:
        # Skips Pykka's __init__: its Event and UUID alone cost more than all of this.
        self.actor_urn = f"moca:{next(_numbers)}"
        self.actor_inbox = self._create_actor_inbox()
        self.actor_stopped = StopFlag()
        self._actor_ref = Ref(self)

    @classmethod
    def start_on(
        cls,
        dispatcher: Dispatcher,
        *args: object,
        capacity: int | None = None,
        escalate: Callable[[BaseException], None] | None = None,
        **kwargs: object,
    ) -> Ref[Self]:
        """Create the actor and run `on_start` on the dispatcher, before any message.

        Args:
            dispatcher: Runs the actor's turns.
            *args: Passed to the constructor.
            capacity: Waiting messages beyond which `Ref.try_tell` refuses; None for no limit.
            escalate: Called with the error when the actor is given up.
            **kwargs: Passed to the constructor.
        """
        actor = cls(*args, **kwargs)
        actor.actor_inbox.attach(dispatcher, capacity)
        return actor.launch(actor.actor_inbox, escalate)

    @classmethod
    def start(cls, *_args: object, **_kwargs: object) -> NoReturn:
        """Refuse: a mailbox actor needs a dispatcher.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"Start it with {cls.__name__}.start_on(dispatcher, ...).")

    def launch(
        self, mailbox: Mailbox, escalate: Callable[[BaseException], None] | None
    ) -> Ref[Self]:
        """Attach the actor to a mailbox, which other actors may share. Call it once."""
        self.actor_inbox = self._actor_ref.actor_inbox = mailbox
        if escalate is not None:
            self.escalate = escalate
        self._start_actor_loop()
        return self.actor_ref

    @property
    def actor_ref(self) -> Ref[Self]:
        """Return the reference to pass to others."""
        return self._actor_ref

    @abc.abstractmethod
    def on_receive(self, message: Any) -> object:
        """Handle one message; the return value answers an ask."""

    def on_restart(self) -> None:
        """Reset the state after a crash; an exception here counts as another crash."""
        self.on_start()

    def on_crash(self, message: object, error: Exception) -> None:  # noqa: ARG002
        """Decide how to continue after `error`; `restart` by default.

        Args:
            message: The message being handled; None if `on_start` raised.
            error: The exception. An exception in this hook gives the actor up.
        """
        self.restart(error)

    def restart(self, error: Exception) -> None:
        """Restart in place with `on_restart`; beyond the budget, give the actor up."""
        is_free = isinstance(error, self.outages)
        while is_free or self._spend_budget():
            is_free = False
            try:
                self.on_restart()
            except Exception as again:  # noqa: BLE001
                error = again
            else:
                return
        self.give_up(error)

    def give_up(self, error: BaseException) -> None:
        """End for good: run `on_failure`, refuse waiting messages, pass the error to `escalate`."""
        if self.actor_stopped.is_set():
            return
        self._end(self.on_failure, type(error), error, error.__traceback__)
        if self.escalate is not None:
            self.escalate(error)

    def abandon(self) -> None:
        """End without `on_stop`: the dispatcher has stopped and runs no more turns."""
        if not self.actor_stopped.is_set():
            self._end(lambda: None)

    def run_turn(self, messages: int) -> None:
        """Handle up to `messages` waiting messages; `on_start` counts as the first.

        Called by the dispatcher only, on one thread at a time.
        """
        if not self._begun:
            self._begin()
            messages -= 1
        while messages > 0 and not self.actor_stopped.is_set():
            envelope = self.actor_inbox.take()
            if envelope is None:
                break
            self._deliver(envelope)
            messages -= 1
        if not self.actor_stopped.is_set():
            self.actor_inbox.release(self)

    @staticmethod
    def _create_actor_inbox() -> Any:
        return Mailbox()

    @staticmethod
    def _create_future() -> MailboxFuture:
        return MailboxFuture()

    def _start_actor_loop(self) -> None:
        self.actor_inbox.dispatcher.schedule(self)

    def _begin(self) -> None:
        self._begun = True
        try:
            self.on_start()
        except Exception as error:  # noqa: BLE001
            self._crash(None, error)

    def _deliver(self, envelope: Envelope) -> None:
        try:
            answer = self._handle_receive(envelope.message)
        except Exception as error:  # noqa: BLE001
            if envelope.reply_to is None:
                self._crash(envelope.message, error)
            else:
                envelope.reply_to.set_exception()
        else:
            if envelope.reply_to is not None:
                envelope.reply_to.set(answer)

    def _crash(self, message: object, error: Exception) -> None:
        try:
            self.on_crash(message, error)
        except Exception as worse:  # noqa: BLE001
            error = worse
            self.give_up(worse)
        self._report("on_start" if message is None else type(message).__name__, error)

    def _stop(self) -> None:
        self._end(self.on_stop)

    def _end(self, hook: Callable[..., None], *args: object) -> None:
        self.actor_stopped.set()
        closed = self.actor_inbox.leave()
        try:
            hook(*args)
        except Exception as error:  # noqa: BLE001
            self._report(hook.__name__, error)
        while closed and (envelope := self.actor_inbox.take()) is not None:
            refuse(envelope)

    def _spend_budget(self) -> bool:
        allowed, self._restarted_at = self.budget.spend(self._restarted_at, clock.now())
        return allowed

    def _report(self, doing: str, error: BaseException) -> None:
        handled = self.escalate is not None or not self.actor_stopped.is_set()
        self.actor_inbox.dispatcher.report(Crash(str(self), doing, error, handled))
