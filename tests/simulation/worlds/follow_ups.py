from moca.core.types import ContactKey
from tests.simulation.worlds.script import Edits, Notices, PassesThread, Unsends, Writes
from tests.simulation.worlds.world import World

_EARLY_OR_LATE = (0.05, 0.3, 2, 4, 6, 15, 40)


def draw_edits(world: World) -> list[Edits]:
    """Draw what people let their messages say instead, once or more."""
    edits: list[Edits] = []
    for writes in _some(world, 0.12):
        if writes.type != "text" or writes.kind != "message":
            continue
        at = writes.at
        for number in range(1, world.one_of(1, 1, 1, 2) + 1):
            at += world.one_of(*_EARLY_OR_LATE)
            text = world.one_of(f"{writes.text}!", "never mind", "hello?", "stop")
            edits.append(
                Edits(
                    at=round(at, 3),
                    contact=writes.contact,
                    mid=writes.mid,
                    text=text,
                    number=number,
                    delays=world.delays(),
                )
            )
    return edits


def draw_unsends(world: World) -> list[Unsends]:
    """Draw which messages people take back."""
    return [
        Unsends(
            at=round(writes.at + world.one_of(*_EARLY_OR_LATE), 3),
            contact=writes.contact,
            mid=writes.mid,
            delays=world.delays(),
        )
        for writes in _some(world, 0.12)
        if writes.kind == "message"
    ]


def draw_notices(world: World) -> list[Notices]:
    """Draw what people do with messages beside writing them."""
    return [
        Notices(
            at=world.instant(0.5, 20),
            contact=writes.contact,
            mid=world.one_of(writes.mid, "ig1", "ig2"),
            what=world.one_of("react", "unreact", "read"),
            delays=world.delays(),
        )
        for writes in _some(world, 0.12)
    ]


def draw_passes(world: World) -> list[PassesThread]:
    """Draw when another app takes a thread, and gives it back."""
    if not world.has_all_kinds or not world.happens(0.25):
        return []
    contact, at = world.one_of(*world.contacts), world.instant()
    back = at + world.one_of(3, 20, 60)
    passes = [_pass(world, contact, at, is_ours=False)]
    if world.happens(0.7):
        passes.append(_pass(world, contact, back, is_ours=True))
    return passes


def _pass(world: World, contact: ContactKey, at: float, *, is_ours: bool) -> PassesThread:
    return PassesThread(at=round(at, 3), contact=contact, is_ours=is_ours, delays=world.delays())


def _some(world: World, often: float) -> list[Writes]:
    if not world.has_all_kinds:
        return []
    return [each for each in world.writes if world.happens(often)]
