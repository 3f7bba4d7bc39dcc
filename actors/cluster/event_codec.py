import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from actors.routes import FOR_OWNER, FOR_SENDING_NODE
from moca.settings.locations import moca_version

_KINDS: dict[str, Any] = {each.__name__: each for each in {*FOR_OWNER, *FOR_SENDING_NODE}}
_version = cache(moca_version)


@cache
def _shape(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[name])


def written_event(event: Any) -> bytes:
    """Encode an event for another node, with the version of this one."""
    name = type(event).__name__
    fields = _shape(name).dump_python(event, mode="json")
    return json.dumps({"version": _version(), "name": name, "event": fields}).encode()


def read_event(body: bytes) -> Any | None:
    """Decode what `written_event` encoded, fields that are not known here left out.

    Returns None for an event that only another version knows.
    """
    try:
        fields = json.loads(body)
        return _shape(fields["name"]).validate_python(fields["event"])
    except (ValueError, KeyError, TypeError, ValidationError):
        return None


def version_of(body: bytes) -> str | None:
    """Return the version of the node that wrote an event; None if it is not readable."""
    try:
        return str(json.loads(body)["version"])
    except (ValueError, KeyError, TypeError):
        return None
