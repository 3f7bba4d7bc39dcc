import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from moca.core.conversation.snapshot import Inbound
from moca.replies.generator import BadGenerator, GeneratedReply, HandOver, NoReply, ReplyRequest
from moca.replies.rules.book import RuleBook
from moca.replies.rules.reader import read_rules

log = structlog.get_logger()

_LOOK_AFTER = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class BookGenerator:
    """Replies by rules that never change, such as those of a bot's published version."""

    book: RuleBook
    needs_history: int = 0

    def reply(self, request: ReplyRequest) -> GeneratedReply | HandOver | NoReply:
        """Reply by the first matching rule; return `NoReply` if none matches."""
        return self.book.reply(request)

    def answers_at_once(self, message: Inbound, _now: datetime) -> str | None:
        """Return which rule answers a message without a wait; None if it waits like any other."""
        return self.book.answers_at_once(message)


class RulesGenerator:
    """Replies by the rules of a file; changes to the file apply within a second.

    An invalid change is logged once, and the previous rules stay in force.
    """

    needs_history = 0

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            BadGenerator: With every problem of the file.
        """
        self._path = path
        self._lock = threading.Lock()
        self._looked_at: datetime | None = None
        self._seen = _state_of(path)
        self._book = _read(path)

    def reply(self, request: ReplyRequest) -> GeneratedReply | HandOver | NoReply:
        """Reply by the first matching rule; return `NoReply` if none matches."""
        return self._current(request.now).reply(request)

    def answers_at_once(self, message: Inbound, now: datetime) -> str | None:
        """Return which rule answers a message without a wait; None if it waits like any other."""
        return self._current(now).answers_at_once(message)

    def _current(self, now: datetime) -> RuleBook:
        with self._lock:
            # In either direction: a clock that was set back must not stop the checks.
            if self._looked_at is None or abs(now - self._looked_at) >= _LOOK_AFTER:
                self._looked_at = now
                self._look()
            return self._book

    def _look(self) -> None:
        state = _state_of(self._path)
        if state == self._seen:
            return
        self._seen = state
        try:
            self._book = _read(self._path)
        except BadGenerator as error:
            log.error("rules_unusable", problems=error.problems, instead="the rules before")  # noqa: TRY400 - the exception's text is enough
        else:
            log.info("rules_read", rules=len(self._book.rules))


def _state_of(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _read(path: Path) -> RuleBook:
    try:
        return read_rules(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadGenerator([f"{path}: no such file"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadGenerator([f"{path}: {error}"]) from None
    except BadGenerator as error:
        raise BadGenerator(f"{path}: {problem}" for problem in error.problems) from None
