from moca import clock
from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.replies.chain import Chain, Link
from moca.replies.fixed import FixedGenerator
from tests.actors.scenarios import Answers, said, stages
from tests.support.factory import ANNA

FIXED = "Thank you for your message."
BURST = (
    {"text": "hi"},
    {"type": "image"},
    {"type": "story_reply", "text": "nice"},
    {"type": "share"},
)


def _writes_all(house) -> None:
    for number, form in enumerate(BURST):
        sent_at = clock.now()
        house.receives(InboundMessage(contact=ANNA, mid=f"m{number}", sent_at=sent_at, **form))
        house.passes(1)


def test_a_text_a_photo_a_story_and_a_post_get_the_fixed_text_once(open_house) -> None:
    house = open_house(generator=Chain([Link("fixed", FixedGenerator(FIXED), is_quick=True)]))
    _writes_all(house)
    house.passes(60)

    assert said(house) == [FIXED]
    assert house.outcomes() == {"answered": 4}
    assert [stages(house, f"m{number}", "queue")[-1][0] for number in range(4)] == [
        "queued",
        "shared",
        "shared",
        "shared",
    ]


def test_other_answers_go_each_in_their_order(open_house) -> None:
    texts = ("one", "two", "one", "two")
    house = open_house(generator=Answers(*(Content(text=text) for text in texts)))
    _writes_all(house)
    house.passes(60)

    assert said(house) == ["one", "two"]
    assert house.outcomes() == {"answered": 4}
