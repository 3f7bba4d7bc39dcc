from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from moca.core.types import ItemStatus, Outcome
from moca.web.config import OK, Vitals
from moca.web.metrics.minutes import Minutes


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


_ACK_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_REPLY_SECONDS = (1, 2.5, 5, 7.5, 10, 15, 30, 60, 120, 300, 900, 3600)
_CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Counts for Prometheus; its methods may be called from any thread and never block long.

    No label ever holds a person's id, a text or a token.
    """

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._webhooks = Counter(
            "moca_webhooks", "Webhooks by answer.", ["answer"], registry=registry
        )
        self._by_answer: dict[int, Counter] = {}
        self._acks = Histogram(
            "moca_webhook_seconds",
            "From a webhook's arrival to its answer.",
            buckets=_ACK_SECONDS,
            registry=registry,
        )
        self._refused = Counter(
            "moca_requests_refused",
            "Requests refused before they were looked at, by answer.",
            ["answer"],
            registry=registry,
        )
        self._messages = Counter(
            "moca_messages", "Messages of contacts by outcome.", ["outcome"], registry=registry
        )
        self._found = Counter(
            "moca_messages_found",
            "Messages that never came by webhook, found in Instagram's record.",
            registry=registry,
        )
        self._quiet = Gauge(
            "moca_quiet_accounts", "Accounts for which no webhook comes.", registry=registry
        )
        self._replies = Histogram(
            "moca_reply_seconds",
            "From a message's arrival to its reply's sending.",
            buckets=_REPLY_SECONDS,
            registry=registry,
        )
        self._calls = Histogram(
            "moca_send_call_seconds",
            "Calls to send a reply, by result.",
            ["result"],
            buckets=_CALL_SECONDS,
            registry=registry,
        )
        self._queue = Gauge(
            "moca_queue_items", "Queue items by status.", ["status"], registry=registry
        )
        self._missing = Counter(
            "moca_missing_messages",
            "Messages that no webhook told and that were asked for.",
            registry=registry,
        )
        self._set_aside = Counter(
            "moca_parcels_set_aside",
            "Parcels that could not be stored and wait at the broker for a person.",
            registry=registry,
        )
        self._security = Counter(
            "moca_security_events",
            "Logins, links and tokens taken or refused, and exports.",
            ["event"],
            registry=registry,
        )
        self._standing = Standing(registry)
        self.minutes = Minutes()
        """The same, by the minute."""
        for outcome in Outcome:
            self._messages.labels(outcome)

    def webhook_answered(self, answer: int, seconds: float) -> None:
        """Count a webhook by the status it was answered with."""
        counter = self._by_answer.get(answer)
        if counter is None:
            counter = self._by_answer[answer] = self._webhooks.labels(str(answer))
        counter.inc()
        self._acks.observe(seconds)
        self.minutes.note(f"webhook.{answer}")
        self.minutes.note("ack", timedelta(seconds=seconds))

    def request_refused(self, answer: int, *, is_webhook: bool) -> None:
        """Count a request whose head or body was not fit to be looked at, by its answer."""
        if is_webhook:
            self._webhooks.labels(str(answer)).inc()
            self.minutes.note(f"webhook.{answer}")
        else:
            self._refused.labels(str(answer)).inc()

    def messages_ended(self, outcome: Outcome, count: int = 1) -> None:
        """Count messages that came to their outcome."""
        self._messages.labels(outcome).inc(count)
        self.minutes.note(f"outcome.{outcome}", count=count)

    def messages_found(self, count: int) -> None:
        """Count messages that were found in Instagram's record only."""
        self._found.inc(count)
        self.minutes.note("found", count=count)

    def quiet_counted(self, accounts: int) -> None:
        """Set for how many accounts no webhook comes any more."""
        self._quiet.set(accounts)

    def reply_sent(self, after: timedelta) -> None:
        """Note how long a contact waited for a reply."""
        self._replies.observe(after.total_seconds())
        self.minutes.note("reply", after)

    def delivery_ended(self, result: str, took: timedelta) -> None:
        """Note a call to Instagram; `result` is the delivery result's name."""
        self._calls.labels(result).observe(took.total_seconds())
        self.minutes.note(f"call.{result}", took)

    def messages_missed(self, count: int) -> None:
        """Count messages that no webhook told and that are asked for."""
        self._missing.inc(count)
        self.minutes.note("missing", count=count)

    def parcel_set_aside(self) -> None:
        """Count a parcel that could not be stored and waits at the broker for a person."""
        self._set_aside.inc()

    def security_event(self, event: str) -> None:
        """Count what happened at the doors, by its kind."""
        self._security.labels(event).inc()

    def queue_counted(self, counts: Mapping[ItemStatus, int]) -> None:
        """Set how many queue items there are by status."""
        for status, count in counts.items():
            self._queue.labels(status).set(count)

    def looked_at(self, look: Look) -> None:
        """Set how everything stands at this moment."""
        self._standing.set(look)

    def exposition(self) -> bytes:
        """Write them in Prometheus's text format."""
        return generate_latest(self._registry)
