import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from moca.settings.display import shown_settings
from moca.settings.errors import BadSettings
from moca.settings.reader import read_settings
from moca.settings.sections import Settings

ROOT = Path(__file__).parents[2]
LIVE = {
    "MOCA_INSTAGRAM__MODE": "live",
    "MOCA_INSTAGRAM__APP_SECRET": "one-secret",
    "MOCA_INSTAGRAM__VERIFY_TOKEN": "a-token",
    "MOCA_INSTAGRAM__ACCESS_TOKEN": "an-access-token",
}


def problems(environment: dict[str, str], path: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(BadSettings) as raised:
        read_settings(path, environment)
    return raised.value.problems


def tables(settings: Settings) -> dict[str, Any]:
    return settings.model_dump(mode="json")


def test_the_settings_file_holds_every_setting_with_its_default() -> None:
    written = tomllib.loads((ROOT / "config/moca.toml").read_text(encoding="utf-8"))
    assert written == tables(Settings())


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "moca.toml"
    path.write_text("[sender]\nper_second = 5\nmax_attempts = 2\n", encoding="utf-8")
    read = read_settings(path, {"MOCA_SENDER__PER_SECOND": "7"})
    assert (read.sender.per_second, read.sender.max_attempts) == (7, 2)


def test_all_faults_of_file_and_environment_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "moca.toml"
    path.write_text(
        "[sender]\nper_second = 'many'\n[conversation]\ncooldwn_seconds = 3\n", encoding="utf-8"
    )
    assert problems({"MOCA_SNDER__PER_SECOND": "3"}, path) == (
        "conversation.cooldwn_seconds: unknown setting; did you mean 'cooldown_seconds'?",
        "sender.per_second: Input should be a valid integer, unable to parse string as an integer",
        ("environment MOCA_SNDER__PER_SECOND: snder: unknown setting; did you mean 'sender'?"),
    )


@pytest.mark.parametrize("missing", ["APP_SECRET", "VERIFY_TOKEN", "ACCESS_TOKEN"])
def test_live_mode_refuses_to_start_without_what_it_needs(missing: str) -> None:
    environment = {name: value for name, value in LIVE.items() if not name.endswith(missing)}
    (problem,) = problems(environment)
    assert problem.startswith(f"instagram.{missing.lower()}: ")


def test_live_mode_refuses_the_sandbox_s_secret() -> None:
    (problem,) = problems(LIVE | {"MOCA_INSTAGRAM__APP_SECRET": "sandbox-app-secret"})
    assert "the sandbox's and public" in problem


def test_live_mode_starts_with_a_secret_a_verify_token_and_an_account() -> None:
    assert read_settings(None, LIVE).instagram.mode == "live"


def test_live_mode_starts_without_an_account_where_one_can_be_connected() -> None:
    environment = LIVE | {"MOCA_INSTAGRAM__APP_ID": "77", "MOCA_INSTAGRAM__ACCESS_TOKEN": ""}
    assert read_settings(None, environment).instagram.app_id == "77"


@pytest.mark.parametrize("days", ["1", "2"])
def test_what_meta_may_still_repeat_is_never_forgotten(days: str) -> None:
    (problem,) = problems({"MOCA_DATABASE__RETENTION_DAYS": days})
    assert problem.startswith("database.retention_days: at least 3")


@pytest.mark.parametrize("name", ["retention_days", "audit_days"])
def test_nothing_is_kept_for_more_than_a_century_but_for_ever(name: str) -> None:
    (problem,) = problems({f"MOCA_DATABASE__{name.upper()}": "36501"})
    assert problem.startswith(f"database.{name}: ")
    assert read_settings(None, {f"MOCA_DATABASE__{name.upper()}": "0"})


def test_instagrams_record_is_not_read_without_a_pause() -> None:
    (problem,) = problems({"MOCA_INSTAGRAM__COMPARE_SECONDS": "5"})
    assert problem.startswith("instagram.compare_seconds: at least 10, or 0 for never")
    assert read_settings(None, {"MOCA_INSTAGRAM__COMPARE_SECONDS": "0"})


def test_the_sandbox_needs_no_account() -> None:
    assert read_settings(None, {}).instagram.app_secret.get_secret_value() == "sandbox-app-secret"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "MOCA_BUSINESS_HOURS__MONDAY",
            '["9-5"]',
            "'9-5' is not a time range such as '09:00-17:30'",
        ),
        ("MOCA_BUSINESS_HOURS__MONDAY", '["17:00-09:00"]', "ends before it starts"),
        ("MOCA_BUSINESS_HOURS__TIMEZONE", "Berlin", "unknown time zone 'Berlin'"),
        ("MOCA_DATABASE__URL", "mysql://x", "database.url"),
        ("MOCA_WEB__API_TOKEN", "short", "at least 8 characters"),
        ("MOCA_CONVERSATION__COOLDOWN_SECONDS", "nan", "conversation.cooldown_seconds"),
        ("MOCA_CONFIGURATION", "x", "unknown setting"),
    ],
)
def test_a_bad_value_is_named_with_what_would_be_good(name: str, value: str, said: str) -> None:
    (problem,) = problems({name: value})
    assert said in problem


