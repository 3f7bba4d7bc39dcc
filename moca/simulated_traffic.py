import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from random import Random
from typing import Any
from urllib.parse import quote

import requests

_TIMEOUT_SECONDS = 10
_LOOK_AGAIN_SECONDS = 2
_SAYINGS = (
    "Hello!",
    "When are you open?",
    "What does it cost?",
    "Do you ship to Norway?",
    "Is it still in stock?",
    "Can I change my order?",
    "Thank you!",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPlan:
    """How many simulated contacts write how much to which Moca."""

    address: str
    token: str = field(repr=False)
    """Moca's API token."""
    contacts: int
    per_second: int
    writes: int
    patience: timedelta
    """How long to wait for answers after the last message."""


class NoSandbox(Exception):  # noqa: N818 - the name states the error
    """Raised if there is no answer, or not one of a sandbox; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficReport:
    """What happened to every message."""

    written: int
    refused: int
    """Messages that the sandbox refused."""
    outcomes: Counter[str]
    """Counts by outcome; `open` without an end yet, `lost` if unknown to Moca."""
    twice: int
    """Replies received in excess of those that answer a message."""
    latencies: tuple[timedelta, ...]
    """From a message to the sending of its reply, shortest first."""

    @property
    def is_fine(self) -> bool:
        """Return whether no message was lost, and no contact was answered twice."""
        return not (self.refused or self.outcomes["lost"] or self.twice)

    def latency(self, share: float) -> timedelta | None:
        """Return the time within which this share was answered; None if nothing was."""
        if not self.latencies:
            return None
        return self.latencies[max(ceil(share * len(self.latencies)), 1) - 1]


@dataclass(slots=True)
class _Written:
    mid: str
    psid: str
    stored: dict[str, Any] | None = None
    """The last status that Moca reported for it."""

    @property
    def is_open(self) -> bool:
        return self.stored is None or self.stored["outcome"] is None

    @property
    def reply_mid(self) -> str | None:
        return None if self.stored is None else self.stored["reply_mid"]

    @property
    def outcome(self) -> str:
        return "lost" if self.stored is None else self.stored["outcome"] or "open"


class SimulatedContacts:
    """Simulated contacts that write to a running sandbox, and the replies they got."""

    def __init__(self, plan: TrafficPlan, random: Random) -> None:
        self._plan = plan
        self._random = random
        self._run = f"9{random.randrange(10**7):07}"
        self._written: list[_Written] = []
        self._refused = 0
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {plan.token}"

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def require_sandbox(self) -> None:
        """Check that the simulation can begin.

        Raises:
            NoSandbox: If it cannot.
        """
        try:
            answer = self._get("/sandbox/state")
        except requests.RequestException:
            raise NoSandbox(f"no response from {self._plan.address}: start Moca first") from None
        if answer.status_code == requests.codes.unauthorized:
            raise NoSandbox("incorrect API token: pass the running Moca's token with --token")
        if not answer.ok:
            raise NoSandbox(
                f"{self._plan.address} is not in sandbox mode: set instagram.mode to sandbox"
            )

    def write(self) -> Iterator[int]:
        """Send all messages at the configured pace; yield how many are written."""
        begun = time.monotonic()
        for number in range(self._plan.writes):
            time.sleep(max(0.0, begun + number / self._plan.per_second - time.monotonic()))
            self._write_one()
            yield number + 1

    def listen(self) -> Iterator[int]:
        """Wait for every message to end, up to the patience; yield how many have."""
        until = time.monotonic() + self._plan.patience.total_seconds()
        waiting = list(self._written)
        while waiting:
            for each in waiting:
                each.stored = self._message(each.mid)
            waiting = [each for each in waiting if each.is_open]
            yield len(self._written) - len(waiting)
            if not waiting or time.monotonic() >= until:
                return
            time.sleep(_LOOK_AGAIN_SECONDS)

    def tally(self) -> TrafficReport:
        """Count the outcomes, as reported by Moca and its Instagram."""
        by_person: dict[str, list[_Written]] = defaultdict(list)
        for each in self._written:
            by_person[each.psid].append(each)
        return TrafficReport(
            written=len(self._written) + self._refused,
            refused=self._refused,
            outcomes=Counter(each.outcome for each in self._written),
            twice=sum(self._twice(psid, written) for psid, written in by_person.items()),
            latencies=tuple(sorted(self._latencies())),
        )

    def _twice(self, psid: str, written: Sequence[_Written]) -> int:
        # A reply to a waiting contact may arrive between two looks.
        if any(each.is_open for each in written):
            return 0
        replies = {mid for each in written if (mid := each.reply_mid) is not None}
        return max(self._reached(psid) - len(replies), 0)

    def _write_one(self) -> None:
        person = self._random.randrange(self._plan.contacts)
        psid = f"{self._run}{person:06}"
        body = {"psid": psid, "text": self._random.choice(_SAYINGS), "name": f"Person {person}"}
        answer = self._session.post(
            f"{self._plan.address}/sandbox/write", json=body, timeout=_TIMEOUT_SECONDS
        )
        if answer.status_code == requests.codes.accepted:
            self._written.append(_Written(answer.json()["mid"], psid))
        else:
            self._refused += 1

    def _message(self, mid: str) -> dict[str, Any] | None:
        answer = self._get(f"/api/messages/{quote(mid, safe='')}")
        return answer.json() if answer.ok else None

    def _reached(self, psid: str) -> int:
        thread = self._get(f"/sandbox/state?psid={psid}").json()["thread"]
        return sum(each["sender"] == "account" for each in thread)

    def _latencies(self) -> Iterator[timedelta]:
        replies = {mid for each in self._written if (mid := each.reply_mid) is not None}
        sent_at = {mid: (self._message(mid) or {}).get("sent_at") for mid in replies}
        for each in self._written:
            replied_at = sent_at.get(each.reply_mid or "")
            if replied_at is not None and each.stored is not None:
                yield _instant(replied_at) - _instant(each.stored["created_at"])

    def _get(self, path: str) -> requests.Response:
        return self._session.get(f"{self._plan.address}{path}", timeout=_TIMEOUT_SECONDS)


def simulate(crowd: SimulatedContacts, note: Callable[[str, int], None]) -> TrafficReport:
    """Run the simulation to the end; `note` receives the progress of each stage.

    Raises:
        NoSandbox: If there is none to write to, or it went away.
    """
    crowd.require_sandbox()
    try:
        for done in crowd.write():
            note("written", done)
        for done in crowd.listen():
            note("ended", done)
        return crowd.tally()
    except requests.RequestException as error:
        raise NoSandbox(f"lost the connection to Moca: {type(error).__name__}") from None


def _instant(stored: str) -> datetime:
    return datetime.fromisoformat(stored)
