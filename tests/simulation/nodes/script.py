"""What happens to the nodes of a cluster, and to what stands between them."""

from dataclasses import dataclass

from moca.core.types import ContactKey

SENDING = -1
"""Stands for the node that sends, whichever that is."""


@dataclass(frozen=True, kw_only=True)
class NodeDies:
    """A node ends, so many steps after the instant, and starts again."""

    at: float
    node: int
    steps: int = 0
    after_commit: bool = False
    """Dies between its next commit and the announcement of that instead."""
    orderly: bool = False
    """It is stopped instead, in order."""
    unnoticed: float = 0
    """How long the broker takes it to be alive, as where its machine lost power."""
    down: float = 1


@dataclass(frozen=True, kw_only=True)
class NodeIsSuspended:
    """A node stands still, as under SIGSTOP, and goes on with what it had in memory."""

    at: float
    node: int
    seconds: float
    unnoticed: float = 8
    """How long the broker still takes it to be alive."""
    in_call: bool = False
    """Stands still only as its next call is about to begin."""


@dataclass(frozen=True, kw_only=True)
class LosesBroker:
    """A node's connections to the broker break, and cannot be opened for a while."""

    at: float
    node: int
    seconds: float
    unnoticed: tuple[float, float] = (0, 0)
    """How long the broker, and the node, take the other to be there."""


@dataclass(frozen=True, kw_only=True)
class CannotPublish:
    """A node's connection for publishing is away, and the one for consuming stands."""

    at: float
    node: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class BrokerStops:
    """The broker is away for all nodes; its queues are on disk."""

    at: float
    seconds: float


@dataclass(frozen=True, kw_only=True)
class QueueStalls:
    """A queue delivers nothing for a while, and the others do."""

    at: float
    seat: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class LosesDatabase:
    """A node, or every node, can write nothing for a while."""

    at: float
    seconds: float
    node: int | None = None


@dataclass(frozen=True, kw_only=True)
class LosesAnswers:
    """So many commits of a node are carried out, and their answers are lost."""

    at: float
    node: int
    count: int = 1


@dataclass(frozen=True, kw_only=True)
class Publishing:
    """How the publishing of the parcel of this number goes."""

    number: int
    is_kept: bool = True
    confirmed: float | None = None
    """After how many seconds the publisher hears what is true; None that it is not known."""


@dataclass(frozen=True, kw_only=True)
class TokenLookup:
    """How long the look-up of a token before the call of this number takes."""

    number: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class PoisonArrives:
    """Meta tells what no writer can store, for a fault of its own."""

    at: float
    contact: ContactKey
    mid: str
