"""Moca's command line: `python run.py` starts the server, `--help` lists the commands."""

from actors.cli.main import main

if __name__ == "__main__":
    main()
