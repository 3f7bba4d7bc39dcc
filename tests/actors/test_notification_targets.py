"""Where the settings send notifications."""

import sys

import pytest

from actors.config import writer_policy
from actors.notification_targets import notification_targets
from moca.settings.display import shown_settings
from moca.settings.errors import BadSettings
from moca.settings.reader import read_settings
from moca.settings.sections import Settings

SECRET = "mailtos://user:password@example.com"


def settings(*urls: str) -> Settings:
    quoted = ", ".join(f'"{url}"' for url in urls)
    return read_settings(None, {"MOCA_NOTIFY__URLS": f"[{quoted}]"})


def test_without_a_url_there_are_no_notifications() -> None:
    assert notification_targets(read_settings(None, {})) is None
    assert not writer_policy(read_settings(None, {})).stores_notification


def test_a_service_alone_is_enough() -> None:
    assert notification_targets(settings(SECRET)) is not None
    assert writer_policy(settings(SECRET)).stores_notification


def test_an_unknown_service_is_named_by_its_place_only() -> None:
    with pytest.raises(BadSettings) as refused:
        notification_targets(settings(SECRET, "nonsense://password"))
    assert refused.value.problems == (
        "notify.urls.1: not a URL of Apprise; see https://appriseit.com",
    )


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "moca.notification_services", raising=False)
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(BadSettings, match="install the extra with pip install"):
        notification_targets(settings(SECRET))


def test_the_urls_are_masked() -> None:
    shown = {name: value for name, value, _ in shown_settings(settings(SECRET))}
    assert "password" not in shown["notify.urls"]
    assert "example.com" not in shown["notify.urls"]
