import importlib

import click

_NAMES = ("doctor", "journey", "migrate", "rehearse", "settings", "simulate")


class Commands(click.Group):
    """The commands, one a module of this package, each imported when it is called or listed.

    Serving needs none of them, and what a process imports it holds as long as it lives.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click's signature
        """Name them in the order of the alphabet."""
        return list(_NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give the command of this name; None where there is none, with all at hand to compare."""
        for name in (cmd_name,) if cmd_name in _NAMES else _NAMES:
            self.add_command(importlib.import_module(f"{__package__}.{name}").command)
        return super().get_command(ctx, cmd_name)
