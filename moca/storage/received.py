from functools import cache

from pydantic import TypeAdapter

from moca.core.received import Received
from moca.storage.storable import storable


@cache
def _shape() -> TypeAdapter[Received]:
    return TypeAdapter(Received)


def written_received(received: Received | None) -> str | None:
    """Write what came with a contact's text as JSON; None for nothing."""
    if received is None:
        return None
    return storable(_shape().dump_json(received, exclude_defaults=True).decode())


def read_received(stored: str | None) -> Received | None:
    """Read back what `written_received` wrote."""
    return None if stored is None else _shape().validate_json(stored)
