from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from moca.web.health import OK
from moca.web.vitals import Vitals


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How everything stands at one moment."""

    at: datetime
    is_frozen: bool
    vitals: Vitals
    parts: Mapping[str, str]
    accounts: Mapping[str, bool]
    """Whether something can be sent in each one's name."""
    token_ends: Mapping[str, datetime | None]
    heard_at: Mapping[str, datetime]
    last_webhook_at: datetime | None


class Standing:
    """Gauges that are set when Prometheus asks; accounts are ours, so their ids may be labels."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, what: str, *labels: str) -> Gauge:
            return Gauge(name, what, labels, registry=registry)

        self._frozen = gauge("moca_queue_frozen", "1 while the operator keeps the queue frozen.")
        self._mailboxes = gauge("moca_mailbox_messages", "Messages waiting for a part.", "part")
        self._live = gauge("moca_live_conversations", "Conversations in memory.")
        self._size = gauge("moca_database_bytes", "Size of the database.")
        self._wal = gauge("moca_database_wal_bytes", "SQLite's write-ahead log.")
        self._seats = gauge("moca_seats_held", "Partitions, and the sending, that this node has.")
        self._parts = gauge("moca_part_up", "1 while a part answers and is fine.", "part")
        self._accounts = gauge("moca_account_usable", "1 while an account can send.", "account_id")
        self._tokens = gauge(
            "moca_account_token_expires_seconds", "Until a token expires.", "account_id"
        )
        self._heard = gauge(
            "moca_account_last_event_timestamp_seconds", "When a contact last wrote.", "account_id"
        )
        self._webhook = _LastWebhook()
        registry.register(self._webhook)

    def set(self, look: Look) -> None:
        """Set them all."""
        self._frozen.set(look.is_frozen)
        self._live.set(look.vitals.live_conversations or 0)
        self._size.set(look.vitals.database_bytes or 0)
        self._wal.set(look.vitals.wal_bytes or 0)
        self._seats.set(look.vitals.seats or 0)
        self._webhook.at = look.last_webhook_at
        _set(self._mailboxes, look.vitals.waiting)
        _set(self._parts, {name: state == OK for name, state in look.parts.items()})
        _set(self._accounts, look.accounts)
        ends = {name: at - look.at for name, at in look.token_ends.items() if at is not None}
        _set(self._tokens, {name: left.total_seconds() for name, left in ends.items()})
        _set(self._heard, {name: at.timestamp() for name, at in look.heard_at.items()})


class _LastWebhook(Collector):
    """Exposes nothing until the first webhook: a gauge would stand at 0, decades ago."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        if self.at is not None:
            yield GaugeMetricFamily(
                "moca_last_webhook_timestamp_seconds",
                "When a webhook last came.",
                value=self.at.timestamp(),
            )


def _set(gauge: Gauge, values: Mapping[str, float]) -> None:
    # What is no more, a removed account say, must not stand there for ever.
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)
