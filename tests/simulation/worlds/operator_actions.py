from collections.abc import Sequence
from dataclasses import replace

from moca.core.types import Priority
from tests.simulation.worlds.script import ActorCrashes, Dies, Erases, Happening, Operates
from tests.simulation.worlds.world import World

_ACTIONS = (
    *("write", "write", "write", "close", "reopen", "pause", "resume", "cancel"),
    *("retry", "settle"),
)
_SIGNS_AND_PICTURES = ("react", "react", "show", "show")
_SPANS = {"pause": (None, 5, 20, 90), "write": (None, None, 3, 30, 100), "show": (None, None, 3)}


def draw_acts(world: World) -> list[Operates]:
    """Draw what the operator does."""
    return [_draw_act(world, number) for number in range(world.one_of(0, 0, 0, 1, 2, 4, 8))]


def draw_rush(world: World) -> list[Operates]:
    """Draw texts of the operator's to many people at once, for some worlds."""
    if not world.happens(0.2):
        return []
    at = world.instant(5)
    return [
        Operates(
            at=at + world.one_of(0, 0, 0.5, 2),
            contact=contact,
            action="write",
            text=f"rush {number}",
            priority=world.one_of(*Priority),
        )
        for number, contact in enumerate(world.contacts * world.one_of(1, 2))
    ]


def draw_control(world: World) -> list[Operates]:
    """Draw when the operator freezes the queue and releases it, and edits what waits in it."""
    if not world.happens(0.3):
        return []
    at = world.instant(1, 10)
    acts = [(at, "freeze")]
    if world.happens(0.8):
        acts.append((at + world.one_of(0.01, 0.5, 5, 20, 60), "release"))
    acts += [(at + world.one_of(-3, 1, 8, 15), "edit") for _ in range(world.one_of(0, 1, 2, 4))]
    return [
        Operates(
            at=round(max(at, 0), 3),
            contact=world.one_of(*world.contacts),
            action=action,
            text=f"by hand {number}",
        )
        for number, (at, action) in enumerate(acts)
    ]


def draw_answers(world: World) -> list[Operates]:
    """Draw answers of the operator's that take over, each posted again by a client in doubt."""
    if not world.happens(0.3):
        return []
    return [
        Operates(
            at=world.instant(1, 20),
            contact=world.one_of(*world.contacts),
            action="answer",
            text=f"answer {number}",
            repeats=world.one_of((), (0,), (0.004,), (0.5, 4), (5, 30)),
        )
        for number in range(world.one_of(1, 2, 4))
    ]


def draw_reviews(world: World) -> list[Operates]:
    """Draw what an operator does with replies that are held."""
    return [
        Operates(
            at=world.instant(5, 10),
            contact=world.one_of(*world.contacts),
            action=world.one_of("approve", "approve", "approve", "amend", "discard"),
            text=f"amended {number}",
        )
        for number in range(world.one_of(1, 4, 8))
    ]


def draw_drafts(world: World) -> list[Operates]:
    """Draw what an assistant drafts for the team, and what an operator does with it."""
    drafts = [
        Operates(
            at=world.instant(1, 20),
            contact=world.one_of(*world.contacts),
            action="draft",
            text=f"draft {number}",
        )
        for number in range(world.one_of(1, 2, 5))
    ]
    reviews = [
        replace(
            each,
            at=round(each.at + world.one_of(0.01, 3, 20), 3),
            action=world.one_of("approve", "approve", "amend", "discard", "write"),
            text=f"reviewed {number}",
        )
        for number, each in enumerate(drafts)
        if world.happens(0.8)
    ]
    return drafts + reviews


