from tests.simulation.worlds.script import ActorCrashes, LosesCommits, LosesEvents
from tests.simulation.worlds.world import World

_ACTORS = (
    *("ConversationActor", "ConversationActor", "SupervisorActor", "PersistenceActor"),
    *("CourierActor", "ResponderActor", "SenderActor"),
)


def draw_crashes(world: World) -> list[ActorCrashes]:
    """Draw which actors have a fault, and when."""
    if not world.happens(0.12):
        return []
    return [
        ActorCrashes(at=world.instant(0, 10), actor=world.one_of(*_ACTORS))
        for _ in range(world.one_of(1, 2, 4))
    ]


def draw_lost_events(world: World) -> list[LosesEvents]:
    """Draw when actors do not hear what they are told."""
    if not world.happens(0.08):
        return []
    return [
        LosesEvents(
            at=world.instant(0, 10),
            seconds=world.one_of(0.05, 0.5, 2, 6),
            one_in=world.one_of(1, 2, 3),
        )
        for _ in range(world.one_of(1, 1, 3))
    ]


def draw_lost_commits(world: World) -> list[LosesCommits]:
    """Draw when commits are done and their answers lost."""
    if not world.happens(0.08):
        return []
    return [
        LosesCommits(at=world.instant(0, 10), count=world.one_of(1, 1, 2))
        for _ in range(world.one_of(1, 2, 4))
    ]
