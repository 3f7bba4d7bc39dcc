from typing import Any

import pytest

from moca.core.content.content import Content
from moca.core.types import MadeBy
from moca.replies.chain import ChainLink, GeneratorChain
from moca.replies.fixed import MockGenerator
from moca.replies.generator import GeneratedReply, GenerationError, HandOver, NoReply, ReplyRequest
from tests.replies.requests import asked

HELLO = Content(text="Hello")
FIXED = MadeBy("fixed")


class Scripted:
    def __init__(self, answer: object, needs_history: int = 0) -> None:
        self.answer = answer
        self.needs_history = needs_history

    def reply(self, _request: ReplyRequest) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def chain(**answers: object) -> GeneratorChain:
    return GeneratorChain([ChainLink(name, Scripted(answer)) for name, answer in answers.items()])


@pytest.mark.parametrize(
    ("answers", "reply"),
    [
        (
            {"rules": GeneratedReply(HELLO, "rule 'hi'", rule="hi")},
            GeneratedReply(HELLO, "rules: rule 'hi'", rule="hi", made_by=MadeBy("rules", "hi")),
        ),
        (
            {"model": GeneratedReply(HELLO, "small-1", topic="prices")},
            GeneratedReply(
                HELLO, "model: small-1", topic="prices", made_by=MadeBy("model", topic="prices")
            ),
        ),
        ({"mock": HELLO}, GeneratedReply(HELLO, "mock", made_by=MadeBy("mock"))),
        (
            {"rules": HandOver("a complaint")},
            HandOver("rules: a complaint", made_by=MadeBy("rules")),
        ),
        (
            {"rules": NoReply("no rule matches"), "fixed": HELLO},
            GeneratedReply(HELLO, "fixed, after rules: no rule matches", made_by=FIXED),
        ),
        (
            {
                "rules": NoReply("no rule matches"),
                "model": GenerationError("no answer in time"),
                "fixed": GeneratedReply(HELLO, "fixed text"),
            },
            GeneratedReply(
                HELLO,
                "fixed: fixed text, after rules: no rule matches; model: no answer in time",
                made_by=FIXED,
            ),
        ),
        (
            {"rules": NoReply("no rule matches"), "model": HandOver("it wants one", HELLO)},
            HandOver(
                "model: it wants one, after rules: no rule matches",
                HELLO,
                made_by=MadeBy("model"),
            ),
        ),
        (
            {"rules": NoReply("no rule matches"), "model": NoReply("the budget is spent")},
            NoReply("rules: no rule matches; model: the budget is spent"),
        ),
    ],
)
def test_the_first_with_an_answer_gives_it_and_it_is_told_who_and_why(
    answers: dict[str, object], reply: GeneratedReply | HandOver | NoReply
) -> None:
    assert chain(**answers).reply(asked("hi")) == reply


def test_where_nobody_answers_and_one_failed_it_is_worth_asking_again() -> None:
    failing = chain(rules=NoReply("no rule matches"), model=GenerationError("no answer in time"))
    with pytest.raises(GenerationError, match="rules: no rule matches; model: no answer in time"):
        failing.reply(asked("hi"))


def test_a_generator_that_crashes_does_not_keep_the_next_from_answering() -> None:
    crashing = chain(theirs=KeyError("what the contact wrote"), fixed=HELLO)
    assert crashing.reply(asked("hi")) == GeneratedReply(
        HELLO, "fixed, after theirs: crashed (KeyError)", made_by=FIXED
    )


def test_a_chain_needs_the_longest_history_that_one_of_it_needs() -> None:
    links = [ChainLink("a", Scripted(HELLO, 3)), ChainLink("b", Scripted(HELLO, 10))]
    assert GeneratorChain(links).needs_history == 10


def test_a_chain_of_those_who_need_no_name_spares_the_look_for_it() -> None:
    unnamed = ChainLink("mock", MockGenerator())
    assert GeneratorChain([unnamed]).needs_name is False
    assert GeneratorChain([unnamed, ChainLink("theirs", Scripted(HELLO))]).needs_name is True
