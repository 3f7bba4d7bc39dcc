from collections.abc import Callable
from datetime import datetime

from tests.simulation.oracle.liveness import Liveness
from tests.simulation.oracle.oracle import Oracle
from tests.simulation.runtime.process import DiedError, Process
from tests.simulation.runtime.virtual_time import Clockwork
from tests.simulation.trace import Trace
from tests.simulation.worlds.script import (
    ActorCrashes,
    ClockSteps,
    Dies,
    DiskFails,
    LosesCommits,
    LosesEvents,
    SenderCrashes,
)


class Incidents:
    """What befalls the process: it dies and comes up again, its disk fails, its clock is set."""

    def __init__(
        self,
        clockwork: Clockwork,
        trace: Trace,
        process: Process,
        oracle: Oracle,
        liveness: Liveness,
        hang_up: Callable[[], None],
    ) -> None:
        self._clockwork = clockwork
        self._trace = trace
        self._process = process
        self._oracle = oracle
        self._liveness = liveness
        self._hang_up = hang_up
        self.crashes = 0
        self.faults = 0
        self._doomed_in: int | None = None
        self._down = Dies(at=0)
        self._unsaved_since: datetime | None = None

    def dies(self, dies: Dies) -> None:
        """Kill the process now, or so many steps or a commit later."""
        if self._process.system is None:
            return
        self._down = dies
        if dies.after_commit:
            self._process.dies_after_commit = True
        elif dies.steps and not dies.orderly:
            self._doomed_in = dies.steps
        else:
            self.die()

    def stepped(self) -> None:
        """Count one step nearer to a death; a process that has failed is stopped at once."""
        if self._process.has_failed:
            self._down = Dies(at=0, orderly=True)
            self.die()
        elif self._doomed_in is not None:
            self._doomed_in -= 1
            if self._doomed_in <= 0:
                self.die()

    def die(self) -> None:
        """End the process, in the way and for as long as was said last."""
        dies, self._down, self._doomed_in = self._down, Dies(at=0), None
        self._process.dies_after_commit = False
        self.crashes += 1
        self._oracle.died(self._unsaved_since)
        try:
            if dies.orderly:
                self._process.stop()
                # A call may begin while it stops.
                self._oracle.forgets_calls()
                if not dies.after_commit and self._liveness.lost_at is None:
                    self._oracle.calls.stopped_in_order()
            else:
                self._process.die()
        except DiedError:
            self._process.die()
        self._hang_up()
        self._clockwork.after(dies.down, self._start)

    def disk_fails(self, fails: DiskFails) -> None:
        self._trace.tell(f"the disk fails for {fails.seconds} s")
        self.faults += 1
        self._liveness.lost_at = self._clockwork.true
        self._process.disk_fails = True
        self._unsaved_since = self._unsaved_since or self._clockwork.true
        self._clockwork.after(fails.seconds, self._disk_works)

    def sender_crashes(self, crashes: SenderCrashes) -> None:
        self.actor_crashes(ActorCrashes(at=crashes.at, actor="SenderActor"))

    def actor_crashes(self, crashes: ActorCrashes) -> None:
        self.faults += 1
        self._liveness.lost_at = self._clockwork.true
        self._process.crashes(crashes.actor)

    def loses_events(self, loses: LosesEvents) -> None:
        self._trace.tell(f"what is told is lost for {loses.seconds} s")
        self.faults += 1
        self._process.loses_one_event_in = loses.one_in
        self._liveness.lost_at = self._clockwork.true
        self._oracle.lost_events()
        self._clockwork.after(loses.seconds, self._hears_again)

    def loses_commits(self, loses: LosesCommits) -> None:
        self._trace.tell(f"the answers of {loses.count} commits are about to be lost")
        self.faults += 1
        self._process.loses_commits = loses.count

    def commit_lost(self) -> None:
        """Note that what the process wrote just now is not known to it."""
        self._liveness.lost_at = self._clockwork.true
        self._oracle.lost_events()

    def clock_steps(self, steps: ClockSteps) -> None:
        self._trace.tell(f"the clock is set by {steps.seconds} s")
        self.faults += 1
        self._liveness.clock_is_set(steps.seconds)
        self._clockwork.step(steps.seconds)

    def _start(self) -> None:
        self._oracle.pace.up_since = self._clockwork.true
        self._liveness.restarted()
        if self._process.loses_one_event_in:
            self._liveness.lost_at = self._clockwork.true
        self._oracle.calls.started()
        self._process.start()

    def _hears_again(self) -> None:
        self._process.loses_one_event_in = 0
        self._oracle.lost_events()

    def _disk_works(self) -> None:
        self._process.disk_fails = False
        self._oracle.pace.up_since = self._clockwork.true
        self._clockwork.after(2, self._all_saved)

    def _all_saved(self) -> None:
        if not self._process.disk_fails:
            self._unsaved_since = None
