import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from actors.cli.errors import exit_with
from moca.settings.sections import Settings
from moca.storage.db.private_file import create_private, path_beside

_SUFFIX = ".token"
_ELSEWHERE = Path("moca.token")
"""Used if there is no database file: in the directory in which Moca is started."""


@dataclass(frozen=True, slots=True)
class ChosenApiToken:
    """The token that grants access to pages and API."""

    value: SecretStr
    path: Path | None
    """The file that stores a generated token; None if it was configured."""


def require_token(settings: Settings) -> ChosenApiToken:
    """Return the configured token, or a generated one that is kept across restarts.

    If the file that stores it cannot be used, report that and exit with status 1.
    """
    if settings.web.api_token:
        return ChosenApiToken(settings.web.api_token, None)
    path = _path(settings)
    try:
        stored = create_private(path, secrets.token_urlsafe(24).encode()).decode()
    except (OSError, UnicodeDecodeError) as error:
        exit_with(1, f"{path}: the API token cannot be saved there ({error}); set web.api_token")
    if not stored:
        exit_with(1, f"{path}: this file is empty; delete it and restart to create a new token")
    return ChosenApiToken(SecretStr(stored), path)


def find_token(settings: Settings) -> str:
    """Return the token of the Moca that runs with these settings; empty if there is none."""
    if settings.web.api_token:
        return settings.web.api_token.get_secret_value()
    try:
        return _path(settings).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def start_lines(settings: Settings, token: ChosenApiToken) -> list[str]:
    """Return the lines printed at startup, which never contain a configured token.

    A live instance writes to logs that others read, so its link is printed only on a terminal.
    """
    address = settings.server.own_address
    greeting = f"Moca ({settings.instagram.mode}) — open {address}/"
    if token.path is None:
        return [f"{greeting} and log in by name or with web.api_token"]
    stored = f"The token is stored in {token.path}. To change it, delete the file and restart."
    if settings.instagram.mode == "live" and not sys.stdout.isatty():
        return [greeting, stored]
    return [f"{greeting}?token={token.value.get_secret_value()}", stored]


def _path(settings: Settings) -> Path:
    return path_beside(settings.database.url, _SUFFIX) or _ELSEWHERE