def draw_attachments(world: World) -> list[Happening]:
    """Draw what an operator attaches, with deaths of the process and erasures close to it."""
    attaches = [
        Operates(
            at=world.instant(1, 20),
            contact=world.one_of(*world.contacts),
            action="attach",
            text=f"{world.one_of('file', 'see the file')} {number}",
            priority=world.one_of(*Priority),
        )
        for number in range(world.one_of(1, 2, 4))
    ]
    happenings: list[Happening] = [*attaches]
    for each in attaches:
        at = round(each.at + world.one_of(0, 0.05, 0.4, 3, 9), 3)
        what = world.one_of("nothing", "nothing", "death", "commit", "erasure")
        if what == "erasure":
            happenings.append(Erases(at=at, contact=each.contact, by_meta=world.happens(0.3)))
        elif what != "nothing":
            is_commit = what == "commit"
            happenings.append(Dies(at=at, steps=world.one_of(0, 2, 7), after_commit=is_commit))
    return happenings


def draw_push_occasions(world: World) -> list[Happening]:
    """Draw what operators are told of, with deaths of the process close to it."""
    happenings: list[Happening] = []
    for number in range(world.one_of(2, 4, 8)):
        action, contact = world.one_of("assign", "assign", "pause"), world.one_of(*world.contacts)
        at = world.instant(1, 20)
        happenings.append(Operates(at=at, contact=contact, action=action, text=f"to {number}"))
        if world.happens(0.3):
            later = round(at + world.one_of(0, 0.1, 3, 5, 5.1, 7), 3)
            happenings.append(Dies(at=later, after_commit=world.happens(0.3)))
        if world.happens(0.1):
            happenings.append(ActorCrashes(at=at + 1, actor="PushActor"))
    return happenings


def draw_deliveries(world: World) -> list[Happening]:
    """Draw what an operator does about deliveries to subscribers, and faults of these."""
    happenings: list[Happening] = [
        Operates(
            at=world.instant(5, 30),
            contact=world.contacts[0],
            action=world.one_of("redeliver", "redeliver", "replay"),
        )
        for _ in range(world.one_of(0, 1, 2, 4))
    ]
    if world.happens(0.2):
        happenings.append(ActorCrashes(at=world.instant(until=10), actor="SubscriberActor"))
    return happenings


def draw_limited(world: World, accounts: Sequence[str]) -> list[Operates]:
    """Draw what an operator who is limited to one account tries, there and in others."""
    return [
        Operates(
            at=world.instant(1, 20),
            contact=world.one_of(*world.contacts),
            action=world.one_of("write", "close", "label", "edit", "cancel", "approve", "discard"),
            text=f"limited {number}",
            limited_to=world.one_of(*accounts),
        )
        for number in range(world.one_of(2, 4, 8))
    ]


def draw_tidying(world: World) -> list[Operates]:
    """Draw when an operator labels conversations, and closes many at once, for some worlds."""
    if not world.happens(0.15):
        return []
    at = world.instant(1, 20)
    labelled = [(at - world.one_of(0.5, 5, 20), "label", each) for each in world.contacts * 2]
    closed = [(at, "close", each) for each in world.contacts if world.happens(0.7)]
    return [
        Operates(at=round(max(at, 0), 3), contact=contact, action=action)
        for at, action, contact in (*labelled, *closed)
    ]


def _draw_act(world: World, number: int) -> Operates:
    action = world.one_of(*_ACTIONS, *(_SIGNS_AND_PICTURES if world.has_all_kinds else ()))
    return Operates(
        at=world.instant(1, 20),
        contact=world.one_of(*world.contacts),
        action=action,
        seconds=world.one_of(*_SPANS.get(action, (None,))),
        text=f"operator {number}",
        priority=world.one_of(*Priority),
    )


def draw_publishings(world: World) -> list[Operates]:
    """Draw when bots' versions are saved and published: often at once with what people write."""
    instants = [each.at for each in world.writes] or [0.0]
    return [
        Operates(
            at=round(world.one_of(*instants) + world.one_of(0, 0.1, 0.3, 5, 5.01, 30), 3),
            contact=world.one_of(*world.contacts),
            action="publish",
        )
        for _ in range(world.one_of(2, 4, 8, 16))
    ]
