"""Where the files lie that settings name."""

from pathlib import Path

import pytest

from moca.settings.errors import BadSettings
from moca.settings.locations import data_directory
from moca.settings.reader import read_settings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, without one for data, and return its path."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return folder


def written(folder: Path, toml: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "settings.toml"
    file.write_text(toml)
    return file


PATHS = """
database.url = "sqlite:///data/my%20shop.db"
database.uploads_dir = "files"
replies.rules.file = "rules.toml"
"""


def test_paths_in_a_settings_file_start_at_its_folder(here: Path, tmp_path: Path) -> None:
    folder = tmp_path / "etc"

    settings = read_settings(written(folder, PATHS), {}, folder=folder)

    assert settings.database.url == f"sqlite:///{folder}/data/my%20shop.db"
    assert settings.database.uploads_dir == f"{folder}/files"
    assert settings.replies.rules.file == f"{folder}/rules.toml"


@pytest.mark.parametrize(
    "toml",
    [
        'database.url = "sqlite:////srv/moca.db"\nreplies.rules.file = "/srv/rules.toml"',
        'database.url = "postgresql://localhost/moca"',
        'database.uploads_dir = ""',
    ],
)
def test_absolute_paths_and_other_databases_stay_as_they_are(
    here: Path, tmp_path: Path, toml: str
) -> None:
    file = written(tmp_path / "etc", toml)
    assert read_settings(file, {}, folder=file.parent) == read_settings(file, {})


@pytest.mark.parametrize("toml", ["database = 1", "replies.rules = 2", "database.url = 3"])
def test_what_is_no_path_is_left_to_the_check_of_the_settings(here: Path, toml: str) -> None:
    file = written(here, toml)
    with pytest.raises(BadSettings) as refused:
        read_settings(file, {}, folder=here)
    assert [problem.split(": ")[0] for problem in refused.value.problems] == [
        toml.split(" = ", maxsplit=1)[0]
    ]


def test_paths_in_the_environment_start_at_the_working_directory(
    here: Path, tmp_path: Path
) -> None:
    environment = {"MOCA_DATABASE__URL": "sqlite:///mine.db"}
    settings = read_settings(written(tmp_path / "etc", PATHS), environment, folder=tmp_path / "etc")
    assert settings.database.url == "sqlite:///mine.db"


def test_a_database_that_lay_in_the_working_directory_is_not_replaced_by_an_empty_one(
    here: Path, tmp_path: Path
) -> None:
    (here / "shop.db").touch()
    file = written(tmp_path / "etc", 'database.url = "sqlite:///shop.db"')

    with pytest.raises(BadSettings) as refused:
        read_settings(file, {}, folder=file.parent)

    (problem,) = refused.value.problems
    assert problem.startswith("database.url: sqlite:///shop.db means ")
    assert f"there is {here}/shop.db: set its absolute path" in problem


def test_the_data_directory_is_the_named_one_first(here: Path) -> None:
    (here / "moca.db").touch()
    named = {"MOCA_DATA_DIR": "data"}
    assert data_directory(named, is_installed=True) == here / "data"
    assert data_directory(named, is_installed=False) == here / "data"


def test_an_installed_moca_keeps_its_data_with_the_user_s_unless_it_finds_some(
    here: Path, tmp_path: Path
) -> None:
    assert data_directory({}, is_installed=True) == tmp_path / "share" / "moca"
    (here / "moca.db").touch()
    assert data_directory({}, is_installed=True) is None


def test_a_checkout_keeps_its_data_in_the_working_directory(here: Path) -> None:
    assert data_directory({}, is_installed=False) is None


@pytest.mark.parametrize("toml", ["", 'database.url = "sqlite:///moca.db"', "[database]"])
def test_the_database_is_created_in_the_data_directory_for_its_owner_alone(
    here: Path, toml: str
) -> None:
    data = here / "some data"
    settings = read_settings(written(here, toml), {}, data_folder=data)
    assert settings.database.url == f"sqlite:///{here}/some%20data/moca.db"
    assert data.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["MOCA_DATABASE__URL", None])
def test_a_database_that_is_named_lies_where_it_is_named(here: Path, name: str | None) -> None:
    url = "postgresql://localhost/moca"
    file = None if name else written(here, f'database.url = "{url}"')
    settings = read_settings(file, {name: url} if name else {}, data_folder=here / "data")
    assert settings.database.url == url
    assert not (here / "data").exists()


def test_a_data_directory_that_cannot_be_created_is_named(here: Path) -> None:
    (here / "data").touch()
    with pytest.raises(BadSettings) as refused:
        read_settings(None, {}, data_folder=here / "data" / "moca")
    (problem,) = refused.value.problems
    assert problem == (
        f"{here}/data/moca cannot be created (Not a directory); set MOCA_DATA_DIR to another folder"
    )
