import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moca.core.content.content import Content, QuickReply
from moca.replies.generator import BadGenerator, GeneratedReply, HandOver, NoReply, ReplyRequest
from moca.replies.rules.line_numbers import line_of, lines_of
from moca.replies.rules.reader import read_rules
from tests.replies.requests import asked, seen, tapped

EXAMPLE = Path(__file__).parents[3] / "config" / "rules.toml"
RULE = "[[rule]]\nname = 'r'\n"


def faults_of(text: str) -> tuple[str, ...]:
    try:
        read_rules(text)
    except BadGenerator as error:
        return error.problems
    return ()


def test_every_fault_is_told_with_its_line_and_its_rule() -> None:
    text = """
langage = "en"

[[rule]]
name = "prices"
answers = ["20 euros",
           "hello {nme}"]
quick_replies = [
    { title = "Shirts" },
    { titel = "Shoes", title = "Shoes" },
]

[[rule]]
name = "long"
keywrds = ["x"]
patterns = ["("]
answers = '''
[[rule]]
keywords = "not a key"
'''

[[rule]]
on = "story_mentoin"
[[rule.cards]]
title = "a"
[[rule.cards.buttons]]
title = 5
"""
    assert faults_of(text) == (
        "line 2: langage: unknown key; did you mean 'language'?",
        ("line 7: rule 'prices': answers.1: unknown placeholder {nme}; did you mean {name}?"),
        ("line 10: rule 'prices': quick_replies.1.titel: unknown key; did you mean 'title'?"),
        "line 15: rule 'long': keywrds: unknown key; did you mean 'keywords'?",
        ("line 16: rule 'long': patterns.0: not a regular expression: missing ) at position 1"),
        "line 22: rule 3: name: Field required",
        ("line 23: rule 3: on.0: unknown event 'story_mentoin'; did you mean 'story_mention'?"),
        "line 27: rule 3: cards.0.buttons.0.title: Input should be a valid string",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule = [", "Invalid value (at end of document)"),
        (RULE, "line 1: rule 'r': has no content: add answers, cards, media or hand_over = true"),
        (
            RULE + "on = []\nanswers = 'x'",
            "line 1: rule 'r': on is empty: the rule would never match",
        ),
        (
            RULE + "answers = 'x'\nmedia = { type = 'image', url = 'https://e.com' }",
            "line 1: rule 'r': text and media cannot be sent in one message",
        ),
        (
            RULE + "hand_over = true\nquick_replies = [{ title = 'a' }]",
            "line 1: rule 'r': quick_replies and buttons need a text: add answers",
        ),
        (
            RULE + f"answers = '{'x' * 641}'\nbuttons = [{{ title = 'a', payload = 'b' }}]",
            "line 3: rule 'r': text: must not be longer than 640 characters above buttons",
        ),
        (
            RULE + "answers = 'x'\n" + RULE + "answers = 'y'",
            "line 4: rule 'r': another rule already has this name",
        ),
        (RULE + "keywords = [' ']\nanswers = 'x'", "line 3: rule 'r': keywords.0: "),
        (RULE + "media = { type = 'gif', url = 'https://e.com' }", "line 3: rule 'r': media.type"),
        (
            RULE + "hand_over = true\n[[rule.cards]]\ntitle = 'a'\n\n[[rule.cards]]\ntitle = 'b'",
            "line 4: rule 'r': cards.0: needs more than a title",
        ),
        (
            RULE
            + "answers = 'x'\nquick_replies = [\n{ title = 'a' },\n{ title = '"
            + "x" * 21
            + "' } ]",
            "line 6: rule 'r': quick_replies.1.title: must not be longer than 20 characters",
        ),
        (RULE + "answers = ['x', '{name}']", "line 1: rule 'r': the message is empty"),
        (
            RULE + f"answers = '{'x' * 620}{{name}}'\nbuttons = [{{ title = 'a', payload = 'b' }}]",
            "line 3: rule 'r': text: must not be longer than 640 characters above buttons",
        ),
        (RULE + "media = { type = 'image', ulr = 'https://e.com' }", "did you mean 'url'?"),
        ("[rule]\nname = 'r'", "line 1: rule: "),
        (RULE + "answers.en = 'a'\nanswers.de = 5", "line 4: rule 'r': answers.de"),
        ("rule = [5]", "line 1: rule 1: "),
    ],
)
def test_a_fault_is_told_with_what_to_do(text: str, said: str) -> None:
    assert said in "\n".join(faults_of(text))


