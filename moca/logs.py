import hashlib
import logging
import sys
from typing import Literal

import structlog

from moca.core.contact import ContactKey

_SHARED = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
_CHATTY = (
    "moca.storage.migrations",
    "peewee",
    "peewee_migrate",
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
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(style),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=threshold, force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(logging.WARNING)


def contact_hash(contact: ContactKey) -> str:
    """Name a contact in a log: the same each time, and nobody can read who it is."""
    return hashlib.sha256(":".join(contact).encode()).hexdigest()[:10]


def _renderer(style: Literal["console", "json"]) -> structlog.types.Processor:
    if style == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
