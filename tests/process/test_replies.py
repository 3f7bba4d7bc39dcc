"""A rules file and a model, both replying through `python run.py`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.service import BRISK, Service, eventually
from tests.process.test_journey import posts, replies
from tests.replies.model.model_server import KEY, ModelServer, chat

RULES = "[[rule]]\nname = 'prices'\nkeywords = ['price']\nanswers = '20 euros'\n"


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def answering(
    make: Callable[[dict[str, Any]], Service], tmp_path: Path, model: ModelServer
) -> Service:
    """A service, not yet started, that replies by rules, else by a model, else by a fixed text."""
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    return make(
        BRISK
        | {
            "instagram.app_secret": "the-app-secret-of-the-test",
            "replies.generator": "rules, model, fixed",
            "replies.rules.file": tmp_path / "rules.toml",
            "replies.model.url": f"{model.url}/v1",
            "replies.model.api_key": KEY,
            "replies.model.model": "small-1",
            "replies.model.retries": 0,
            "replies.fixed.text": "Soon",
        }
    )


def generated(service: Service, mid: str) -> str:
    """Return who made the reply to a message, and why."""
    steps = service.get(f"/api/messages/{mid}/journey")["steps"]
    found: str = next(step["detail"] for step in steps if step["outcome"] == "generated")
    return found


def test_a_rule_answers_else_the_model_else_the_fixed_text(
    answering: Service, model: ModelServer
) -> None:
    model.will(chat("Because it is blue."))
    model.will({}, 500)
    answering.start()
    for psid, text in (("7", "What is the price?"), ("8", "Why?"), ("9", "How?")):
        posts(answering, f"mid-{psid}", text, psid)
        eventually(lambda mid=f"mid-{psid}": answering.outcome(mid) == "answered")
    told = sorted(replies(answering))
    assert told == [("20 euros", "sent"), ("Because it is blue.", "sent"), ("Soon", "sent")]
    assert [generated(answering, f"mid-{psid}") for psid in "789"] == [
        "rules: rule 'prices'",
        "model: small-1, after rules: no rule matches",
        (
            "fixed: fixed text, after rules: no rule matches; "
            "model: the model server responded with 500"
        ),
    ]
    assert KEY not in answering.said()


def test_a_restart_gives_the_model_no_new_budget(answering: Service, model: ModelServer) -> None:
    answering.settings["replies.model.per_day"] = 1
    model.will(chat("Because it is blue."))
    for psid, text in (("8", "Why?"), ("9", "How?")):
        answering.start()
        posts(answering, f"mid-{psid}", text, psid)
        eventually(lambda mid=f"mid-{psid}": answering.outcome(mid) == "answered")
        assert answering.stop() == 0
    assert len(model.asked) == 1


def test_rules_that_cannot_be_used_are_bad_settings(answering: Service, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(RULES + "answrs = 1\n", encoding="utf-8")
    ended = answering.command()
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"settings: replies.rules.file: {tmp_path}/rules.toml: line 5: rule 'prices': "
        "answrs: unknown key; did you mean 'answers'?\n"
    )
