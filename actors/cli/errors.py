import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click

from moca.settings.errors import BadSettings
from moca.settings.reader import read_settings
from moca.settings.sections import Settings


def complain(status: int, *lines: str) -> NoReturn:
    """Say what is wrong on standard error and end the process with this exit status."""
    for line in lines:
        click.echo(line, err=True)
    sys.exit(status)


def ask_settings(config: Path) -> Settings:
    """Read the settings in force; every fault is told, and ends the process with status 2.

    What only shows when something is made of them is left to `require_usable`.
    """
    try:
        return read_settings(config, os.environ)
    except BadSettings as error:
        refuse(error.problems)


def refuse(problems: Iterable[str]) -> NoReturn:
    """Tell what is wrong with the settings and end the process with status 2."""
    complain(2, *(f"settings: {problem}" for problem in problems))
