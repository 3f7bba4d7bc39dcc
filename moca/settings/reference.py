"""Writes the settings file and the settings page: `python -m moca.settings.reference`."""

import ast
import inspect
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, SecretStr

from moca.settings.sections import Settings

FILE = Path("config/moca.toml")
PAGE = Path("docs/reference/settings.md")

_COMMENT_COLUMN = 25
_FILE_HEAD = """\
# Every setting of Moca with its default.
# Any key can also be set with an environment variable: MOCA_<SECTION>__<KEY>, for example MOCA_SERVER__PORT=9000.
# `python run.py settings` shows the current values, with secrets masked.
"""  # noqa: E501
_PAGE_HEAD = """\
# Settings

*Generated from `moca/settings/` by `python -m moca.settings.reference`.*

`config/moca.toml` holds every setting with its default. Use another file with `--config PATH` or
`MOCA_CONFIG`, or set any key with an environment variable, for example `MOCA_SERVER__PORT=9000`.
`python run.py settings` shows the current values, with secrets masked. All errors are reported at
once, and the exit status is 2.

"""
_ROWS_HEAD = "| Setting | Default | Meaning |\n|---|---|---|\n"


@dataclass(frozen=True, slots=True)
class SettingEntry:
    """A setting: its key, its default as TOML, and its meaning, empty if the key says it all."""

    key: str
    default: str
    meaning: str

    @property
    def line(self) -> str:
        """Return its line of the settings file."""
        assignment = f"{self.key} = {self.default}"
        comment = f"# {self.meaning}"
        return f"{assignment:{_COMMENT_COLUMN}} {comment}" if self.meaning else assignment


def settings_file() -> str:
    """Return the settings file, in which every setting has its default."""
    tables = (
        "".join(f"{line}\n" for line in (f"[{name}]", *(each.line for each in entries)))
        for name, entries in _tables(Settings())
    )
    return "\n".join((_FILE_HEAD, *tables))


def settings_page() -> str:
    """Return the page that describes every setting."""
    tables = (
        f"## {name}\n\n{_ROWS_HEAD}"
        + "".join(f"| `{name}.{e.key}` | `{e.default}` | {e.meaning} |\n" for e in entries)
        for name, entries in _tables(Settings())
    )
    return _PAGE_HEAD + "\n" + "\n".join(tables)


def _tables(section: BaseModel, name: str = "") -> Iterator[tuple[str, list[SettingEntry]]]:
    """Yield each table with its settings, an outer one before those in it."""
    values = {key: getattr(section, key) for key in type(section).model_fields}
    meanings = _meanings(type(section))
    settings = {key: each for key, each in values.items() if not isinstance(each, BaseModel)}
    if settings:
        yield name, [SettingEntry(k, _toml(v), meanings.get(k, "")) for k, v in settings.items()]
    for key, value in values.items():
        if isinstance(value, BaseModel):
            yield from _tables(value, f"{name}.{key}" if name else key)


def _meanings(section: type[BaseModel]) -> dict[str, str]:
    """Return the docstrings below a section's settings, which exist in the source alone."""
    (class_,) = ast.parse(inspect.getsource(section)).body
    statements = class_.body if isinstance(class_, ast.ClassDef) else []
    found = {}
    for setting, below in pairwise(statements):
        match setting, below:
            case ast.AnnAssign(target=ast.Name(id=key)), ast.Expr(ast.Constant(value=str(text))):
                found[key] = " ".join(text.split())
    return found


def _toml(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    FILE.write_text(settings_file(), encoding="utf-8")
    PAGE.write_text(settings_page(), encoding="utf-8")
