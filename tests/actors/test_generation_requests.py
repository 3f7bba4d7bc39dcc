from dataclasses import replace

from actors.generation import GenerationRequests
from moca.core.messages import GenerateReply
from tests.making import ANNA, BEN, at, said

FIRST = GenerateReply(ANNA, (said(1, "hi"),), 1)
AGAIN = replace(FIRST, attempt=2)


def test_what_is_asked_for_again_takes_the_place_of_what_waits() -> None:
    requests = GenerationRequests()
    assert [requests.add(FIRST), requests.add(AGAIN)] == [True, False]
    assert requests.add(GenerateReply(BEN, (said(1, "hi"),), 1)) is True
    assert len(requests) == 2
    assert requests.take(FIRST, at(0)) == AGAIN
    assert requests.take(FIRST, at(0)) is None


def test_what_is_withdrawn_is_not_taken_up() -> None:
    requests = GenerationRequests()
    requests.add(FIRST)
    requests.withdraw(ANNA, 1)
    assert (requests.waiting(FIRST), requests.take(FIRST, at(0)), len(requests)) == (None, None, 0)


def test_only_the_very_request_under_way_is_known_to_be() -> None:
    requests = GenerationRequests()
    requests.add(FIRST)
    taken = requests.take(FIRST, at(3))
    assert (requests.started_at(FIRST), requests.started_at(AGAIN)) == (at(3), None)
    assert requests.started_at(replace(FIRST, inputs=(said(1, "edited"),))) is None

    requests.end(taken)
    assert requests.started_at(FIRST) is None


def test_an_answer_is_wanted_only_while_its_request_waits() -> None:
    requests = GenerationRequests()
    requests.add(FIRST)
    requests.add(AGAIN)
    assert [requests.finish(FIRST), requests.finish(AGAIN), requests.finish(AGAIN)] == [
        False,
        True,
        False,
    ]
