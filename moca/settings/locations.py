"""Where the files that settings name lie."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from moca.settings.errors import BadSettings

DATA_DIRECTORY = "MOCA_DATA_DIR"
_PROJECT = Path(__file__).parents[2] / "pyproject.toml"
_DATABASE = "moca.db"
_DEFAULT_URL = f"sqlite:///{_DATABASE}"
_PATHS = (("database", "uploads_dir"), ("replies", "rules", "file"))


def place_paths(values: dict[str, Any], folder: Path) -> None:
    """Make the relative paths of a settings file start at its folder.

    Raises:
        BadSettings: If the database lies in the working directory, where paths once started.
    """
    for path in _PATHS:
        _place(values, path, folder)
    database = values.get("database")
    if not isinstance(database, dict):
        return
    url = database.get("url")
    if not isinstance(url, str) or urlsplit(url).scheme != "sqlite":
        return
    file = Path(unquote(urlsplit(url).path.removeprefix("/")))
    if file.exists() and not (folder / file).exists():
        meant = f"{folder / file}, since paths start at the folder of the settings file"
        found = f"there is {file.absolute()}: set its absolute path"
        raise BadSettings([f"database.url: {url} means {meant}, but {found}"])
    database["url"] = _url_of(folder / file)


def _place(values: dict[str, Any], path: tuple[str, ...], folder: Path) -> None:
    *around, key = path
    for part in around:
        if not isinstance(values := values.get(part, {}), dict):
            return
    if isinstance(text := values.get(key), str) and text:
        values[key] = str(folder / text)


def _url_of(path: Path) -> str:
    return f"sqlite:///{quote(str(path))}"


def data_directory(environment: Mapping[str, str], *, is_installed: bool) -> Path | None:
    """Return the folder of the database if no setting names one; None is the working directory.

    A database in the working directory stays in use.

    Args:
        environment: `MOCA_DATA_DIR` names the folder.
        is_installed: Whether Moca runs without its checkout.
    """
    if named := environment.get(DATA_DIRECTORY):
        return Path(named).expanduser().absolute()
    if not is_installed or Path(_DATABASE).exists():
        return None
    from platformdirs import user_data_path  # noqa: PLC0415 - needed by an installed Moca alone

    return user_data_path("moca", appauthor=False)


def place_database(values: dict[str, Any], folder: Path) -> None:
    """Put the database into this folder if its URL is the default; create the folder if needed.

    Raises:
        BadSettings: If the folder cannot be created.
    """
    database = values.setdefault("database", {})
    if not isinstance(database, dict) or database.get("url", _DEFAULT_URL) != _DEFAULT_URL:
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        hint = f"set {DATA_DIRECTORY} to another folder"
        raise BadSettings([f"{folder} cannot be created ({error.strerror}); {hint}"]) from None
    database["url"] = _url_of(folder / _DATABASE)


@cache
def moca_version() -> str:
    """Return the version of a checkout from its own file, since another one may be installed."""
    try:
        project = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]
    except FileNotFoundError:
        from importlib.metadata import version  # noqa: PLC0415 - not needed in a checkout

        return version("moca-dm")
    return str(project["version"])
