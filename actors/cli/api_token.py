import secrets
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from actors.cli.errors import complain
from moca.settings.sections import Settings
from moca.storage.db.private_file import create_private, path_beside

_SUFFIX = ".token"
_ELSEWHERE = Path("moca.token")
"""Where no database file is: in the directory in which Moca is started."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """The token that opens pages and API."""

    value: SecretStr
    path: Path | None
    """The file that keeps a generated one; None if it was configured."""


def require_token(settings: Settings) -> ApiToken:
    """Return the configured token, or the generated one, which is kept from start to start.

    If the file that keeps it cannot be used, this is reported, and the process ends with status 1.
    """
    if settings.web.api_token:
        return ApiToken(settings.web.api_token, None)
    path = _path(settings)
    try:
        kept = create_private(path, secrets.token_urlsafe(24).encode()).decode()
    except (OSError, UnicodeDecodeError) as error:
        complain(1, f"{path}: the token cannot be kept there ({error}); set web.api_token")
    if not kept:
        complain(1, f"{path}: it is empty; delete it to have a new token made")
    return ApiToken(SecretStr(kept), path)


def find_token(settings: Settings) -> str:
    """Return the token of the Moca that runs with these settings; empty if there is none."""
    if settings.web.api_token:
        return settings.web.api_token.get_secret_value()
    try:
        return _path(settings).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def start_lines(settings: Settings, token: ApiToken) -> list[str]:
    """Return what the terminal is told at the start; never a configured token.

    A live instance writes to logs that others read, so there its link is for a terminal only.
    """
    address = settings.server.own_address
    greeting = f"Moca ({settings.instagram.mode}) — open {address}/"
    if token.path is None:
        return [f"{greeting} and log in, by name or with web.api_token"]
    kept = f"Its token is kept in {token.path}; delete the file and restart to change it."
    if settings.instagram.mode == "live" and not sys.stdout.isatty():
        return [greeting, kept]
    return [f"{greeting}?token={token.value.get_secret_value()}", kept]


def _path(settings: Settings) -> Path:
    return path_beside(settings.database.url, _SUFFIX) or _ELSEWHERE
