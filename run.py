"""Moca's command line: `python run.py` starts the server, `--help` lists the commands."""

import os
from pathlib import Path

import click

from actors.cli.errors import ask_settings
from actors.cli.group import Commands
from actors.cli.serve import serve

_DEFAULT_CONFIG = Path(__file__).parent / "config" / "moca.toml"


@click.group(cls=Commands, invoke_without_command=True)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="MOCA_CONFIG",
    help="Path of the settings file (TOML).",
)
@click.pass_context
def main(context: click.Context, config: Path | None) -> None:
    """Answer Instagram direct messages. Without a command, start the server."""
    # Messages, keys and pages are private to the user that Moca runs as.
    os.umask(0o077)
    context.obj = ask_settings(config or _DEFAULT_CONFIG)
    if context.invoked_subcommand is None:
        serve(context.obj)
    else:
        from actors.cli.startup import require_usable  # noqa: PLC0415 - not needed by serve

        require_usable(context.obj)


if __name__ == "__main__":
    main()
