import os
import pickle  # Between a process and its own child.
import subprocess
import sys
import threading
from dataclasses import replace

from actors.replay.process import COMMAND, MAX_CPU_SECONDS, RehearsalProblem
from moca import clock
from moca.core.bots.rehearsals import (
    KEPT_FOR,
    MAX_DIFFERENCES,
    RehearsalPeriod,
    RehearsalState,
    RehearsedDraft,
)
from moca.core.replay_comparison import Rehearsal
from moca.settings.sections import Settings

_CANCELLED = "Cancelled."
_ENDED = (
    "The rehearsal ended early. It may take no more than"
    f" {MAX_CPU_SECONDS // 60} minutes of the processor; choose a shorter time."
)


class RehearsalJobs:
    """Rehearses one draft at a time, in a process of low priority, and keeps the last result.

    The process is started, not forked: the server's threads must not be copied. Thread-safe.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._state: RehearsalState | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def start(self, draft: RehearsedDraft, period: RehearsalPeriod) -> bool:
        """Begin a rehearsal; return False if one is running."""
        # The server need not hold what only its child does.
        from actors.replay.runner import ReplayPlan  # noqa: PLC0415

        now = clock.now()
        plan = ReplayPlan(since=now - period.length, now=now, most=MAX_DIFFERENCES, draft=draft)
        given = pickle.dumps((self._settings.database.url, self._settings, plan))
        with self._lock:
            if self._state is not None and self._state.is_running:
                return False
            self._state = RehearsalState(draft=draft, period=period, started_at=now)
            process = _started()
            self._process = process
            self._reader = threading.Thread(
                target=self._follow, args=(process, given), name="rehearsal", daemon=True
            )
            self._reader.start()
        return True

    def state(self, bot: str) -> RehearsalState | None:
        """Return the latest rehearsal of a bot; None if there is none, or it is too old."""
        with self._lock:
            state = self._state
            ended_at = None if state is None else state.ended_at
            if ended_at is not None and clock.now() - ended_at > KEPT_FOR:
                self._state = state = None
        return state if state is not None and state.draft.bot == bot else None

    def cancel(self, bot: str) -> None:
        """End a bot's rehearsal if it is running."""
        state = self.state(bot)
        if state is not None and state.is_running:
            self._end(_CANCELLED)

    def close(self) -> None:
        """End what is running, and wait for it."""
        self._end(_CANCELLED)
        if self._reader is not None:
            self._reader.join()

    def _end(self, problem: str) -> None:
        with self._lock:
            if self._process is not None:
                self._process.kill()
            self._finish(problem=problem)

    def _follow(self, process: "subprocess.Popen[bytes]", given: bytes) -> None:
        with process:
            try:
                told = self._told(process, given)
            except (OSError, EOFError, pickle.UnpicklingError):
                told = None
            process.kill()
        with self._lock:
            if process is not self._process:
                return
            if isinstance(told, Rehearsal):
                self._finish(result=told)
            else:
                self._finish(problem=_ENDED if told is None else str(told))

    def _told(
        self, process: "subprocess.Popen[bytes]", given: bytes
    ) -> Rehearsal | RehearsalProblem:
        if process.stdin is None or process.stdout is None:
            raise EOFError
        process.stdin.write(given)
        process.stdin.close()
        while isinstance(told := pickle.load(process.stdout), float):  # noqa: S301
            with self._lock:
                if self._state is not None and process is self._process:
                    self._state = replace(self._state, share=told)
        result: Rehearsal | RehearsalProblem = told
        return result

    def _finish(self, *, result: Rehearsal | None = None, problem: str = "") -> None:
        if self._state is not None and self._state.is_running:
            ended = replace(self._state, ended_at=clock.now(), result=result, problem=problem)
            self._state = ended


def _started() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - this interpreter, with a constant
        # Nothing in the working directory may stand in for Moca's own modules.
        [sys.executable, "-P", "-c", COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