def test_no_fault_quotes_what_a_rule_says() -> None:
    text = RULE + "answers = ['secret', 5, '{secrt}']\nmedia = 'secret'"
    assert "secret" not in "\n".join(faults_of(text))


def walked(
    value: dict[str, Any] | list[dict[str, Any] | str] | str, path: tuple[int | str, ...] = ()
) -> Iterator[tuple[int | str, ...]]:
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value)
    for key, child in children if not isinstance(value, str) else ():
        if isinstance(child, dict | list | str):
            yield from walked(child, (*path, key))


def test_the_line_of_everything_in_the_example_is_known() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    lines, rows = lines_of(text), text.split("\n")
    for path in walked(tomllib.loads(text)):
        line = line_of(lines, path)
        keys = [part for part in path if isinstance(part, str)]
        assert line is not None, path
        if path in lines and isinstance(path[-1], str):
            assert keys[-1] in rows[line - 1], path


def test_lines_are_told_through_strings_comments_and_nested_brackets() -> None:
    text = (
        'a = """\nb = 1\n"""  # c = 2\n"d" = [[1, 2], # ]\n  [3]]\n'
        '[e.f]\ng.h = { i = "]" }\nj = 1\n'
    )
    assert dict(lines_of(text)) == {
        ("a",): 1,
        ("d",): 4,
        ("d", 0): 4,
        ("d", 1): 5,
        ("e",): 6,
        ("e", "f"): 6,
        ("e", "f", "g"): 7,
        ("e", "f", "g", "h"): 7,
        ("e", "f", "j"): 8,
    }


PIECES = ["[", "]", "{", "}", '"', '"""', "=", ",", "\n", "#", ".", "[[rule]]\n", "1", "rule"]


@settings(deadline=None)
@given(st.data())
def test_no_slip_of_the_pen_crashes_and_every_fault_has_its_line(data: st.DataObject) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text) - 1))
        cut = data.draw(st.integers(0, 20))
        text = text[:start] + data.draw(st.sampled_from(["", *PIECES])) + text[start + cut :]
    told = faults_of(text)
    assert all("line" in each or "end of document" in each for each in told)


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (
            asked("Hi, how much is it?", name="Anna Berg"),
            "prices",
        ),
        (asked("Guten Tag"), "greeting"),
        (asked("my order #12345?"), "order number"),
        (seen("story_mention"), "story mention"),
        (tapped("Shirts", "SHIRTS", kind="message", type="quick_reply"), "shirts"),
    ],
)
def test_the_example_answers(request_: ReplyRequest, reply: str) -> None:
    said = read_rules(EXAMPLE.read_text(encoding="utf-8")).reply(request_)
    assert isinstance(said, GeneratedReply)
    assert said.by == f"rule {reply!r}"


def test_the_example_in_the_readme_answers() -> None:
    page = (EXAMPLE.parents[1] / "docs/how-to/rules.md").read_text(encoding="utf-8")
    example, *_ = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    book = read_rules(example)
    assert book.reply(asked("Preis?", name="Anna Berg")) == GeneratedReply(
        Content(text="20 €, Anna.", quick_replies=(QuickReply(title="Shirts", payload="SHIRTS"),)),
        "rule 'prices'",
        rule="prices",
    )


def test_the_example_hands_over_and_keeps_silent_where_it_knows_nothing() -> None:
    book = read_rules(EXAMPLE.read_text(encoding="utf-8"))
    assert book.reply(asked("Mensch!")) == HandOver(
        "rule 'a person, please' asks for a person",
        Content(text="Ich gebe dich an einen Menschen weiter, der dir hier antwortet."),
        "a person, please",
    )
    assert book.reply(asked("Do you ship to Mars?")) == NoReply("no rule matches")
