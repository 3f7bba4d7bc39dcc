import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

from moca.settings.sections import Settings

_MASK = "••••••••"
_IN_ADDRESS = re.compile(r"(://[^:/@\s]*:)\S*(?=@)|([?&]password=)[^&\s]*")


def shown_settings(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Give each setting's name, value and default as a person may see them: no secret."""
    defaults = Settings()
    for section in Settings.model_fields:
        table, usual = getattr(settings, section), getattr(defaults, section)
        for key in type(table).model_fields:
            yield f"{section}.{key}", _shown(getattr(table, key)), _shown(getattr(usual, key))


def mask_passwords(text: str) -> str:
    """Hide the passwords of the addresses within a text, such as `postgresql://user:…@host/name`."""
    return _IN_ADDRESS.sub(lambda found: (found[1] or found[2]) + _MASK, text)


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return _MASK if value.get_secret_value() else ""
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    if isinstance(value, bool):
        return str(value).lower()
    return mask_passwords(str(value))
