from copy import deepcopy
from functools import cache
from typing import Any

from pydantic import BaseModel


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