def test_a_file_that_is_not_there_or_not_toml_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone.toml"
    assert problems({}, gone) == (f"{gone}: no such file",)
    gone.write_text("[server\n", encoding="utf-8")
    (problem,) = problems({}, gone)
    assert problem.startswith(f"{gone}: ")


def test_secrets_are_never_shown() -> None:
    secret = "s3cr3t-s3cr3t"
    environment = {name: secret for name in LIVE if not name.endswith("MODE")}
    read = read_settings(None, environment | {"MOCA_WEB__API_TOKEN": secret})
    assert secret not in "".join(value for row in shown_settings(read) for value in row)
    assert secret not in repr(read)


def test_several_machines_need_one_database_and_one_token() -> None:
    told = problems({"MOCA_CLUSTER__BROKER_URL": "amqp://guest:guest@mq/"})
    assert told == (
        "database.url: a cluster needs PostgreSQL, postgresql://…",
        "web.api_token: a cluster needs one token shared by all nodes",
    )


def test_the_day_on_which_the_token_ends_is_a_day(tmp_path: Path) -> None:
    path = tmp_path / "moca.toml"
    path.write_text('[instagram]\naccess_token_expires = "soon"\n', encoding="utf-8")
    assert problems({}, path) == (
        'instagram.access_token_expires: a date such as "2027-01-31", or empty if unknown',
    )
    path.write_text('[instagram]\naccess_token_expires = "2027-01-31"\n', encoding="utf-8")
    expires_at = read_settings(path, {}).instagram.access_token_expires_at
    assert expires_at == datetime(2027, 1, 31, tzinfo=UTC)


def test_faults_across_sections_are_told_beside_those_within_one(tmp_path: Path) -> None:
    path = tmp_path / "moca.toml"
    path.write_text(
        '[sender]\nper_second = "many"\n[instagram]\nmode = "live"\n'
        '[cluster]\nbroker_url = "amqp://mq/"\n',
        encoding="utf-8",
    )
    told = problems({"MOCA_SNDER__PER_SECOND": "3"}, path)

    assert [each.split(":")[0] for each in told] == [
        "sender.per_second",
        "environment MOCA_SNDER__PER_SECOND",
        "instagram.app_secret",
        "instagram.verify_token",
        "instagram.access_token",
        "database.url",
        "web.api_token",
    ]


def test_what_depends_on_a_section_that_cannot_be_read_is_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "moca.toml"
    path.write_text(
        '[web]\nonline = true\n[cluster]\nbroker_url = "amqp://mq/"\n', encoding="utf-8"
    )
    (problem,) = problems({}, path)

    assert problem.startswith("web.online: unknown setting")
