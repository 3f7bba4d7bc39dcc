"""Who replies: a chain, a table for each generator, and tables for third-party ones."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from pydantic import SecretStr

from moca.settings.display import shown_settings
from moca.settings.errors import BadSettings
from moca.settings.reader import read_settings
from moca.settings.sections import Settings


def read(
    tmp_path: Path, toml: str, environment: Mapping[str, str] = MappingProxyType({})
) -> Settings:
    path = tmp_path / "moca.toml"
    path.write_text(f"[replies]\n{toml}", encoding="utf-8")
    return read_settings(path, dict(environment))


def problems(
    tmp_path: Path, toml: str, environment: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, ...]:
    with pytest.raises(BadSettings) as raised:
        read(tmp_path, toml, environment)
    return raised.value.problems


@pytest.mark.parametrize(
    ("generator", "chain"),
    [
        ('"mock"', ("mock",)),
        ('"rules, model,fixed"', ("rules", "model", "fixed")),
        ('["rules", "fixed"]', ("rules", "fixed")),
    ],
)
def test_generators_are_named_in_the_order_in_which_they_are_asked(
    tmp_path: Path, generator: str, chain: tuple[str, ...]
) -> None:
    assert read(tmp_path, f"generator = {generator}").replies.chain == chain


@pytest.mark.parametrize("generator", ['""', "[]", '"rules, rules"', '" , "'])
def test_at_least_one_is_named_and_none_twice(tmp_path: Path, generator: str) -> None:
    assert problems(tmp_path, f"generator = {generator}") == (
        'replies.generator: one or more different names, such as "rules, model, fixed"',
    )


def test_each_generator_of_the_chain_has_its_table(tmp_path: Path) -> None:
    toml = (
        'generator = "fixed, weather"\n[replies.fixed]\ntext = "Hi"\n[replies.weather]\nkey = "k"'
    )
    assert read(tmp_path, toml).replies.tables == {"fixed": {"text": "Hi"}, "weather": {"key": "k"}}


def test_the_environment_reaches_into_the_tables(tmp_path: Path) -> None:
    environment = {
        "MOCA_REPLIES__GENERATOR": '["model", "weather"]',
        "MOCA_REPLIES__MODEL__API_KEY": "sk-1",
        "MOCA_REPLIES__WEATHER__CITY": "Oslo",
    }
    replies = read(tmp_path, "[replies.model]\nmodel = 'm'", environment).replies
    assert (replies.model.model, replies.model.api_key) == ("m", SecretStr("sk-1"))
    assert replies.tables["weather"] == {"city": "Oslo"}


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        (
            "generatr = 'x'",
            "replies.generatr: unknown setting; did you mean 'generator'?",
        ),
        (
            "[replies.modl]\nmodel = 'x'",
            "replies.modl: unknown setting; did you mean 'model'?",
        ),
        (
            "[replies.model]\nmodl = 'x'",
            "replies.model.modl: unknown setting; did you mean 'model'?",
        ),
        (
            "generator = 'model'\ntimeout_seconds = 20",
            (
                "replies: timeout_seconds = 20 leaves no time for the model: "
                "its calls may take 20 s (model.timeout_seconds, model.retries)"
            ),
        ),
        ("model = 5", "replies.model: Input should be a valid dictionary or instance of Model"),
    ],
)
def test_a_bad_setting_is_named_with_what_would_be_good(
    tmp_path: Path, toml: str, problem: str
) -> None:
    (told,) = problems(tmp_path, toml)
    assert told.startswith(problem)


@pytest.mark.parametrize(
    "url", ["http://[", "http://x:99999", "http://x:port", "http://", "ftp://x", "x", "http://x y"]
)
def test_a_server_s_address_that_is_none_is_refused(tmp_path: Path, url: str) -> None:
    assert problems(tmp_path, f"[replies.model]\nurl = '{url}'") == (
        "replies.model.url: must be an address such as http://127.0.0.1:11434/v1",
    )


def test_an_environment_that_reaches_into_what_is_no_table_tells_the_fault_of_the_file(
    tmp_path: Path,
) -> None:
    (told,) = problems(tmp_path, "model = 5", {"MOCA_REPLIES__MODEL__URL": "http://x"})
    assert told.startswith("replies.model: ")


def test_neither_our_keys_nor_the_tables_of_others_are_shown(tmp_path: Path) -> None:
    toml = "generator = 'weather'\n[replies.weather]\nkey = 's3cr3t'\n"
    settings = read(tmp_path, toml, {"MOCA_REPLIES__MODEL__API_KEY": "s3cr3t"})
    shown = {name: value for name, value, _ in shown_settings(settings)}
    assert "s3cr3t" not in f"{settings!r}{shown}"
    assert shown["replies.model.api_key"] == shown["replies.weather"] == "••••••••"
