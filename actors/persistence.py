import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import InvalidStateError
from datetime import datetime, timedelta
from typing import Any

import structlog

from actors.event_log import log_arrivals
from actors.runtime.actor import MailboxActor
from actors.runtime.timers import Timers
from actors.signals import Commit, Ping
from moca import clock
from moca.core.messages.cluster import Fenced
from moca.core.messages.command import Command
from moca.core.messages.delivery import ClaimReply, ReplyDropped
from moca.core.messages.inbound import MessageArrived
from moca.core.types import ContactKey
from moca.logs import where_raised
from moca.storage.db.connection import UNAVAILABLE
from moca.storage.writer import Writer, Written


class Arrivals:
    """Stored messages not yet announced, while other webhooks still wait for their commit.

    Args:
        max_wait: The longest that one waits.
        capacity: How many wait at most before the oldest must go.
        portion: How many go at once.
    """

    def __init__(self, max_wait: timedelta, capacity: int, portion: int) -> None:
        self._max_wait = max_wait
        self._capacity = capacity
        self._portion = portion
        self._count = 0
        self._waiting: dict[ContactKey, deque[tuple[datetime, MessageArrived]]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, arrived: MessageArrived, now: datetime) -> None:
        """Queue a message behind the others."""
        self._waiting.setdefault(arrived.contact, deque()).append((now, arrived))
        self._count += 1

    def take_of(self, contact: ContactKey) -> list[MessageArrived]:
        """Remove and return one contact's messages, before another of its events is announced."""
        taken = [arrived for _, arrived in self._waiting.pop(contact, ())]
        self._count -= len(taken)
        return taken

    def take(self, now: datetime, *, in_hurry: bool) -> list[MessageArrived]:
        """Remove and return a portion, oldest contacts first; in a hurry, only those overdue."""
        taken: list[MessageArrived] = []
        while self._waiting and len(taken) < self._portion:
            contact, arrivals = next(iter(self._waiting.items()))
            if in_hurry and not self._must_go(arrivals[0][0], now):
                break
            taken += self.take_of(contact)
        return taken

    def _must_go(self, since: datetime, now: datetime) -> bool:
        # After a clock was set back, no message may be stuck waiting.
        return self._count > self._capacity or not since <= now < since + self._max_wait


log = structlog.get_logger()

_RETRY_AFTER = timedelta(seconds=1)
_A_CROWD = 8
"""From this many waiters per commit on, the next commit waits for those still arriving."""
_BREATH = timedelta(milliseconds=1)
_BREATHS_FOR_THE_CROWD = 10
_PATIENCE = timedelta(seconds=2)
_MAX_ARRIVALS = 20_000
_PORTION = 256


