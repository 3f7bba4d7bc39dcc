import contextlib
import hmac
import logging
import secrets
import sys
from traceback import walk_tb
from typing import Any, Literal

import structlog

from moca.core.types import ContactKey

_SHARED = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
_FRAMES_TOLD = 8
_CHATTY = (
    "moca.storage.migrations",
    "peewee",
    "peewee_migrate",
    "pika",
    "pykka",
    "urllib3",
    "werkzeug",
)


def set_up_logs(level: str, style: Literal["console", "json"]) -> None:
    """Log one line per fact to standard error, including those of libraries.

    Args:
        level: The minimum level; below it no work is done.
        style: `console` for terminals, `json` for machines.
    """
    threshold = logging.getLevelNamesMapping()[level]
    renderer = _renderer(style)
    structlog.configure(
        processors=[*_SHARED, _name_error, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=_Lines,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _name_error,
                renderer,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=threshold, force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


class _Lines:
    """Writes Moca's own lines without a record of `logging` for each. Thread-safe."""

    def __init__(self, *_name: str) -> None:
        self._stream = sys.stderr

    def msg(self, line: str) -> None:
        # A full disk or a closed terminal must not keep a message from its answer.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = exception = critical = log = msg


_hash_key = secrets.token_bytes(32)


def hash_names_with(key: bytes) -> None:
    """Set a stored key for hashing contacts and names, so that hashes are the same in all logs.

    Until this is called, they are hashed with a key of this process.
    """
    global _hash_key  # noqa: PLW0603 - set once at the start, like the level
    _hash_key = key


def contact_hash(contact: ContactKey) -> str:
    """Return the contact's pseudonym in logs, which without the key cannot be matched to an id."""
    return name_hash(":".join(contact))


def name_hash(name: str) -> str:
    """Return a name's pseudonym in logs, which without the key cannot be guessed."""
    return hmac.digest(_hash_key, name.encode(errors="replace"), "sha256").hex()[:10]


def where_raised(error: BaseException) -> str:
    """Return the innermost frames of the traceback, outermost first, without any values."""
    frames = [
        f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
    ]
    return " > ".join(frames[-_FRAMES_TOLD:])


def _name_error(
    _logger: Any, _method: str, line: structlog.types.EventDict
) -> structlog.types.EventDict:
    # An error's own text, and the variables of a rich traceback, may quote a message.
    raised = line.pop("exc_info", None)
    error = sys.exc_info()[1] if raised is True else raised
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        line["error"] = type(error).__name__
        line["where"] = where_raised(error)
    return line


def _renderer(style: Literal["console", "json"]) -> structlog.types.Processor:
    if style == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
