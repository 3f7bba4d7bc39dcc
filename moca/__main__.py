"""The command `moca`, which is also `python -m moca`.

`pyproject.toml` says what a wheel holds, and where.
"""

import sys
from pathlib import Path


def main() -> None:
    """Run the command line of `run.py`, wherever it is started."""
    # At the front of the path, so that no other `actors` is found. Processes started by
    # multiprocessing inherit the path.
    sys.path.insert(0, str(_home()))
    from actors.cli.main import main as run_command_line  # noqa: PLC0415 - found only now

    run_command_line()


def _home() -> Path:
    """Return the folder with the package `actors` that belongs to this `moca`.

    A wheel installs it below `moca`, since another distribution installs an `actors` as well; in
    a checkout, both stand side by side.
    """
    package = Path(__file__).parent
    installed = package / "_packages"
    return installed if installed.is_dir() else package.parent


if __name__ == "__main__":
    main()
