from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from actors.cluster.leased_client import LeasedGraphClient
from actors.cluster.seats import Seats
from actors.cluster.system import Broker, ClusterSystem, Member
from actors.graph_clients import access
from actors.system import System
from moca.core.inbound.events import Event
from moca.core.partition import SENDER
from moca.instagram.graph import GraphClient
from moca.settings.sections import Settings
from moca.storage.accounts.credentials import AccountBook
from moca.storage.cluster_writer import ClusterWriter
from moca.storage.writer import Writer


@dataclass(frozen=True, slots=True)
class Joining:
    """How a process takes part in the cluster that its settings name."""

    settings: Settings
    seats: Seats

    @classmethod
    def of(cls, settings: Settings) -> "Joining | None":
        """Give how; None where there is one machine."""
        if not settings.cluster.broker_url:
            return None
        return cls(settings, Seats(settings.cluster.partitions))

    @property
    def node(self) -> str:
        """The name by which the others know it."""
        server = self.settings.server
        return self.settings.cluster.node or f"{server.host}:{server.port}"

    def graph_client(
        self, book: AccountBook, token_for: Callable[[str], str | None]
    ) -> GraphClient:
        """Make what calls Instagram, as long as this node may."""
        timeout = self.settings.instagram.timeout_seconds
        return LeasedGraphClient(
            access(self.settings, book, token_for), timeout, self.seats.may_send
        )

    def system(self, read: Callable[[bytes], tuple[Event, ...]], **parts: Any) -> System:
        """Start the node's actors; `read` reads a webhook's body."""
        member = Member(
            node=self.node,
            address=self.settings.server.own_address,
            seats=self.seats,
            open_broker=self._open_broker,
            read=read,
        )
        return ClusterSystem(member=member, **parts)

    def _open_broker(self, tell: Callable[[Any], None]) -> Broker:
        # Pika is an extra: one machine does without.
        from moca.broker.broker import Broker as RabbitMq  # noqa: PLC0415
        from moca.broker.queues import Queues, all_seats  # noqa: PLC0415

        cluster = self.settings.cluster
        queues = Queues(cluster.name, all_seats(cluster.partitions, (SENDER,)))
        return RabbitMq(cluster.broker_url, queues, tell)


def database_address(settings: Settings) -> str:
    """Give the database's address; on a cluster's node, nobody waits for long on a dead line."""
    url = settings.database.url
    if not settings.cluster.broker_url:
        return url
    bounds = "connect_timeout=3&keepalives_idle=2&keepalives_interval=1&keepalives_count=3"
    return f"{url}{'&' if '?' in url else '?'}{bounds}&tcp_user_timeout=5000"


def writer_type(joining: Joining | None) -> type[Writer]:
    """Say how the database is written: alone, or in turns with others."""
    return Writer if joining is None else ClusterWriter
