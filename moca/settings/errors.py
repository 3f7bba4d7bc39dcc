from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from moca.settings.sections import Settings


class BadSettings(Exception):  # noqa: N818 - the name states the error
    """Raised if settings cannot be used; names every problem and its fix."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def explain(error: ValidationError) -> list[str]:
    """Describe each validation error in one line, without the value of a secret."""
    return [_line(fault["loc"], fault["type"], fault["msg"]) for fault in error.errors()]


def unknown_key(path: tuple[str, ...]) -> str:
    """Describe an unknown key and suggest a similar one."""
    known = list(_fields_beside(path))
    near = get_close_matches(path[-1], known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
    return f"{'.'.join(path)}: unknown setting; {hint}"


def _line(location: tuple[int | str, ...], kind: str, message: str) -> str:
    path = tuple(str(part) for part in location)
    if kind == "extra_forbidden":
        return unknown_key(path)
    return f"{'.'.join(path)}: {message.removeprefix('Value error, ')}"


def _fields_beside(path: tuple[str, ...]) -> Iterable[str]:
    model: Any = Settings
    for part in path[:-1]:
        field = model.model_fields.get(part)
        if field is None or not issubclass(field.annotation, BaseModel):
            return ()
        model = field.annotation
    return tuple(model.model_fields)
