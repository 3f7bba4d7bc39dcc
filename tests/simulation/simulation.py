from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from moca.core.content.content import Content
from moca.core.inbound.events import Event
from moca.core.outbox.queued_reply import ReplyAddress
from moca.core.types import ContactKey
from tests.simulation.instagram.instagram import SimulatedInstagram, instant
from tests.simulation.instagram.texts import said, said_in
from tests.simulation.instagram.webhooks import Webhooks
from tests.simulation.oracle.disclosure import Disclosures
from tests.simulation.oracle.erasures import Erasures
from tests.simulation.oracle.feed import FeedWatch
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle.ledger import Ledger
from tests.simulation.oracle.liveness import Liveness
from tests.simulation.oracle.oracle import Oracle
from tests.simulation.oracle.team.held_replies import HeldReplies
from tests.simulation.oracle.team.reports import ReportWatch
from tests.simulation.oracle.team.subscriptions import SubscriberWatch
from tests.simulation.oracle.verdict import judge_all
from tests.simulation.result import Result
from tests.simulation.runtime.bots import BotWatch
from tests.simulation.runtime.contact_actions import ContactActions
from tests.simulation.runtime.incidents import Incidents
from tests.simulation.runtime.operator import SimulatedOperator
from tests.simulation.runtime.process import DiedError, Process
from tests.simulation.runtime.requests import Requests
from tests.simulation.runtime.virtual_time import Clockwork
from tests.simulation.trace import Trace
from tests.simulation.worlds.script import (
    ActorCrashes,
    AnswersByHand,
    ClockSteps,
    Dies,
    DiskFails,
    Edits,
    Erases,
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

_MAX_REST = 3600.0
_MOST_STEPS = 100_000
_MOMENT = 0.001


class Simulation:
    """One run: a process of Moca, Instagram, people, an operator, and what befalls them."""

    _PROCESS: type = Process
    _INCIDENTS: type = Incidents  # A cluster has some of its own.

    def __init__(self, script: Script, path: Path) -> None:
        self.script = script
        self.clockwork = Clockwork()
        self.trace = Trace(self.clockwork)
        self.ledger = Ledger(path)
        self.webhooks = Webhooks(self.clockwork, self.trace, script.settings.batches)
        self.instagram = SimulatedInstagram(script, self.clockwork, self.webhooks, self.trace)
        self.contact_actions = ContactActions(self.clockwork, self.instagram, self.webhooks)
        self.oracle = Oracle(script, self.clockwork, self.ledger, self.instagram)
        self.process = self._PROCESS(
            path, script, self.clockwork, self.instagram, self.trace, self._observe
        )
        self.liveness = Liveness(script.settings, self.clockwork, self.ledger, self)
        self.operator = SimulatedOperator(self.ledger, self.instagram, self.clockwork)
        self.incidents = self._INCIDENTS(
            self.clockwork, self.trace, self.process, self.oracle, self.liveness, self._hang_up
        )
        self.erasures = Erasures(
            self.clockwork, self.ledger, script.settings.step_cost, self.oracle
        )
        self.feed = FeedWatch(self.ledger, self.oracle.is_broken)
        self.held = HeldReplies(script.settings, self.clockwork, self.ledger, self.oracle)
        self.disclosures = Disclosures(self.ledger, self.instagram, self.oracle.is_broken)
        self.subscriptions = SubscriberWatch(self.ledger, self.oracle.is_broken, self._losses)
        self.requests = Requests(
            self.clockwork,
            self.trace,
            self.process,
            self.operator,
            self.oracle,
            self.liveness,
            self.erasures,
            self.held,
            self.subscriptions,
        )
        self.steps = 0
        self._carry_out: dict[type, Callable[[Any], None]] = {
            Writes: self.contact_actions.writes,
            Edits: self.contact_actions.edits,
            Unsends: self.contact_actions.unsends,
            Notices: self.contact_actions.notifications,
            PassesThread: self.contact_actions.passes_thread,
            AnswersByHand: self.contact_actions.answers_by_hand,
            Operates: self.requests.operates,
            Erases: self.requests.erases,
            Renews: self.requests.renews,
            Dies: self.incidents.dies,
            SenderCrashes: self.incidents.sender_crashes,
            ActorCrashes: self.incidents.actor_crashes,
            LosesEvents: self.incidents.loses_events,
            LosesCommits: self.incidents.loses_commits,
            DiskFails: self.incidents.disk_fails,
            ClockSteps: self.incidents.clock_steps,
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
            self._judge_the_end()
        self._write_down_the_end()
        return self._result()

    def _judge_the_end(self) -> None:
        judge_all(self)

    def close(self) -> None:
        self.process.die()
        self.ledger.close()

    def _wire(self) -> None:
        self.webhooks.post = self.process.post
        self.webhooks.acknowledged = self._acknowledged
        self.instagram.call_started = self._call_started
        self.instagram.call_ended = self.oracle.call_ended
        self.instagram.told_to_wait = self.oracle.pace.told_to_wait
        self.instagram.pauses = self.oracle.pace.pauses
        self.instagram.account_refused = self._account_refused
        self.operator.overruled = self.oracle.overruled
        self.process.commit_lost = self.incidents.commit_lost
        self.process.reports = self.reports = ReportWatch(self.ledger, self.oracle.is_broken)
        self.operator.rewords = self.process.generator.reword
        self.process.bot_asked = BotWatch(self.ledger, self.oracle.is_broken).judge_request
        self.process.subscribers.asked = self.subscriptions.asked

    def _losses(self) -> tuple[int, ...] | None:
        lost = (self.incidents.crashes, self.incidents.faults, len(self.oracle.losses))
        return None if self.process.disk_fails else lost

    def _observe(self, event: object) -> None:
        self.trace.observe(event)
        self.oracle.observe(event)
        self.liveness.observe(event)

    def _acknowledged(self, event: Event) -> None:
        self.erasures.acknowledged(event)
        if getattr(event, "contact", None) not in self.erasures.asked:
            self.oracle.acknowledged(event)

    def _call_started(self, contact: ContactKey, content: Content, way: ReplyAddress) -> None:
        if self.erasures.judge_call(contact):
            self.oracle.pace.call_started(contact, is_private=way.comment_id is not None)
            return
        self.oracle.call_started(contact, content, way)
        self.held.judge_call(contact, said(content), self.process.generator)
        if self.script.settings.discloses:
            self.disclosures.judge_call(contact, content)

    def _account_refused(self, account_id: str, wait: timedelta | None) -> None:
        self.oracle.pace.stopped.add(account_id)
        self.liveness.account_refused(account_id, wait)

    def _lives_until(self, end: float) -> None:
        while not self.oracle.broken:
            if self.steps > _MOST_STEPS:
                self.oracle.is_broken(Invariant.RUNS_ON, "the actors come to no rest")
            if self._moves():
                continue
            due = self._next_due()
            self.liveness.passes(min(filter(None, (due, instant(end)))))
            if due is None or due > instant(end):
                self.clockwork.pass_to(end)
                return
            self.clockwork.true = max(self.clockwork.true, due)

    def _next_due(self) -> datetime | None:
        nearest = (self.clockwork.agenda.next_at(), self.process.next_due())
        return min(filter(None, nearest), default=None)

    def _moves(self) -> bool:
        """Run one of the steps that are due at this instant."""
        if self.clockwork.do_due() or self.process.send_due():
            return True
        try:
            stepped: bool = self.process.step()
        except DiedError:
            self.incidents.die()
            return True
        if stepped:
            self._after_step()
        return stepped

    def _after_step(self) -> None:
        self.steps += 1
        self.feed.read()
        self.clockwork.spend(self.process.step_cost())
        for crash in self.process.stage.crashes:
            self.oracle.crashed(crash.actor.split("(")[0], crash.doing, crash.error)
        self.process.stage.crashes.clear()
        self.incidents.stepped()

    def _hang_up(self) -> None:
        self.webhooks.process_died()
        self.instagram.hangs_up(0.3 * self.script.settings.settle)

    def _comes_to_rest(self) -> None:
        """Advance without faults until nothing is left to do, settling unconfirmed sends late."""
        began, longest = self.clockwork.seconds, self._longest_rest()
        while not self.oracle.broken and not self._is_at_rest():
            if self.clockwork.seconds - began > longest:
                if self.webhooks.untold:
                    self.oracle.is_broken(
                        Invariant.ACKNOWLEDGED_IS_STORED, "a webhook is never acknowledged"
                    )
                break
            for settles in self.operator.settle_all():
                self._judge_unsettled(settles.item_id)
                self.process.post(settles)
            for command in (*self.operator.release(), *self.operator.review_all()):
                self.requests.hand_in(command)
            self._lives_until(self.clockwork.seconds + 20)
        self._falls_asleep()

    def _longest_rest(self) -> float:
        settings, happenings = self.script.settings, self.script.happenings
        if settings.private_replies_per_hour > 1:
            return _MAX_REST
        # One goes in an hour, and one that is tried again takes an hour again.
        comments = sum(isinstance(each, Writes) and each.is_comment for each in happenings)
        return (1 + comments * settings.max_attempts) * _MAX_REST

    def _falls_asleep(self) -> None:
        """Advance until every conversation is unloaded."""
        settings = self.script.settings
        latest = self.clockwork.seconds + 2 * (settings.idle + settings.cooldown) + 30
        self._lives_until(self.clockwork.seconds + 2 * settings.settle)
        while not self.oracle.broken and not self.process.is_idle:
            if self.clockwork.seconds >= latest - _MOMENT:
                if not self.oracle.losses:
                    self.oracle.is_broken(Invariant.RUNS_ON, "conversations stay in memory")
                break
            self._lives_until(min(self.clockwork.seconds + settings.idle / 2, latest))

    def _judge_unsettled(self, item_id: int) -> None:
        (item,) = self.ledger.items("q.id = ?", item_id)
        if said_in(item) not in {text for _, text in self.instagram.unreadable}:
            what = f"item {item_id} stays unknown though it can be settled"
            self.oracle.is_broken(Invariant.NOTHING_TWICE, what)

    def _is_at_rest(self) -> bool:
        return not (
            self.webhooks.untold
            or self.instagram.on_the_way
            or self.process.system is None
            or self.process.is_waiting
            or self.ledger.has_unfinished()
            or self.subscriptions.is_behind
        )

    def _write_down_the_end(self) -> None:
        for row in self.ledger.messages():
            told = tuple(row[name] for name in ("id", "mid", "author", "status", "outcome"))
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
            messages=len(self.contact_actions.written),
            crashes=self.incidents.crashes,
            faults=self.incidents.faults + self.instagram.faults + self.process.generator.faults,
            steps=self.steps,
            seconds=self.clockwork.seconds,
        )
