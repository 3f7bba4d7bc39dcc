"""When the model is called, and how its failures are handled."""

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from moca.core.content.content import Content
from moca.core.types import ContactKey
from moca.replies.budget import DailyBudget
from moca.replies.generator import GeneratedReply, GenerationError, NoReply, ReplyRequest
from moca.replies.model.completion import Completion, ModelClient, ModelFault, ModelRequest
from moca.replies.model.generator import ModelGenerator
from moca.replies.model.options import ModelOptions
from tests.replies.requests import ANNA, BEN, NOON, asked
from tests.support.values import of_kind

HELLO = GeneratedReply(Content(text="Hello"), "small-1")
DOWN = ModelFault("it is down", again=False)
LATE = ModelFault("no answer in time", again=True)


class Model:
    """Fails as scripted, then says hello."""

    def __init__(self, *faults: ModelFault, text: str = "Hello") -> None:
        self.faults = deque(faults)
        self.calls = 0
        self.text = text

    def complete(self, _question: ModelRequest) -> Completion:
        self.calls += 1
        if self.faults:
            raise self.faults.popleft()
        return Completion(text=self.text)


def generator(
    model: ModelClient,
    *,
    per_day: int = 100,
    per_contact: int = 100,
    retries: int = 0,
    topics: tuple[str, ...] = (),
    recall: Callable[[datetime], Mapping[ContactKey, int]] = lambda _: {},
) -> ModelGenerator:
    figures = ModelOptions(
        provider="openai",
        url="",
        api_key=SecretStr(""),
        model="small-1",
        prompt="Be kind.",
        max_bytes=1000,
        max_tokens=100,
        history=4,
        timeout_seconds=5,
        retries=retries,
        per_day=per_day,
        per_account=0,
        per_contact=per_contact,
        circuit_failures=2,
        circuit_seconds=60,
        may_hand_over=True,
        topics=topics,
    )
    return ModelGenerator(figures, model, DailyBudget(per_day, per_contact, recall))


def after(seconds: float, contact: ContactKey = ANNA) -> ReplyRequest:
    return asked("hi", at=NOON + timedelta(seconds=seconds), contact=contact)


def outcomes(made: ModelGenerator, *requests: ReplyRequest) -> list[object]:
    """Return the result of each request: the reply, or the text of the error."""
    told: list[object] = []
    for request in requests:
        try:
            told.append(made.reply(request))
        except GenerationError as error:
            told.append(str(error))
    return told


REST = "the model server failed too often; paused until 12:01:00 UTC"


def test_a_server_that_failed_too_often_is_left_alone_and_then_tried() -> None:
    model = Model(DOWN, DOWN)
    made = generator(model)
    told = outcomes(made, after(0), after(0), after(0), after(59), after(60), after(60))
    assert told == ["it is down", "it is down", REST, REST, HELLO, HELLO]
    assert model.calls == 4


def test_a_try_that_fails_is_followed_by_another_rest() -> None:
    model = Model(DOWN, DOWN, DOWN)
    told = outcomes(generator(model), after(0), after(0), after(60), after(119), after(120))
    another = "the model server failed too often; paused until 12:02:00 UTC"
    assert told == ["it is down", "it is down", "it is down", another, HELLO]


def test_repeats_within_one_reply_count_as_one_failure() -> None:
    model = Model(*[LATE] * 4)
    made = generator(model, retries=1)
    assert outcomes(made, after(0), after(1)) == ["no answer in time", "no answer in time"]
    assert model.calls == 4


def test_a_spent_budget_is_nothing_to_say_and_the_model_is_not_asked() -> None:
    model = Model()
    made = generator(model, per_day=3, per_contact=2)
    told = outcomes(made, after(0), after(0), after(0), after(0, BEN), after(0, BEN))
    assert told == [
        HELLO,
        HELLO,
        NoReply("the contact's budget of 2 calls is used up until 00:00 UTC"),
        HELLO,
        NoReply("the day's budget of 3 calls is used up until 00:00 UTC"),
    ]
    assert model.calls == 3


def test_a_restart_gives_no_new_budget() -> None:
    model = Model()
    made = generator(model, per_day=3, recall=lambda _since: {BEN: 2})
    assert outcomes(made, after(0), after(0))[1] == NoReply(
        "the day's budget of 3 calls is used up until 00:00 UTC"
    )
    assert model.calls == 1


def test_every_call_is_paid_for_also_those_that_fail() -> None:
    made = generator(Model(LATE, LATE), per_day=2, retries=1)
    told = outcomes(made, after(0), after(0))
    assert told == [
        "no answer in time",
        NoReply("the day's budget of 2 calls is used up until 00:00 UTC"),
    ]


def test_an_open_circuit_costs_nothing() -> None:
    model = Model(DOWN, DOWN)
    made = generator(model, per_day=3)
    told = outcomes(made, *[after(0)] * 9, after(60))
    assert told[-1] == HELLO


@pytest.mark.parametrize("completion", [Completion(text=""), Completion(text="x", is_refusal=True)])
def test_an_answer_that_cannot_be_used_is_not_the_server_s_failure(completion: Completion) -> None:
    class Odd(Model):
        def complete(self, _question: ModelRequest) -> Completion:
            self.calls += 1
            return completion

    model = Odd()
    outcomes(generator(model), *[after(0)] * 5)
    assert model.calls == 5


@pytest.mark.parametrize(
    ("answer", "topic", "text"),
    [
        ("Topic: prices\nTen.", "prices", "Ten."),
        ("topic : 'Prices'.\n\nTen.", "prices", "Ten."),
        ("Topic: other\nTen.", "other", "Ten."),
        ("Topic: refunds\nTen.", None, "Ten."),
        ("Ten. Topic: prices", None, "Ten. Topic: prices"),
    ],
)
def test_the_topic_that_a_model_names_is_no_part_of_its_answer(
    answer: str, topic: str | None, text: str
) -> None:
    made = generator(Model(text=answer), topics=("prices", "other"))
    assert made.reply(after(0)) == GeneratedReply(Content(text=text), "small-1", topic=topic)


def test_an_answer_that_is_nothing_but_its_topic_is_empty() -> None:
    made = generator(Model(text="Topic: prices"), topics=("prices", "other"))
    assert outcomes(made, after(0)) == ["the model's answer was empty"]


def test_a_model_that_is_asked_for_no_topic_may_speak_of_topics() -> None:
    made = generator(Model(text="Topic: prices\nTen."))
    assert of_kind(made.reply(after(0)), GeneratedReply).content == Content(
        text="Topic: prices\nTen."
    )


def test_it_needs_as_much_history_as_the_settings_say() -> None:
    assert generator(Model()).needs_history == 4
