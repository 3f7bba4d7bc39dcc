"""The settings file and the settings page are what the settings' classes say."""

from collections.abc import Callable
from pathlib import Path

import pytest

from moca.settings import Settings
from moca.settings.display import shown_settings
from moca.settings.reference import FILE, PAGE, settings_file, settings_page

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("path", "written"), [(FILE, settings_file), (PAGE, settings_page)])
def test_what_is_generated_is_up_to_date(path: Path, written: Callable[[], str]) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == written(), "run `just settings`"


def test_every_setting_has_a_row() -> None:
    page = settings_page()
    names = [name for name, _, _ in shown_settings(Settings())]
    assert [name for name in names if f"| `{name}` |" not in page] == []
