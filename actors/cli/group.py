import importlib
from typing import Any

import click

from actors.cli.errors import read_dotenv

_NAMES = (
    "backup",
    "bot",
    "check",
    "check-disk",
    "doctor",
    "journey",
    "mcp",
    "migrate",
    "rehearse",
    "restore",
    "settings",
    "simulate",
)


class Commands(click.Group):
    """The commands, one module each in this package, imported when called or listed.

    Serving needs none of them, and a process holds what it imports for as long as it lives.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run a command with the environment of `.env`, before options are read from it."""
        read_dotenv()
        return super().main(*args, **kwargs)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        """Return the command names in alphabetical order."""
        return list(_NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name, or None if there is none."""
        for name in (cmd_name,) if cmd_name in _NAMES else _NAMES:
            module = f"{__package__}.{name.replace('-', '_')}"
            self.add_command(importlib.import_module(module).command)
        return super().get_command(ctx, cmd_name)
