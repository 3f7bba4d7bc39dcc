"""A generator that may cost money is only called in a rehearsal on request."""

import pytest

from moca.core.content.content import Content
from moca.replies.chain import GeneratorChain
from moca.replies.free_only import FreeOnlyGenerator
from moca.replies.generator import GeneratedReply, ReplyRequest
from moca.replies.registry import FREE, generator_names, make_generator
from tests.support.factory import ANNA, NOON, at, said
from tests.support.values import of_kind


class Costly:
    """Counts its calls."""

    needs_history = 7

    def __init__(self) -> None:
        self.asked = 0

    def reply(self, request: ReplyRequest) -> Content:
        self.asked += 1
        return Content(text="worth its money")


def asked(generator: GeneratorChain | FreeOnlyGenerator, seconds: float = 0) -> object:
    inputs = (said(1, "hello"),)
    return generator.reply(ReplyRequest(contact=ANNA, inputs=inputs, now=at(seconds)))


def test_it_is_not_asked_and_its_place_is_held() -> None:
    costly = Costly()
    spared = FreeOnlyGenerator("model", costly, asked_from=None)
    told = GeneratedReply(Content(text="(the model would reply)"), "not called in a rehearsal")
    assert (asked(spared), costly.asked, spared.needs_history) == (told, 0, 0)


@pytest.mark.parametrize(("seconds", "times"), [(-1, 0), (0, 1), (60, 1)])
def test_where_it_is_wanted_it_is_asked_for_what_is_compared(seconds: int, times: int) -> None:
    costly = Costly()
    spared = FreeOnlyGenerator("model", costly, asked_from=NOON)
    asked(spared, seconds)
    assert (costly.asked, spared.needs_history) == (times, 7)


def test_only_generators_that_call_nobody_are_free() -> None:
    assert set(generator_names()) - FREE == {"model"}


def test_a_chain_is_made_with_what_stands_in_a_generators_place() -> None:
    chain = make_generator(
        ["mock"], {}, wrap=lambda name, generator: FreeOnlyGenerator(name, generator, None)
    )
    assert of_kind(asked(chain), GeneratedReply).content.text == "(the mock would reply)"
