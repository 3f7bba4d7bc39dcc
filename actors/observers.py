from collections.abc import Callable, Iterable

import structlog

log = structlog.get_logger()


def observe_all(observers: Iterable[Callable[[object], None]], event: object) -> None:
    """Show an event to every observer; the fault of one is logged and stops nothing else."""
    for observe in observers:
        try:
            observe(event)
        except Exception:
            log.exception("observer_failed", event_type=type(event).__name__)
