from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from moca.core.accounts import Account, SealedToken
from moca.core.messages import Command
from moca.core.messages.accounts import StoreAccount
from moca.core.messages.operators import Deed
from tests.simulation.clockwork import Clockwork
from tests.simulation.doings import Doings
from tests.simulation.instagram import Instagram, instant
from tests.simulation.ledger import Ledger
from tests.simulation.liveness import Liveness
from tests.simulation.mishaps import Mishaps
from tests.simulation.operator import Operator
from tests.simulation.oracle import Oracle
from tests.simulation.process import DiedError, Process
from tests.simulation.sayings import said_in
from tests.simulation.script import (
    ActorCrashes,
    AnswersByHand,
    ClockSteps,
    Dies,
    DiskFails,
    Edits,
    LosesCommits,
    LosesEvents,
    Notices,
    Operates,
    PassesThread,
    Renews,
    Script,
    SenderCrashes,
    Unsends,
    Writes,
)
from tests.simulation.trace import Trace
from tests.simulation.verdict import judge_the_end
from tests.simulation.webhooks import Webhooks

_LONGEST_REST = 3600.0
_MOST_STEPS = 100_000
_MOMENT = 0.001


@dataclass(frozen=True)
class Result:
    """What became of a run."""

    script: Script
    broken: tuple[str, ...]
    trace: tuple[str, ...]
    hash: str
    messages: int
    crashes: int
    faults: int
    steps: int
    seconds: float

    def without_trace(self) -> "Result":
        return replace(self, trace=())


