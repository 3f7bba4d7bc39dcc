from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from platform import python_version

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from moca.core.types import ItemStatus, Outcome
from moca.web.config import OK, ProcessStatus
from moca.web.metrics.minutes import MinuteMetrics


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSnapshot:
    """The state of everything at one moment."""

    is_frozen: bool
    process_status: ProcessStatus
    parts: Mapping[str, str]
    accounts: Mapping[str, bool]
    """By account: whether it can send."""
    token_ends: Mapping[str, datetime | None]
    heard_at: Mapping[str, datetime]
    last_webhook_at: datetime | None


class AccountGauges:
    """Gauges set on each scrape; accounts are the operator's own, so their ids may be labels."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, what: str, *labels: str) -> Gauge:
            return Gauge(name, what, labels, registry=registry)

        self._frozen = gauge("moca_queue_frozen", "1 while sending is paused.")
        self._mailboxes = gauge(
            "moca_mailbox_messages", "Actor messages waiting, by component.", "part"
        )
        self._live = gauge("moca_live_conversations", "Conversations in memory.")
        self._size = gauge("moca_database_bytes", "Size of the database.")
        self._wal = gauge("moca_database_wal_bytes", "Size of SQLite's write-ahead log.")
        self._seats = gauge(
            "moca_seats_held", "Partitions, and the sender role, held by this node."
        )
        self._parts = gauge("moca_part_up", "1 while a component is healthy.", "part")
        self._accounts = gauge("moca_account_usable", "1 while an account can send.", "account_id")
        self._tokens = gauge(
            "moca_account_token_expiry_timestamp_seconds",
            "Time at which the access token expires.",
            "account_id",
        )
        self._heard = gauge(
            "moca_account_last_event_timestamp_seconds",
            "Time of the last message from a contact.",
            "account_id",
        )
        self._webhook = _LastWebhook()
        registry.register(self._webhook)

    def set(self, look: MetricsSnapshot) -> None:
        """Set all gauges."""
        self._frozen.set(look.is_frozen)
        self._live.set(look.process_status.live_conversations or 0)
        self._size.set(look.process_status.database_bytes or 0)
        self._wal.set(look.process_status.wal_bytes or 0)
        self._seats.set(look.process_status.seats or 0)
        self._webhook.at = look.last_webhook_at
        _set(self._mailboxes, look.process_status.waiting)
        _set(self._parts, {name: state == OK for name, state in look.parts.items()})
        _set(self._accounts, look.accounts)
        _set(self._tokens, _timestamps(look.token_ends))
        _set(self._heard, _timestamps(look.heard_at))


class _LastWebhook(Collector):
    """Exposes nothing until the first webhook: a gauge would read 0, in 1970."""

    def __init__(self) -> None:
        self.at: datetime | None = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        if self.at is not None:
            yield GaugeMetricFamily(
                "moca_last_webhook_timestamp_seconds",
                "Time of the last webhook.",
                value=self.at.timestamp(),
            )


def _timestamps(instants: Mapping[str, datetime | None]) -> dict[str, float]:
    return {name: at.timestamp() for name, at in instants.items() if at is not None}


def _set(gauge: Gauge, values: Mapping[str, float]) -> None:
    # Labels that no longer exist, such as a removed account's, must not stay forever.
    gauge.clear()
    for label, value in values.items():
        gauge.labels(label).set(value)


_ACK_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_REPLY_SECONDS = (1, 2.5, 5, 7.5, 10, 15, 30, 60, 120, 300, 900, 3600)
_CALL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The Prometheus metrics; every method is thread-safe and fast.

    No label ever holds a contact's id, a text or a token.
    """

    def __init__(self, version: str) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Info("moca_build", "The version of Moca.", registry=registry).info(
            {"version": version, "python": python_version()}
        )
        self._webhooks = Counter(
            "moca_webhooks", "Webhooks by response status.", ["answer"], registry=registry
        )
        self._by_answer: dict[int, Counter] = {}
        self._acks = Histogram(
            "moca_webhook_seconds",
            "Time to respond to a webhook.",
            buckets=_ACK_SECONDS,
            registry=registry,
        )
        self._refused = Counter(
            "moca_requests_refused",
            "Requests refused before processing, by response status.",
            ["answer"],
            registry=registry,
        )
        self._messages = Counter(
            "moca_messages", "Incoming messages by outcome.", ["outcome"], registry=registry
        )
        self._found = Counter(
            "moca_messages_found",
            "Messages found in Instagram's record for which no webhook arrived.",
            registry=registry,
        )
        self._quiet = Gauge(
            "moca_quiet_accounts", "Accounts that no longer receive webhooks.", registry=registry
        )
        self._replies = Histogram(
            "moca_reply_seconds",
            "Time from receiving a message to sending its reply.",
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
            "Messages fetched because their webhook was incomplete or missing.",
            registry=registry,
        )
        self._set_aside = Counter(
            "moca_parcels_set_aside",
            "Parcels that could not be stored and need an operator.",
            registry=registry,
        )
        self._security = Counter(
            "moca_security_events",
            "Logins, links and tokens accepted or refused, and exports.",
            ["event"],
            registry=registry,
        )
        self._standing = AccountGauges(registry)
        self.minutes = MinuteMetrics()
        """The same, by the minute."""
        for outcome in Outcome:
            self._messages.labels(outcome)

    def webhook_answered(self, answer: int, seconds: float) -> None:
        """Count a webhook by the status of its response."""
        counter = self._by_answer.get(answer)
        if counter is None:
            counter = self._by_answer[answer] = self._webhooks.labels(str(answer))
        counter.inc()
        self._acks.observe(seconds)
        self.minutes.note(f"webhook.{answer}")
        self.minutes.note("ack", timedelta(seconds=seconds))

    def request_refused(self, answer: int, *, is_webhook: bool) -> None:
        """Count a request whose head or body was malformed, by the status of its response."""
        if is_webhook:
            self._webhooks.labels(str(answer)).inc()
            self.minutes.note(f"webhook.{answer}")
        else:
            self._refused.labels(str(answer)).inc()

    def messages_ended(self, outcome: Outcome, count: int = 1, account_id: str = "") -> None:
        """Count messages that reached their outcome; with an account, for it too."""
        self._messages.labels(outcome).inc(count)
        self.minutes.note(f"outcome.{outcome}", count=count, account_id=account_id)

    def messages_found(self, count: int) -> None:
        """Count messages that were only found in Instagram's record."""
        self._found.inc(count)
        self.minutes.note("found", count=count)

    def quiet_counted(self, accounts: int) -> None:
        """Set the number of accounts that no longer receive webhooks."""
        self._quiet.set(accounts)

    def reply_sent(self, after: timedelta, account_id: str) -> None:
        """Observe how long a contact of an account waited for a reply."""
        self._replies.observe(after.total_seconds())
        self.minutes.note("reply", after, account_id=account_id)

    def delivery_ended(self, result: str, took: timedelta, account_id: str) -> None:
        """Observe a call to Instagram; `result` is the name of the delivery result."""
        self._calls.labels(result).observe(took.total_seconds())
        self.minutes.note(f"call.{result}", took, account_id=account_id)

    def messages_missed(self, count: int) -> None:
        """Count messages that came by no webhook and are being fetched."""
        self._missing.inc(count)
        self.minutes.note("missing", count=count)

    def parcel_set_aside(self) -> None:
        """Count a parcel that could not be stored and waits at the broker for an operator."""
        self._set_aside.inc()

    def security_event(self, event: str) -> None:
        """Count a security event by its kind."""
        self._security.labels(event).inc()

    def queue_counted(self, counts: Mapping[ItemStatus, int]) -> None:
        """Set the number of queue items by status."""
        for status, count in counts.items():
            self._queue.labels(status).set(count)

    def looked_at(self, look: MetricsSnapshot) -> None:
        """Set the gauges of the current state."""
        self._standing.set(look)

    def exposition(self) -> bytes:
        """Return the metrics in Prometheus's text format."""
        return generate_latest(self._registry)
