import os
from pathlib import Path

import click

from actors.cli.errors import ask_settings
from actors.cli.group import Commands
from actors.cli.serve import serve
from moca.settings.locations import moca_version


def _print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - Click's signature
    if wanted and not context.resilient_parsing:
        click.echo(f"moca {moca_version()}")
        context.exit()


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog="Every setting has a default, so no file is needed, and can be set in the environment"
    " as MOCA_<SECTION>__<KEY>, for example MOCA_SERVER__PORT=9000, or in a file .env in the"
    " working directory. Relative paths start at the folder of the settings file. Without"
    " database.url, the database is in MOCA_DATA_DIR, or in the working directory if it has a"
    " moca.db; otherwise a checkout creates it there, and an installed Moca in the user's data"
    " folder. Exit status: 0 on success, 1 after a failure, 2 for bad settings or usage.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    envvar="MOCA_CONFIG",
    show_envvar=True,
    help="Path of the settings file (TOML).",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
@click.pass_context
def main(context: click.Context, config: Path | None) -> None:
    """Answer Instagram direct messages. Without a command, start the server."""
    # Messages, keys and pages are private to the user that Moca runs as.
    os.umask(0o077)
    context.obj = ask_settings(config)
    if context.invoked_subcommand is None:
        serve(context.obj)
    else:
        from actors.cli.startup import require_usable  # noqa: PLC0415 - not needed by serve

        require_usable(context.obj)
