from copy import deepcopy
from functools import cache
from typing import Any

from pydantic import BaseModel

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Carries out the request once within 24 hours, "
    "however often it is sent: repeats "
    "return the first response. 422 if path or body differ, 409 while the first is in progress.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


class SchemaModel(BaseModel):
    """A model of the API; its schema is cached, since every route requests it anew."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return pydantic's schema as a copy that the caller may change."""
        return deepcopy(_described(cls, args, tuple(sorted(kwargs.items()))))


@cache
def _described(
    model: type[SchemaModel], args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]
) -> dict[str, Any]:
    return super(SchemaModel, model).model_json_schema(*args, **dict(kwargs))


def with_idempotency_keys(description: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI description in which each POST of the API lists its optional key."""
    described = deepcopy(description)
    for path, operations in described["paths"].items():
        if path.startswith("/api/") and "post" in operations:
            post = operations["post"]
            post.setdefault("parameters", []).append(_KEY)
            post["responses"].setdefault("409", post["responses"]["422"])
    return described
