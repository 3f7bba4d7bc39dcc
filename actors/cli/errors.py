import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click
from dotenv import load_dotenv

from moca.settings.errors import BadSettings
from moca.settings.locations import data_directory
from moca.settings.reader import read_settings
from moca.settings.sections import Settings

_HOME = Path(__file__).parents[2]
"""The root of a checkout, or the folder that stands for it in an installed wheel."""
PROJECT = _HOME / "pyproject.toml"
"""Exists only in a checkout."""
_OWN_FILE = _HOME / "config" / "moca.toml"


def exit_with(status: int, *lines: str) -> NoReturn:
    """Print the lines to standard error and exit with this status."""
    for line in lines:
        click.echo(line, err=True)
    sys.exit(status)


def read_dotenv() -> None:
    """Add the variables of the file `.env` in the working directory to the environment.

    Variables that are set win. If the file cannot be read, print why and exit with status 2.
    """
    try:
        load_dotenv(".env")
    except (OSError, UnicodeDecodeError) as error:
        refuse([f".env: {error}"])


def ask_settings(config: Path | None) -> Settings:
    """Read the settings in force; print every problem and exit with status 2 if there are any.

    Problems that only show when something is built from them are left to `require_usable`.

    Args:
        config: The settings file; None reads Moca's own, whose paths start at the working
            directory like those of the environment.
    """
    file = config or _OWN_FILE
    is_own = file.resolve() == _OWN_FILE.resolve()
    try:
        return read_settings(
            file,
            os.environ,
            folder=None if is_own else file.absolute().parent,
            data_folder=data_directory(os.environ, is_installed=not PROJECT.exists()),
        )
    except BadSettings as error:
        refuse(error.problems)


def refuse(problems: Iterable[str]) -> NoReturn:
    """Print the problems with the settings and exit with status 2."""
    exit_with(2, *(f"settings: {problem}" for problem in problems))
