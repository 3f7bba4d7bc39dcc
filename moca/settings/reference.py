"""Writes the reference of all settings: `python -m moca.settings.reference`."""

import re
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path("config/moca.toml")
PAGE = Path("docs/reference/settings.md")

_TABLE = re.compile(r"\[([\w.]+)\]")
_SETTING = re.compile(r"(\w+) = (.+?)(?: +# (.+))?")
_HEAD = """# Settings

*Generated from `config/moca.toml` by `python -m moca.settings.reference`.*

`config/moca.toml` holds every setting with its default. Use another file with `--config PATH` or
`MOCA_CONFIG`, or set any key by environment, for example `MOCA_SERVER__PORT=9000`.
`python run.py settings` shows what is in force, with secrets masked. All faults are reported at
once, and the exit status is 2.
"""


def settings_page(toml: str) -> str:
    """Return the page that describes every setting of a commented settings file."""
    return "\n".join([_HEAD, *_rows(toml), ""])


def _rows(toml: str) -> Iterator[str]:
    table = ""
    for line in toml.splitlines():
        if found := _TABLE.fullmatch(line):
            table = found[1]
            yield from ("", f"## {table}", "")
            yield from ("| Setting | Default | Meaning |", "|---|---|---|")
        elif setting := _SETTING.fullmatch(line):
            name, value, meaning = setting.groups(default="")
            yield f"| `{table}.{name}` | `{value}` | {meaning} |"


if __name__ == "__main__":
    PAGE.write_text(settings_page(SOURCE.read_text(encoding="utf-8")), encoding="utf-8")