class PersistenceActor(MailboxActor):
    """The only writer: gathers commands and executes them in one commit.

    Receipts are answered and events reported after the commit, in order. What cannot be written
    because the database is unavailable is retried, except commands with a waiting caller, which
    fail at once. While many wait for their commit, arrivals are announced a little later: Instagram
    is owed an answer at once, a contact only after the debounce.
    """

    def __init__(
        self,
        *,
        open_writer: Callable[[], Writer],
        notify: Callable[[object], None],
        timers: Timers,
    ) -> None:
        super().__init__()
        self._open_writer = open_writer
        self._notify = notify
        self._timers = timers
        self._gathered: list[Command] = []
        self._arrivals = Arrivals(_PATIENCE, _MAX_ARRIVALS, _PORTION)
        self._crowd = 0
        self._is_called = False
        self._write_problem = ""

    def on_start(self) -> None:
        """Open the database on the thread that uses it."""
        self._writer = self._open_writer()

    def on_restart(self) -> None:
        """Continue with the gathered commands; only the message that raised is lost."""
        self.on_start()
        self._call_for_commit()

    def on_crash(self, message: object, error: Exception) -> None:
        """Restart; the caller who waits for the lost message is answered with the error."""
        self._refuse_waiting(message, error)
        super().on_crash(message, error)

    def on_receive(self, message: Any) -> Any:
        """Gather a command, or execute the gathered ones."""
        match message:
            case Commit():
                self._is_called = False
                self._commit()
            case Ping():
                self._commit()
                self._probe_database()
            case _:
                self._gather(message)
        return {"database": self._write_problem} if self._write_problem else {}

    def on_stop(self) -> None:
        """Write what is gathered, then close the database."""
        self._crowd = 0
        self._commit()
        while self._arrivals:
            self._announce_arrivals()
        self._writer.close()

    def _gather(self, command: Command) -> None:
        self._gathered.append(command)
        if not self._is_called:
            self._call_for_commit()

    def _call_for_commit(self) -> None:
        self._is_called = True
        if self._crowd >= _A_CROWD:
            self._wait_for_the_crowd()
        self.actor_ref.tell(Commit())

    def _wait_for_the_crowd(self) -> None:
        # Messages that arrive meanwhile wake no thread, as they would after the turn. Half of the
        # waiters is enough: while these are written, the others are read.
        for _ in range(_BREATHS_FOR_THE_CROWD):
            if len(self.actor_inbox) + len(self._gathered) >= self._crowd / 2:
                return
            self.actor_inbox.dispatcher.linger(_BREATH)

    def _commit(self) -> None:
        commands, self._gathered = self._gathered, []
        waiting = sum(getattr(command, "receipt", None) is not None for command in commands)
        self._crowd = max(waiting, self._crowd * 7 // 8)
        if commands:
            self._carry_out(commands)
        self._announce_arrivals()
        if self._arrivals and not self._is_called:
            self._call_for_commit()

    def _carry_out(self, commands: Sequence[Command]) -> None:
        try:
            written = self._writer.apply(commands)
        except UNAVAILABLE as error:
            self._keep(commands, error)
        except Exception:  # noqa: BLE001 - one bad command must not cost the others
            self._commit_one_by_one(commands)
        else:
            self._announce(written)
            self._probe_database()

    def _commit_one_by_one(self, commands: Sequence[Command]) -> None:
        for place, command in enumerate(commands):
            try:
                written = self._writer.apply([command])
            except UNAVAILABLE as error:
                # Together with all that come after it, or those would be written before it.
                self._keep(commands[place:], error)
                return
            except Exception as error:  # noqa: BLE001
                self._refuse(command, error)
            else:
                self._announce(written)

    def _probe_database(self) -> None:
        if not self._write_problem:
            return
        try:
            self._writer.probe()
        except UNAVAILABLE:
            return
        self._write_problem = ""
        log.info("database_available")

    def _announce(self, written: Written) -> None:
        for receipt, answer in written.answers:
            with contextlib.suppress(InvalidStateError):
                receipt.set_result(answer)
        log_arrivals(written.events)
        now = clock.now()
        for event in (*written.events, *written.ended):
            if isinstance(event, MessageArrived):
                self._arrivals.put(event, now)
            else:
                self._tell(event)

    def _tell(self, event: object) -> None:
        if self._arrivals and (contact := getattr(event, "contact", None)) is not None:
            for arrived in self._arrivals.take_of(contact):
                self._tell_one(arrived)
        self._tell_one(event)

    def _tell_one(self, event: object) -> None:
        # It is committed: a failing listener must neither repeat the write nor silence others.
        try:
            self._notify(event)
        except Exception:
            log.exception("event_not_announced", event_type=type(event).__name__)

    def _announce_arrivals(self) -> None:
        for arrived in self._arrivals.take(clock.now(), in_hurry=self._crowd >= _A_CROWD):
            self._tell_one(arrived)

    def _keep(self, commands: Sequence[Command], error: Exception) -> None:
        self._write_problem = f"cannot be written: {type(error).__name__}"
        log.error("database_unavailable", error=type(error).__name__, commands=len(commands))
        kept = [command for command in commands if not self._refuse_waiting(command, error)]
        self._gathered[:0] = kept
        if kept:
            self._is_called = True
            tell = self.actor_ref.tell
            self._timers.later(clock.now() + _RETRY_AFTER, lambda: tell(Commit()))

    def _refuse(self, command: Command, error: Exception) -> None:
        log.error(
            "write_refused",
            command=type(command).__name__,
            error=type(error).__name__,
            where=where_raised(error),
        )
        self._refuse_waiting(command, error)
        claim = command.command if isinstance(command, Fenced) else command
        if isinstance(claim, ClaimReply):
            # Or the sender would wait for it, and count it among those about to go.
            reply, because = claim.reply, f"it cannot be claimed: {type(error).__name__}"
            self._tell(ReplyDropped(reply.contact, reply.item_id, because))

    @staticmethod
    def _refuse_waiting(command: object, error: Exception) -> bool:
        receipt = getattr(command, "receipt", None)
        if receipt is None:
            return False
        with contextlib.suppress(InvalidStateError):
            receipt.set_exception(error)
        return True
