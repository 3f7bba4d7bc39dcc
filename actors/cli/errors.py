import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click

from moca.settings.errors import BadSettings
from moca.settings.reader import read_settings
from moca.settings.sections import Settings


def exit_with(status: int, *lines: str) -> NoReturn:
    """Print the lines to standard error and exit with this status."""
    for line in lines:
        click.echo(line, err=True)
    sys.exit(status)


def ask_settings(config: Path) -> Settings:
    """Read the settings in force; print every problem and exit with status 2 if there are any.

    Problems that only show when something is built from them are left to `require_usable`.
    """
    try:
        return read_settings(config, os.environ)
    except BadSettings as error:
        refuse(error.problems)


def refuse(problems: Iterable[str]) -> NoReturn:
    """Print the problems with the settings and exit with status 2."""
    exit_with(2, *(f"settings: {problem}" for problem in problems))
