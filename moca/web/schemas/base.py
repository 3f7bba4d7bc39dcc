from copy import deepcopy
from functools import cache
from typing import Any

from pydantic import BaseModel

_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Carries the request out once in 24 hours, however often it is sent: the first "
    "answer is given again; 422 where path or body differ, 409 while the first is under way.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


class Described(BaseModel):
    """A model of the API; its description is made once, though every route asks for it anew."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Describe it as pydantic does; the caller may change what it gets."""
        return deepcopy(_described(cls, args, tuple(sorted(kwargs.items()))))


@cache
def _described(
    model: type[Described], args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]
) -> dict[str, Any]:
    return super(Described, model).model_json_schema(*args, **dict(kwargs))


def with_idempotency_keys(description: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI description in which each POST of the API names its optional key."""
    described = deepcopy(description)
    for path, operations in described["paths"].items():
        if path.startswith("/api/") and "post" in operations:
            post = operations["post"]
            post.setdefault("parameters", []).append(_KEY)
            post["responses"].setdefault("409", post["responses"]["422"])
    return described
