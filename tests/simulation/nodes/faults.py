from collections.abc import Callable

from tests.simulation.nodes.script import (
    SENDING,
    BrokerStops,
    CannotPublish,
    LosesAnswers,
    LosesBroker,
    LosesDatabase,
    NodeDies,
    NodeIsSuspended,
)
from tests.simulation.worlds.script import ActorCrashes, Happening
from tests.simulation.worlds.world import World

_HEARTBEATS = 8
"""After so many seconds of silence a connection counts as lost."""
_ACTORS = (
    *("MembershipActor", "PartitionSupervisor", "ConversationActor", "PersistenceActor"),
    *("SenderActor", "CourierActor", "ResponderActor"),
)


def draw_faults(world: World) -> Happening:
    """Draw one thing that befalls a node, or what stands between the nodes."""
    return world.one_of(*_FAULTS)(world)


def _dies(world: World) -> NodeDies:
    return NodeDies(
        at=world.instant(until=10),
        node=_node(world),
        steps=world.one_of(0, 1, 2, 3, 5, 8, 13, 21),
        after_commit=world.happens(0.3),
        orderly=world.happens(0.2),
        unnoticed=world.one_of(0, 0, 0, _HEARTBEATS),
        down=world.one_of(0, 0.5, 3, 15),
    )


def _is_suspended(world: World) -> NodeIsSuspended:
    return NodeIsSuspended(
        at=world.instant(until=10),
        node=_node(world),
        seconds=world.one_of(0.5, 3, 5, 12, 30),
        unnoticed=world.one_of(0, 3, _HEARTBEATS, _HEARTBEATS),
        in_call=world.happens(0.4),
    )


def _loses_broker(world: World) -> LosesBroker:
    by_broker, by_node = world.one_of((0, 0), (_HEARTBEATS, _HEARTBEATS), (2, 7), (7, 2), (0, 7))
    return LosesBroker(
        at=world.instant(until=10),
        node=_node(world),
        seconds=world.one_of(0.5, 3, 12),
        unnoticed=(by_broker, by_node),
    )


def _cannot_publish(world: World) -> CannotPublish:
    seconds = world.one_of(0.5, 3, 12)
    return CannotPublish(at=world.instant(), node=_node(world), seconds=seconds)


def _broker_stops(world: World) -> BrokerStops:
    return BrokerStops(at=world.instant(), seconds=world.one_of(0.5, 3, 12))


def _loses_database(world: World) -> LosesDatabase:
    node = world.one_of(None, _node(world))
    return LosesDatabase(at=world.instant(), seconds=world.one_of(0.5, 3, 5, 12, 25), node=node)


def _loses_answers(world: World) -> LosesAnswers:
    return LosesAnswers(at=world.instant(), node=_node(world), count=world.one_of(1, 2, 5))


def _actor_crashes(world: World) -> ActorCrashes:
    return ActorCrashes(at=world.instant(until=10), actor=world.one_of(*_ACTORS))


def _node(world: World) -> int:
    return world.one_of(0, 1, 2, SENDING, SENDING)


_FAULTS: tuple[Callable[[World], Happening], ...] = (
    *(_dies, _dies, _is_suspended, _is_suspended),
    *(_loses_broker, _cannot_publish, _broker_stops),
    *(_loses_database, _loses_answers, _actor_crashes),
)
