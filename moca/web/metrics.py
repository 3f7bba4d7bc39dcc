from collections.abc import Mapping
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from moca.core.vocabulary import ItemStatus, Outcome
from moca.web.minutes import Minutes
from moca.web.standing import Look, Standing

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
