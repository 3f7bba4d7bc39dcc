import pytest

from moca.core.content.content import Content
from moca.replies.chain import Chain, Link
from moca.replies.generator import GenerationError, HandOver, NoReply, Say
from moca.replies.mock import MockGenerator
from tests.replies.requests import asked

HELLO = Content(text="Hello")


class Scripted:
    def __init__(self, answer, needs_history=0):
        self.answer = answer
        self.needs_history = needs_history

    def reply(self, _request):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def chain(**answers):
    return Chain([Link(name, Scripted(answer)) for name, answer in answers.items()])


@pytest.mark.parametrize(
    ("answers", "reply"),
    [
        ({"rules": Say(HELLO, "rule 'hi'")}, Say(HELLO, "rules: rule 'hi'")),
        ({"mock": HELLO}, Say(HELLO, "mock")),
        ({"rules": HandOver("a complaint")}, HandOver("rules: a complaint")),
        (
            {"rules": NoReply("no rule fits"), "fixed": HELLO},
            Say(HELLO, "fixed, after rules: no rule fits"),
        ),
        (
            {
                "rules": NoReply("no rule fits"),
                "model": GenerationError("no answer in time"),
                "fixed": Say(HELLO, "the fixed text"),
            },
            Say(
                HELLO,
                "fixed: the fixed text, after rules: no rule fits; model: no answer in time",
            ),
        ),
        (
            {"rules": NoReply("no rule fits"), "model": HandOver("it wants one", HELLO)},
            HandOver("model: it wants one, after rules: no rule fits", HELLO),
        ),
        (
            {"rules": NoReply("no rule fits"), "model": NoReply("the budget is spent")},
            NoReply("rules: no rule fits; model: the budget is spent"),
        ),
    ],
)
def test_the_first_with_an_answer_gives_it_and_it_is_told_who_and_why(answers, reply):
    assert chain(**answers).reply(asked("hi")) == reply


def test_where_nobody_answers_and_one_failed_it_is_worth_asking_again():
    failing = chain(rules=NoReply("no rule fits"), model=GenerationError("no answer in time"))
    with pytest.raises(GenerationError, match="rules: no rule fits; model: no answer in time"):
        failing.reply(asked("hi"))


def test_a_generator_that_crashes_does_not_keep_the_next_from_answering():
    crashing = chain(theirs=KeyError("what the contact wrote"), fixed=HELLO)
    assert crashing.reply(asked("hi")) == Say(HELLO, "fixed, after theirs: crashed (KeyError)")


def test_a_chain_needs_the_longest_history_that_one_of_it_needs():
    links = [Link("a", Scripted(HELLO, 3)), Link("b", Scripted(HELLO, 10))]
    assert Chain(links).needs_history == 10


def test_a_chain_of_those_who_need_no_name_spares_the_look_for_it():
    unnamed = Link("mock", MockGenerator())
    assert Chain([unnamed]).needs_name is False
    assert Chain([unnamed, Link("theirs", Scripted(HELLO))]).needs_name is True
