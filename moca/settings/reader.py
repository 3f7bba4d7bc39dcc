import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from moca.settings import sections
from moca.settings.errors import BadSettings, explain, unknown_key
from moca.settings.exposure import exposure_faults
from moca.settings.sections import Instagram, Settings

_PREFIX = "MOCA_"
_PATH_VARIABLE = "MOCA_CONFIG"
_LIST_OR_TABLE = ("[", "{")


def read_settings(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """Read a settings file and what the environment changes in it.

    Args:
        path: the TOML file; None uses the defaults.
        environment: `MOCA_<SECTION>__<KEY>` wins over the file.

    Raises:
        BadSettings: with every problem of both at once.
    """
    values = _from_file(path) if path else {}
    problems = _lay_over(values, environment)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise BadSettings([*explain(error), *problems, *_missing_beside(values)]) from None
    problems += _missing_when_live(settings.instagram) + _missing_in_cluster(settings)
    problems += exposure_faults(settings)
    if problems:
        raise BadSettings(problems)
    return _with_sandbox_defaults(settings)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadSettings([f"{path}: there is no such file"]) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSettings([f"{path}: {error}"]) from None


def _lay_over(values: dict[str, Any], environment: Mapping[str, str]) -> list[str]:
    problems = []
    for name, text in sorted(environment.items()):
        if not name.startswith(_PREFIX) or name == _PATH_VARIABLE:
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
        # Where the file has no table, its own fault is told: nothing to lay over.
        if not isinstance(values := values.setdefault(part, {}), dict):
            return
    values[last] = value


def _value(text: str) -> Any:
    if not text.startswith(_LIST_OR_TABLE):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _missing_beside(values: Mapping[str, Any]) -> list[str]:
    try:
        return _missing_when_live(Instagram.model_validate(values.get("instagram", {})))
    except ValidationError:
        return []


def _missing_when_live(instagram: Instagram) -> list[str]:
    if instagram.mode == "sandbox":
        return []
    needed = {
        "app_secret": "the app secret of your Meta app; without it no webhook can be trusted",
        "verify_token": "the token you type in Meta's dashboard beside the webhook's URL",
        "access_token": "an account: its access token, or app_id to connect one at /connect",
    }
    if instagram.app_id:
        # Accounts are connected at /connect; to get there it must be up.
        del needed["access_token"]
    missing = [
        f"instagram.{key}: live mode needs {what}"
        for key, what in needed.items()
        if not _plain(getattr(instagram, key))
    ]
    public = {sections.SANDBOX_APP_SECRET, sections.SANDBOX_VERIFY_TOKEN}
    known = [
        f"instagram.{key}: this is the sandbox's, which everybody knows; live mode needs your own"
        for key in ("app_secret", "verify_token")
        if _plain(getattr(instagram, key)) in public
    ]
    return missing + known


def _missing_in_cluster(settings: Settings) -> list[str]:
    if not settings.cluster.broker_url:
        return []
    problems = []
    if settings.database.url.startswith("sqlite"):
        problems.append("database.url: several machines need one PostgreSQL, postgresql://…")
    if not _plain(settings.web.api_token):
        problems.append("web.api_token: several machines need one token that opens all of them")
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
            "account_id": instagram.account_id or sections.SANDBOX_ACCOUNT_ID,
        }
    )
    return settings.model_copy(update={"instagram": filled})
