from copy import deepcopy
from functools import cache
from typing import Any

from pydantic import BaseModel


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
