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
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
_FRAMES_TOLD = 8
_CHATTY = (
    "anthropic",
    "httpcore2",
    "httpx2",
    "moca.storage.migrations",
    "openai",
    "peewee",
    "peewee_migrate",
    "pika",
    "pykka",
    "urllib3",
    "werkzeug",
)


def set_up_logs(level: str, style: Literal["console", "json"]) -> None:
    """Write one line per fact to standard error, our libraries' lines among them.

    Args:
        level: the least level that is written; below it no work is done.
        style: `console` for a person, `json` for a machine.
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
    """Writes our own lines without a record of `logging` for each. For any thread."""

    def __init__(self, *_name: str) -> None:
        self._stream = sys.stderr

    def msg(self, line: str) -> None:
        # A full disk or a closed terminal must not keep a message from its answer.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = exception = critical = log = msg


_hash_key = secrets.token_bytes(32)


def hash_contacts_with(key: bytes) -> None:
    """Have contacts hashed with a key that is kept, so that they have one hash in all logs.

    Until this is called, they are hashed with a key of this process.
    """
    global _hash_key  # noqa: PLW0603 - like the level, it is set once, at the start
    _hash_key = key


def contact_hash(contact: ContactKey) -> str:
    """Return the contact's pseudonym in logs, which without the key fits no known id."""
    return hmac.digest(_hash_key, ":".join(contact).encode(), "sha256").hex()[:10]


def where_raised(error: BaseException) -> str:
    """Name the innermost frames of the traceback, outermost first, without any value."""
    frames = [
        f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
    ]
    return " > ".join(frames[-_FRAMES_TOLD:])


def _name_error(
    _logger: Any, _method: str, line: structlog.types.EventDict
) -> structlog.types.EventDict:
    # An error's own words, and the variables that a rich traceback shows, may quote a message.
    told = line.pop("exc_info", None)
    error = sys.exc_info()[1] if told is True else told
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
