import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from actors.routes import FOR_OWNER, FOR_SENDING_NODE

_KINDS: dict[str, Any] = {each.__name__: each for each in {*FOR_OWNER, *FOR_SENDING_NODE}}


@cache
def _shape(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[name])


def written_event(event: Any) -> bytes:
    """Encode an event for another node."""
    name = type(event).__name__
    fields = _shape(name).dump_python(event, mode="json")
    return json.dumps({"name": name, "event": fields}).encode()


def read_event(body: bytes) -> Any | None:
    """Decode what `written_event` encoded; None for an event of another version."""
    try:
        fields = json.loads(body)
        return _shape(fields["name"]).validate_python(fields["event"])
    except (ValueError, KeyError, TypeError, ValidationError):
        return None
