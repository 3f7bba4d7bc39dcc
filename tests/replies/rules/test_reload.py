import os
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from moca.core.content.content import Content
from moca.replies.generator import BadGenerator, GeneratedReply, ReplyRequest
from moca.replies.rules.generator import RulesGenerator
from tests.replies.requests import NOON, asked


def rule(answer: str) -> str:
    return f"[[rule]]\nname = 'r'\nanswers = '{answer}'\n"


class File:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._changes = 0

    def write(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")
        self._changes += 1
        os.utime(self.path, ns=(self._changes, self._changes))


@pytest.fixture
def file(tmp_path: Path) -> File:
    file = File(tmp_path / "rules.toml")
    file.write(rule("old"))
    return file


def after(seconds: float) -> ReplyRequest:
    return asked("hi", at=NOON + timedelta(seconds=seconds))


def said(text: str) -> GeneratedReply:
    return GeneratedReply(Content(text=text), "rule 'r'", rule="r")


def test_a_changed_file_counts_within_a_second(file: File) -> None:
    rules = RulesGenerator(file.path)
    assert rules.reply(after(0)) == said("old")
    file.write(rule("new"))
    assert [rules.reply(after(seconds)) for seconds in (0.999, 1)] == [said("old"), said("new")]


def test_a_clock_set_back_does_not_stop_the_looking(file: File) -> None:
    rules = RulesGenerator(file.path)
    rules.reply(after(3600))
    file.write(rule("new"))
    assert rules.reply(after(0)) == said("new")


def test_a_broken_change_keeps_the_rules_before_it_and_is_told_once(file: File) -> None:
    rules = RulesGenerator(file.path)
    file.write(rule("new") + "answrs = 1")
    fault = "line 4: rule 'r': answrs: unknown key; did you mean 'answers'?"
    with capture_logs() as logs:
        assert [rules.reply(after(seconds)) for seconds in range(5)] == [said("old")] * 5
    assert logs == [
        {
            "event": "rules_unusable",
            "log_level": "error",
            "instead": "the rules before",
            "problems": (f"{file.path}: {fault}",),
        }
    ]
    file.write(rule("better"))
    assert rules.reply(after(6)) == said("better")


def test_a_file_that_goes_away_keeps_its_rules(file: File) -> None:
    rules = RulesGenerator(file.path)
    file.path.unlink()
    with capture_logs() as logs:
        assert [rules.reply(after(seconds)) for seconds in range(3)] == [said("old")] * 3
    assert [line["event"] for line in logs] == ["rules_unusable"]
    file.write(rule("back"))
    assert rules.reply(after(9)) == said("back")


def test_a_file_that_cannot_be_used_at_the_start_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(BadGenerator, match=r"rules\.toml: 'utf-8' codec"):
        RulesGenerator(path)
    with pytest.raises(BadGenerator, match="Is a directory"):
        RulesGenerator(tmp_path)
