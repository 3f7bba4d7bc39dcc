import json
import tomllib
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from moca.settings import sections
from moca.settings.errors import BadSettings, explain, unknown_key
from moca.settings.exposure import exposure_faults
from moca.settings.locations import DATA_DIRECTORY, place_database, place_paths
from moca.settings.sections import Instagram, Settings

_PREFIX = "MOCA_"
_NO_SETTINGS = {
    *("MOCA_CONFIG", "MOCA_BACKUP_PASSPHRASE", "MOCA_API_KEY", "MOCA_URL", DATA_DIRECTORY),
}
_LIST_OR_TABLE = ("[", "{")


def read_settings(
    path: Path | None,
    environment: Mapping[str, str],
    *,
    folder: Path | None = None,
    data_folder: Path | None = None,
) -> Settings:
    """Read a settings file and its overrides from the environment.

    Args:
        path: The TOML file; None uses the defaults.
        environment: `MOCA_<SECTION>__<KEY>` wins over the file.
        folder: Where relative paths in the file start; None is the working directory.
        data_folder: Where the database is unless `database.url` is set; None as above.

    Raises:
        BadSettings: With every problem of both at once.
    """
    values = _from_file(path) if path else {}
    if folder is not None:
        place_paths(values, folder)
    problems = _lay_over(values, environment)
    if data_folder is not None:
        place_database(values, data_folder)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise BadSettings([*explain(error), *problems, *_faults_beside(values, error)]) from None
    problems += _faults_in(settings, frozenset())
    if problems:
        raise BadSettings(problems)
    return _with_sandbox_defaults(settings)


def _from_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadSettings([f"{path}: no such file"]) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings([f"{path}: {error}"]) from None


def _lay_over(values: dict[str, object], environment: Mapping[str, str]) -> list[str]:
    problems = []
    for name, text in sorted(environment.items()):
        if not name.startswith(_PREFIX) or name in _NO_SETTINGS:
            continue
        section, _, key = name.removeprefix(_PREFIX).lower().partition("__")
        if section not in Settings.model_fields or not key:
            problems.append(f"environment {name}: {unknown_key((section,))}")
        else:
            _put(values, (section, *key.split("__")), _value(text))
    return problems


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *around, last = path
    for part in around:
        # If the file has no such table, its own error is reported: nothing to override.
        if not isinstance(values := values.setdefault(part, {}), dict):
            return
    values[last] = value


def _value(text: str) -> object:
    if not text.startswith(_LIST_OR_TABLE):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _faults_beside(values: Mapping[str, object], error: ValidationError) -> list[str]:
    """Return the faults that show across sections, of those without a fault of their own."""
    bad = frozenset(str(fault["loc"][0]) for fault in error.errors() if fault["loc"])
    try:
        rest = Settings.model_validate({key: values[key] for key in values.keys() - bad})
    except ValidationError:
        return []
    return _faults_in(rest, bad)


def _faults_in(settings: Settings, unknown: AbstractSet[str]) -> list[str]:
    """Return the faults that show across sections; those of the unknown ones are left out."""
    checks: tuple[tuple[set[str], Callable[[], list[str]]], ...] = (
        ({"instagram"}, lambda: _missing_when_live(settings.instagram)),
        ({"cluster", "database", "web"}, lambda: _missing_in_cluster(settings)),
        ({"instagram", "server", "web"}, lambda: exposure_faults(settings)),
    )
    return [fault for needed, check in checks if not needed & unknown for fault in check()]


def _missing_when_live(instagram: Instagram) -> list[str]:
    if instagram.mode == "sandbox":
        return []
    needed = {
        "app_secret": "the app secret of your Meta app, to verify webhooks",
        "verify_token": "the token you type in Meta's dashboard beside the webhook's URL",
        "access_token": "an account: its access token, or app_id to connect one at /connect",
    }
    if instagram.app_id:
        # Accounts are connected at /connect, so Moca must start without one.
        del needed["access_token"]
    missing = [
        f"instagram.{key}: live mode needs {what}"
        for key, what in needed.items()
        if not _plain(getattr(instagram, key))
    ]
    public = {sections.SANDBOX_APP_SECRET, sections.SANDBOX_VERIFY_TOKEN}
    known = [
        f"instagram.{key}: this value is the sandbox's and public; live mode needs your own"
        for key in ("app_secret", "verify_token")
        if _plain(getattr(instagram, key)) in public
    ]
    return missing + known


def _missing_in_cluster(settings: Settings) -> list[str]:
    if not settings.cluster.broker_url:
        return []
    problems = []
    if settings.database.url.startswith("sqlite"):
        problems.append("database.url: a cluster needs PostgreSQL, postgresql://…")
    if not _plain(settings.web.api_token):
        problems.append("web.api_token: a cluster needs one token shared by all nodes")
    return problems


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _with_sandbox_defaults(settings: Settings) -> Settings:
    instagram = settings.instagram
    if instagram.mode == "live":
        return settings
    filled = instagram.model_copy(
        update={
            "app_secret": instagram.app_secret or SecretStr(sections.SANDBOX_APP_SECRET),
            "verify_token": instagram.verify_token or SecretStr(sections.SANDBOX_VERIFY_TOKEN),
            "access_token": instagram.access_token or SecretStr(sections.SANDBOX_ACCESS_TOKEN),
            "app_id": instagram.app_id or sections.SANDBOX_APP_ID,
            "account_id": instagram.account_id or sections.SANDBOX_ACCOUNT_ID,
        }
    )
    return settings.model_copy(update={"instagram": filled})