class Simulation:
    """One run: a process of Moca, Instagram, people, an operator, and what befalls them."""

    def __init__(self, script: Script, path: Path) -> None:
        self.script = script
        self.clockwork = Clockwork()
        self.trace = Trace(self.clockwork)
        self.ledger = Ledger(path)
        self.webhooks = Webhooks(self.clockwork, self.trace, script.figures.batches)
        self.instagram = Instagram(script, self.clockwork, self.webhooks, self.trace)
        self.doings = Doings(self.clockwork, self.instagram, self.webhooks)
        self.oracle = Oracle(script, self.clockwork, self.ledger, self.instagram)
        self.process = Process(
            path, script, self.clockwork, self.instagram, self.trace, self._observe
        )
        self.liveness = Liveness(script.figures, self.clockwork, self.ledger, self)
        self.operator = Operator(self.ledger, self.instagram, self.clockwork)
        self.mishaps = Mishaps(
            self.clockwork, self.trace, self.process, self.oracle, self.liveness, self._hang_up
        )
        self.steps = 0
        self._carry_out: dict[type, Callable[[Any], None]] = {
            Writes: self.doings.writes,
            Edits: self.doings.edits,
            Unsends: self.doings.unsends,
            Notices: self.doings.notices,
            PassesThread: self.doings.passes_thread,
            AnswersByHand: self.doings.answers_by_hand,
            Operates: self._operates,
            Renews: self._renews,
            Dies: self.mishaps.dies,
            SenderCrashes: self.mishaps.sender_crashes,
            ActorCrashes: self.mishaps.actor_crashes,
            LosesEvents: self.mishaps.loses_events,
            LosesCommits: self.mishaps.loses_commits,
            DiskFails: self.mishaps.disk_fails,
            ClockSteps: self.mishaps.clock_steps,
        }
        """What each happening that has an instant does; the others are looked up by number."""
        self._wire()

    def run(self) -> Result:
        self.process.start()
        for each in self.script.happenings:
            if carry_out := self._carry_out.get(type(each)):
                self.clockwork.after(each.at, partial(carry_out, each))
        self._lives_until(self.script.ends_at + 1)
        self._comes_to_rest()
        if not self.oracle.broken:
            judge_the_end(self)
        self._write_down_the_end()
        return self._result()

    def close(self) -> None:
        self.process.die()
        self.ledger.close()

    def _wire(self) -> None:
        self.webhooks.post = self.process.post
        self.webhooks.acknowledged = self.oracle.acknowledged
        self.instagram.call_started = self.oracle.call_started
        self.instagram.call_ended = self.oracle.call_ended
        self.instagram.told_to_wait = self.oracle.pace.told_to_wait
        self.instagram.account_refused = self._account_refused
        self.operator.overruled = self.oracle.overruled
        self.operator.rewords = self.process.generator.reword

    def _observe(self, event: object) -> None:
        self.trace.observe(event)
        self.oracle.observe(event)
        self.liveness.observe(event)

    def _account_refused(self, account_id: str, wait: timedelta | None) -> None:
        self.oracle.pace.stopped.add(account_id)
        self.liveness.account_refused(account_id, wait)

    def _lives_until(self, end: float) -> None:
        while not self.oracle.broken:
            if self.steps > _MOST_STEPS:
                self.oracle.is_broken(0, "the actors come to no rest")
            if self._moves():
                continue
            due = self._next_due()
            self.liveness.passes(min(filter(None, (due, instant(end)))))
            if due is None or due > instant(end):
                self.clockwork.pass_to(end)
                return
            self.clockwork.true = max(self.clockwork.true, due)

    def _next_due(self) -> datetime | None:
        nearest = [self.clockwork.agenda.next_at()]
        if self.process.system is not None:
            nearest.append(self.process.timers.agenda.next_at())
        return min((each for each in nearest if each is not None), default=None)

    def _moves(self) -> bool:
        """Let one thing happen that happens at this instant."""
        if self.clockwork.do_due() or self.process.send_due():
            return True
        try:
            stepped = self.process.step()
        except DiedError:
            self.mishaps.die()
            return True
        if stepped:
            self._after_step()
        return stepped

    def _after_step(self) -> None:
        self.steps += 1
        self.clockwork.spend(self.process.step_cost())
        for crash in self.process.stage.crashes:
            self.oracle.crashed(crash.actor.split("(")[0], crash.doing, crash.error)
        self.process.stage.crashes.clear()
        self.mishaps.stepped()

    def _operates(self, act: Operates) -> None:
        command = self.operator.command(act)
        if command is None:
            return
        self.trace.tell(f"the operator: {act.action} {act.contact.psid}")
        if act.action in ("resume", "reopen", "close", "pause"):
            self.oracle.freed.add(act.contact)
            self.oracle.takeovers.freed.add(act.contact)
        self._hand_in(command)
        for later in act.repeats:
            self.clockwork.after(later, partial(self._asks_again, command))

    def _asks_again(self, deed: Deed) -> None:
        self.trace.tell("the operator: the same again")
        self._hand_in(self.oracle.takeovers.again(deed))

    def _hand_in(self, command: Command) -> None:
        self.oracle.control.asked(command)
        self.oracle.takeovers.asked(command)
        self.process.post(command)

    def _renews(self, renews: Renews) -> None:
        now = self.clockwork.now()
        account, token = Account(account_id=renews.account_id), SealedToken("sealed", now)
        self.process.post(StoreAccount(account, token, now, replaces=True, receipt=Future()))

    def _hang_up(self) -> None:
        self.webhooks.process_died()
        self.instagram.hangs_up(0.3 * self.script.figures.settle)

    def _comes_to_rest(self) -> None:
        """Let time run on without faults until nothing is left to do, settling by hand late."""
        began = self.clockwork.seconds
        longest = self._longest_rest()
        while not self.oracle.broken and not self._is_at_rest():
            waited = self.clockwork.seconds - began
            if waited > longest:
                if self.webhooks.untold:
                    self.oracle.is_broken(1, "a webhook is never acknowledged")
                break
            for command in self.operator.settle_all():
                self._judge_unsettled(command.item_id)
                self.process.post(command)
            for command in self.operator.release():
                self._hand_in(command)
            self._lives_until(self.clockwork.seconds + 20)
        self._falls_asleep()

    def _longest_rest(self) -> float:
        figures, happenings = self.script.figures, self.script.happenings
        if figures.private_replies_per_hour > 1:
            return _LONGEST_REST
        # One goes in an hour, and one that is tried again takes an hour again.
        comments = sum(isinstance(each, Writes) and each.is_comment for each in happenings)
        return (1 + comments * figures.max_attempts) * _LONGEST_REST

    def _falls_asleep(self) -> None:
        """Let time run on until every conversation has been let go."""
        figures = self.script.figures
        latest = self.clockwork.seconds + 2 * (figures.idle + figures.cooldown) + 30
        self._lives_until(self.clockwork.seconds + 2 * figures.settle)
        while not self.oracle.broken and not self.process.is_idle:
            if self.clockwork.seconds >= latest - _MOMENT:
                if not self.oracle.has_lost_events:
                    self.oracle.is_broken(0, "conversations stay in memory")
                break
            self._lives_until(min(self.clockwork.seconds + figures.idle / 2, latest))

    def _judge_unsettled(self, item_id: int) -> None:
        (item,) = self.ledger.items("q.id = ?", item_id)
        if said_in(item) not in {text for _, text in self.instagram.unreadable}:
            self.oracle.is_broken(3, f"item {item_id} stays unknown though it can be settled")

    def _is_at_rest(self) -> bool:
        return not (
            self.webhooks.untold
            or self.instagram.on_the_way
            or self.process.system is None
            or self.process.backstage.is_waiting
            or self.ledger.count(
                "SELECT EXISTS (SELECT 1 FROM message WHERE role = 'user' AND outcome IS NULL)"
            )
            or self.ledger.count(
                "SELECT EXISTS (SELECT 1 FROM queue_item WHERE status IN "
                "('pending', 'sending', 'unknown'))"
            )
            or self.ledger.count("SELECT EXISTS (SELECT 1 FROM event WHERE look_at IS NOT NULL)")
        )

    def _write_down_the_end(self) -> None:
        for row in self.ledger.messages():
            told = (row["id"], row["mid"], row["author"], row["status"], row["outcome"])
            self.trace.tell(f"message {told} {row['because']}")
        for row in self.ledger.items():
            self.trace.tell(f"item {row['id']} {row['status']} {row['attempts']} {row['because']}")
        for what in self.oracle.broken:
            self.trace.tell(f"BROKEN {what}")

    def _result(self) -> Result:
        return Result(
            script=self.script,
            broken=tuple(self.oracle.broken),
            trace=tuple(self.trace.lines),
            hash=self.trace.hash(),
            messages=len(self.doings.written),
            crashes=self.mishaps.crashes,
            faults=self.mishaps.faults + self.instagram.faults + self.process.generator.faults,
            steps=self.steps,
            seconds=self.clockwork.seconds,
        )
