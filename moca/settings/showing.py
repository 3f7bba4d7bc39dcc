from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

from moca.settings.sections import Settings

_MASK = "••••••••"


def shown_settings(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Give each setting's name, value and default as a person may see them: no secret."""
    defaults = Settings()
    for section in Settings.model_fields:
        table, usual = getattr(settings, section), getattr(defaults, section)
        for key in type(table).model_fields:
            yield f"{section}.{key}", _shown(getattr(table, key)), _shown(getattr(usual, key))


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return _MASK if value.get_secret_value() else ""
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
