import sys
from typing import NoReturn

import click


def complain(status: int, *lines: str) -> NoReturn:
    """Say what is wrong on standard error and end the process with this exit status."""
    for line in lines:
        click.echo(line, err=True)
    sys.exit(status)
