from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from moca.core.content.content import Content
from moca.core.types import MadeBy, Role
from moca.replies.generator import BadGenerator, GeneratedReply
from moca.replies.registry import generator_names, make_generator
from moca.settings.sections import Settings
from tests.replies.requests import asked, said

MOCK = MadeBy("mock", is_ai=True)


def problems(
    names: Sequence[str], tables: Mapping[str, Any] = MappingProxyType({})
) -> tuple[str, ...]:
    with pytest.raises(BadGenerator) as raised:
        make_generator(names, dict(tables))
    return raised.value.problems


def test_the_mock_says_what_it_is() -> None:
    mock = make_generator(["mock"], {})
    said = Content(text="This would be an AI generated message")
    assert mock.reply(asked("hi")) == GeneratedReply(said, "mock", is_sample=True, made_by=MOCK)


def test_the_mock_says_what_the_settings_say() -> None:
    settings = Settings.model_validate({"replies": {"mock_text": "Hello"}})
    made = make_generator(settings.replies.chain, settings.replies.tables)
    assert made.reply(asked("hi")) == GeneratedReply(
        Content(text="Hello"), "mock", is_sample=True, made_by=MOCK
    )


def test_the_fixed_text_is_said_to_everybody() -> None:
    fixed = make_generator(["fixed"], {"fixed": {"text": "Soon"}})
    assert fixed.reply(asked("hi")) == GeneratedReply(
        Content(text="Soon"), "fixed: fixed text", made_by=MadeBy("fixed")
    )


def test_a_fixed_text_that_says_nothing_is_refused() -> None:
    assert problems(["fixed"], {"fixed": {"text": " "}}) == (
        "replies.fixed: text: must not be empty",
    )


def test_an_unknown_generator_is_refused_with_the_names_known() -> None:
    (problem,) = problems(["mok"])
    assert problem == (
        "replies.generator: no generator named 'mok'; "
        "did you mean 'mock'? available: mock, rules, model, fixed"
    )
    assert generator_names() == ("mock", "rules", "model", "fixed")


def test_the_problems_of_all_generators_are_told_at_once(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"replies": {"generator": "rules, model, mok", "rules": {"file": f"{tmp_path}/no.toml"}}}
    )
    rules, model, unknown = problems(settings.replies.chain, settings.replies.tables)
    assert rules == f"replies.rules.file: {tmp_path}/no.toml: no such file"
    assert model == "replies.model.model: is required"
    assert unknown.startswith("replies.generator: no generator named 'mok'; ")


def test_a_provider_s_own_server_wants_a_key() -> None:
    table = Settings.model_validate({"replies": {"generator": "model", "model": {"model": "m"}}})
    assert problems(["model"], table.replies.tables) == (
        "replies.model.api_key: is required for the provider's own server; or set url",
    )


def test_a_request_shows_no_text_and_no_name() -> None:
    request = asked("secret", name="secret", history=[said(Role.USER, "secret")])
    assert "secret" not in repr(request)
