import re
from collections.abc import Iterator

from pydantic import BaseModel, SecretStr

from moca.settings.sections import Settings

_MASK = "••••••••"
_IN_ADDRESS = re.compile(r"(://[^:/@\s]*:)\S*(?=@)|([?&]password=)[^&\s]*")


def shown_settings(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield each setting's name, value and default for display, with secrets masked."""
    yield from _rows(settings, Settings(), "")


def _rows(table: BaseModel, usual: BaseModel, prefix: str) -> Iterator[tuple[str, str, str]]:
    for key in type(table).model_fields:
        value, default = getattr(table, key), getattr(usual, key)
        if isinstance(value, BaseModel):
            yield from _rows(value, default, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", _shown(value), _shown(default)
    for key, value in (table.model_extra or {}).items():
        # What no section describes is a Secret, except a topic's mode.
        yield f"{prefix}{key}", _shown(value) if isinstance(value, str) else _MASK, ""


def mask_passwords(text: str) -> str:
    """Mask the passwords of URLs within a text, such as `postgresql://user:…@host/name`."""
    return _IN_ADDRESS.sub(lambda found: (found[1] or found[2]) + _MASK, text)


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return _MASK if value.get_secret_value() else ""
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    if isinstance(value, bool):
        return str(value).lower()
    return mask_passwords(str(value))
