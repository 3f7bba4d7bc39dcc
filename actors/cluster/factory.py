from collections.abc import Callable
from dataclasses import dataclass

from actors.cluster.seats import Seats
from actors.cluster.system import ClusterBroker, ClusterSystem, Member
from actors.system import System
from moca.core.inbound.events import Event
from moca.core.partition import SENDER
from moca.settings.sections import Settings
from moca.storage.cluster_writer import ClusterWriter
from moca.storage.writer import Writer


@dataclass(frozen=True, slots=True)
class ClusterMembership:
    """How a process takes part in the cluster that its settings name."""

    settings: Settings
    seats: Seats

    @classmethod
    def of(cls, settings: Settings) -> "ClusterMembership | None":
        """Return the membership, or None on a single machine."""
        if not settings.cluster.broker_url:
            return None
        return cls(settings, Seats(settings.cluster.partitions))

    @property
    def node(self) -> str:
        """Return the name by which the other nodes know this one."""
        server = self.settings.server
        return self.settings.cluster.node or f"{server.host}:{server.port}"

    def system(
        self, read: Callable[[bytes, str | None], tuple[Event, ...]], **parts: object
    ) -> System:
        """Start the node's actors; `read` verifies and decodes a webhook."""
        member = Member(
            node=self.node,
            address=self.settings.server.own_address,
            seats=self.seats,
            open_broker=self._open_broker,
            read=read,
        )
        return ClusterSystem(member=member, **parts)

    def _open_broker(self, tell: Callable[[object], None]) -> ClusterBroker:
        # Pika is an extra that a single machine does not need.
        from moca.broker.broker import Broker as RabbitMq  # noqa: PLC0415
        from moca.broker.queues import Queues, all_seats  # noqa: PLC0415

        cluster = self.settings.cluster
        queues = Queues(cluster.name, all_seats(cluster.partitions, (SENDER,)))
        return RabbitMq(cluster.broker_url, queues, tell)


def database_address(settings: Settings) -> str:
    """Return the database address; on a cluster node, with timeouts for dead connections."""
    url = settings.database.url
    if not settings.cluster.broker_url:
        return url
    bounds = "connect_timeout=3&keepalives_idle=2&keepalives_interval=1&keepalives_count=3"
    return f"{url}{'&' if '?' in url else '?'}{bounds}&tcp_user_timeout=5000"


def writer_type(joining: ClusterMembership | None) -> type[Writer]:
    """Return the writer class: for a single process, or for one that shares the database."""
    return Writer if joining is None else ClusterWriter
