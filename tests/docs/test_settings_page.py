"""The page of settings says what the settings file says, and that holds every setting."""

from pathlib import Path

from moca.settings import Settings
from moca.settings.display import shown_settings
from moca.settings.reference import PAGE, SOURCE, settings_page

ROOT = Path(__file__).parents[2]


def page() -> str:
    return (ROOT / PAGE).read_text(encoding="utf-8")


def test_the_page_is_what_the_settings_file_says() -> None:
    assert page() == settings_page((ROOT / SOURCE).read_text(encoding="utf-8"))


def test_every_setting_has_a_row() -> None:
    names = [name for name, _, _ in shown_settings(Settings())]
    assert [name for name in names if f"| `{name}` |" not in page()] == []
