from collections.abc import Callable
from typing import Any

from moca import clock
from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.replies.chain import ChainLink, GeneratorChain
from moca.replies.fixed import FixedGenerator
from tests.actors.scenarios import Answers, said, stages
from tests.support.factory import ANNA
from tests.support.system import SteppedSystem

FIXED = "Thank you for your message."
BURST: tuple[dict[str, Any], ...] = (
    {"text": "hi"},
    {"type": "image"},
    {"type": "story_reply", "text": "nice"},
    {"type": "share"},
)


def _writes_all(system: SteppedSystem) -> None:
    for number, form in enumerate(BURST):
        sent_at = clock.now()
        system.receive_events(
            InboundMessage(contact=ANNA, mid=f"m{number}", sent_at=sent_at, **form)
        )
        system.advance(1)


def test_a_text_a_photo_a_story_and_a_post_get_the_fixed_text_once(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(
        generator=GeneratorChain([ChainLink("fixed", FixedGenerator(FIXED), is_quick=True)])
    )
    _writes_all(system)
    system.advance(60)

    assert said(system) == [FIXED]
    assert system.outcomes() == {"answered": 4}
    assert [stages(system, f"m{number}", "queue")[-1][0] for number in range(4)] == [
        "queued",
        "shared",
        "shared",
        "shared",
    ]


def test_other_answers_go_each_in_their_order(open_system: Callable[..., SteppedSystem]) -> None:
    texts = ("one", "two", "one", "two")
    system = open_system(generator=Answers(*(Content(text=text) for text in texts)))
    _writes_all(system)
    system.advance(60)

    assert said(system) == ["one", "two"]
    assert system.outcomes() == {"answered": 4}
