from typing import Any

from moca.core.types import ContactKey
from tests.simulation.worlds.script import AnswersByHand, Writes
from tests.simulation.worlds.world import World

_TEXTS = ("hi", "hello?", "where is my order", "thanks", "what does it cost", "are you open")
_WISHES = ("Stop!", "stop", "start")
_SIMPLE_FORMS: tuple[dict[str, Any], ...] = ({"type": "image", "text": ""}, {"kind": "postback"})
_FORMS = (
    *_SIMPLE_FORMS,
    {"type": "video", "text": ""},
    {"type": "hologram", "text": ""},
    {"type": "share"},
    {"type": "story_reply"},
    {"type": "quick_reply", "payload": "yes"},
    {"kind": "postback", "payload": "menu"},
    {"answers": "ig1"},
    {"kind": "comment"},
    {"kind": "comment"},
    {"kind": "live_comment"},
)


def draw_writes(world: World) -> list[Writes]:
    """Draw what people write: now and then, in bursts, repeating themselves."""
    writes: list[Writes] = []
    texts = (*_TEXTS, *_WISHES) if world.happens(0.3) else _TEXTS
    for contact in world.contacts:
        for _ in range(world.one_of(1, 1, 2, 3)):
            at, text = world.instant(), world.one_of(*texts)
            for _ in range(world.one_of(1, 1, 1, 2, 3, 4)):
                writes.append(_draw_one(world, contact, f"m{len(writes) + 1}", at, text))
                at += world.one_of(0, 0.05, 0.4, 1.5, 4, 9)
                text = text if world.happens(0.3) else world.one_of(*texts)
    world.writes.extend(writes)
    return writes


def draw_answers_by_hand(world: World) -> list[AnswersByHand]:
    """Draw the messages that a teammate types in the Instagram app."""
    return [
        AnswersByHand(
            at=world.instant(1, 20),
            contact=world.one_of(*world.contacts),
            mid=f"h{number}",
            text=f"by hand h{number}",
            delays=world.delays(),
        )
        for number in range(world.one_of(0, 0, 0, 0, 0, 1, 1, 2))
    ]


def _draw_one(world: World, contact: ContactKey, mid: str, at: float, text: str) -> Writes:
    form: dict[str, Any] = {"text": text}
    if world.happens(0.08 if not world.has_all_kinds else 0.35):
        form |= world.one_of(*(_FORMS if world.has_all_kinds else _SIMPLE_FORMS))
    unanswerable = "a dashboard test" if world.happens(0.02) else None
    delays = world.delays()
    if world.has_all_kinds and form.keys() == {"text"} and world.happens(0.06):
        form["hint"] = world.one_of(0.1, 3)
        delays = world.one_of((), (), (8,), (0.2,))
        unanswerable = None
    return Writes(
        at=round(at, 3),
        contact=contact,
        mid=mid,
        delays=delays,
        unanswerable=unanswerable,
        **form,
    )
