from tests.simulation.worlds.script import (
    ClockSteps,
    Dies,
    DiskFails,
    Generating,
    Outage,
    Reading,
    Renews,
    SenderCrashes,
    Sending,
)
from tests.simulation.worlds.world import World

_FORMS = ("plain", "plain", "long", "picture", "buttons", "quick replies")


def draw_sendings(world: World) -> list[Sending]:
    """Draw how calls go that go wrong."""
    often = world.one_of(0, 0.1, 0.3, 0.7)
    return [_draw_sending(world, number) for number in range(1, 40) if world.happens(often)]


def draw_readings(world: World) -> list[Reading]:
    """Draw which readings of Instagram's record fail, or take long."""
    often = world.one_of(0, 0, 0.1, 0.5, 1)
    return [
        Reading(number=number, seconds=world.one_of(0.1, 0.5, 8), is_unreadable=world.happens(0.8))
        for number in range(1, 20)
        if world.happens(often)
    ]


def draw_generations(world: World) -> list[Generating]:
    """Draw which replies are slow in the making, or fail."""
    often = world.one_of(0, 0, 0.2, 0.6)
    longest = world.settings.generation_timeout
    forms = _FORMS if world.has_all_kinds else _FORMS[:1]
    return [
        Generating(
            number=number,
            seconds=world.one_of(0, 0.3, 2, longest - 1, longest + 5),
            ends=world.one_of("made", "made", "failed", "broken", "handed over", "declined"),
            form=world.one_of(*forms),
        )
        for number in range(1, 40)
        if world.happens(often)
    ]


def draw_deaths(world: World) -> list[Dies]:
    """Draw when the process dies."""
    return [
        Dies(
            at=world.instant(until=30),
            steps=world.one_of(0, 1, 2, 3, 5, 8, 13, 21),
            after_commit=world.happens(0.3),
            orderly=world.happens(0.15),
            down=world.one_of(0, 0.5, 3, 15),
        )
        for _ in range(world.one_of(0, 0, 0, 1, 1, 2, 3, 6))
    ]


def draw_outages(world: World) -> list[Outage | Renews]:
    """Draw when an account is throttled or stopped, or needs a new token."""
    if not world.happens(0.25):
        return []
    outage = Outage(
        at=world.instant(),
        account_id=world.one_of(*world.contacts).account_id,
        answer=world.one_of("throttled", "stopped", "dead"),
        seconds=world.one_of(5, 30, 120),
    )
    if outage.answer != "dead":
        return [outage]
    return [outage, Renews(at=outage.at + outage.seconds, account_id=outage.account_id)]


def draw_sender_crashes(world: World) -> list[SenderCrashes]:
    """Draw when the sender has a fault."""
    if not world.has_all_kinds or not world.happens(0.2):
        return []
    return [SenderCrashes(at=world.instant(0, 10)) for _ in range(world.one_of(1, 2))]


def draw_disk_failures(world: World) -> list[DiskFails]:
    """Draw when nothing can be written."""
    if not world.happens(0.15):
        return []
    return [DiskFails(at=world.instant(), seconds=world.one_of(0.5, 4, 25))]


def draw_clock_steps(world: World) -> list[ClockSteps]:
    """Draw when the machine's clock is set."""
    if not world.happens(0.15):
        return []
    return [ClockSteps(at=world.instant(), seconds=world.one_of(-3, -1, -0.2, 0.2, 1, 3))]


def _draw_sending(world: World, number: int) -> Sending:
    arrives: float | None = world.one_of(0.05, 0.1, 2)
    answer, answers = "delivered", (arrives or 0) + world.one_of(0, 0.2, 5)
    kind = world.chance.random()
    settle = world.settings.settle
    if kind < 0.4:
        answer = "broken" if kind < 0.05 else "unconfirmed"
        answers = world.one_of(0.3, 10)
        arrives = world.one_of(None, None, 0.1, answers, answers + 0.3 * settle)
    elif kind < 0.65:
        answer, arrives = world.one_of("undelivered", "throttled", "rejected", "stopped"), None
    return Sending(
        number=number,
        arrives=arrives,
        answer=answer,
        answers=answers,
        echoes=world.one_of((), (0,), (0.05,), (0.5,), (5,), (40,), (0.2, 0.2), (0.1, 30)),
        recorded=world.one_of(0, 0, 0.5, 0.8) * settle,
        wait=world.one_of(None, 2, 20, 70),
    )
