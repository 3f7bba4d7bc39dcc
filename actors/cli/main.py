import os
import tomllib
from pathlib import Path

import click

from actors.cli.errors import ask_settings
from actors.cli.group import Commands
from actors.cli.serve import serve

_DISTRIBUTION = "moca-dm"
_HOME = Path(__file__).parents[2]
"""The root of a checkout, or the folder that stands for it in an installed wheel."""
_DEFAULT_CONFIG = _HOME / "config" / "moca.toml"


def _print_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - Click's signature
    if wanted and not context.resilient_parsing:
        click.echo(f"moca {_version()}")
        context.exit()


def _version() -> str:
    """Return the version of a checkout from its own file, since another one may be installed."""
    try:
        project = tomllib.loads((_HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except FileNotFoundError:
        from importlib.metadata import version  # noqa: PLC0415 - not needed by serve

        return version(_DISTRIBUTION)
    return str(project["version"])


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog="Every setting has a default, so no file is needed, and can be set in the environment"
    " as MOCA_<SECTION>__<KEY>, for example MOCA_SERVER__PORT=9000. Relative paths, such as that"
    " of the database in database.url, start at the working directory. Exit status: 0 on success,"
    " 1 after a failure, 2 for bad settings or usage.",
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
    context.obj = ask_settings(config or _DEFAULT_CONFIG)
    if context.invoked_subcommand is None:
        serve(context.obj)
    else:
        from actors.cli.startup import require_usable  # noqa: PLC0415 - not needed by serve

        require_usable(context.obj)
