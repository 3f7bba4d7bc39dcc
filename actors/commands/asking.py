import os
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from actors.commands.complaint import complain
from moca.settings import BadSettings, Settings, read_settings


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
