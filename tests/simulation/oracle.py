from collections import defaultdict
from datetime import datetime, timedelta

from moca.core.contact import ContactKey
from moca.core.messages import ConversationChanged, ReplySent, ReplyUnknown
from moca.core.reply import Way
from moca.core.vocabulary import ConversationStatus
from moca.core.webhook import Echo, Event
from tests.simulation.clockwork import Clockwork
from tests.simulation.instagram import BrokenCallError
from tests.simulation.instagram import instant as at_second
from tests.simulation.ledger import Ledger, Row, contact_of, instant
from tests.simulation.process import BrokenGeneratorError
from tests.simulation.script import ClockSteps, Script, Writes

_EXPECTED = (BrokenCallError, BrokenGeneratorError)
_SECOND = timedelta(seconds=1)
_MOMENT = timedelta(milliseconds=100)

Instants = tuple[datetime, datetime]
"""True time, and what the machine's clock showed."""


class Oracle:
    """Watches what must always hold (design, section 4) while the run goes on."""

    def __init__(self, script: Script, clockwork: Clockwork, ledger: Ledger) -> None:
        self.broken: list[str] = []
        self.acknowledged_mids: set[str] = set()
        self.spoken: list[tuple[datetime, ContactKey]] = []
        """When a contact's conversation learned that something was, or may have been, said."""
        self.died_at: list[Instants] = []
        self.starts: list[tuple[Instants, ContactKey]] = []
        self.known_at: dict[str, datetime] = {}
        """When the call ended that brought a message, or was to."""
        self._under_way: set[ContactKey] = set()
        self.ends: dict[ContactKey, list[Instants]] = defaultdict(list)
        self._figures = script.figures
        self._clockwork = clockwork
        self._ledger = ledger
        self._writes = [each for each in script.happenings if isinstance(each, Writes)]
        steps = [each.seconds for each in script.happenings if isinstance(each, ClockSteps)]
        self.slack = timedelta(seconds=sum(abs(step) for step in steps))
        self._waits: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
        self._held_since: dict[int, datetime] = {}
        self.freed: set[ContactKey] = set()
        """Contacts about whose conversation the operator decided anew."""
        self.overruled: set[int] = set()
        """Items that the operator retried or settled."""
        self.stopped: set[str] = set()
        """Accounts that were stopped or throttled at some time."""
        self.up_since = clockwork.true

    def is_broken(self, number: int, what: str) -> None:
        self.broken.append(f"{number}: {what}")

    def observe(self, event: object) -> None:
        if isinstance(event, ReplySent | ReplyUnknown):
            self.spoken.append((self._clockwork.now(), event.contact))
        elif isinstance(event, ConversationChanged):
            if event.status is ConversationStatus.OPEN:
                self._held_since.pop(event.conversation_id, None)
            else:
                self._held_since.setdefault(event.conversation_id, self._clockwork.now())

    def acknowledged(self, event: Event) -> None:
        """Meta has heard 200."""
        rows = self._ledger.messages("m.mid = ? AND m.kind = ?", event.mid, _kind(event))
        if isinstance(event, Echo):
            self._acknowledged_echo(event, rows)
            return
        self.acknowledged_mids.add(event.mid)
        if [row["role"] for row in rows] != ["user"]:
            self.is_broken(1, f"{event.mid} was acknowledged and is not on disk")

    def call_started(self, contact: ContactKey, text: str, way: Way) -> None:
        """Moca calls Instagram."""
        now = self._clockwork.true, self._clockwork.now()
        self._judge_pace(contact, now)
        self.starts.append((now, contact))
        self._under_way.add(contact)
        rows = self._ledger.items(
            "m.text = ? AND k.psid = ? AND k.account_id = ? AND q.status = 'sending'",
            text,
            contact.psid,
            contact.account_id,
        )
        if not rows:
            self.is_broken(3, f"called for {text!r}, which is not `sending` on disk")
            return
        item = max(rows, key=lambda row: row["sending_at"])
        self._judge_order(item)
        self._judge_priority(item, now)
        self._judge_window(item, way, now)
        if item["author"] == "bot":
            self._judge_hold(item)
            self._judge_consent(item)

    def call_ended(self, contact: ContactKey, mid: str) -> None:
        self.known_at[mid] = self._clockwork.true
        self._under_way.discard(contact)
        self.ends[contact].append((self._clockwork.true, self._clockwork.now()))

    def died(self, unsaved_since: datetime | None) -> None:
        """Whatever was being called is not known from now on, nor what came to no disk."""
        now = self._clockwork.true, self._clockwork.now()
        self.died_at.append(now)
        self._under_way.clear()
        for number in range(1, len(self.starts) + 1):
            self.known_at.setdefault(f"ig{number}", now[0])
        for waits in self._waits.values():
            saved_until = min(unsaved_since or now[0], now[0] - _SECOND)
            waits[:] = [each for each in waits if each[0] < saved_until]

    def told_to_wait(self, account_id: str, until: datetime) -> None:
        self._waits[account_id].append((self._clockwork.true, until))

    def crashed(self, actor: str, doing: str, error: BaseException) -> None:
        if not isinstance(error, _EXPECTED):
            self.is_broken(0, f"{actor} crashed at {doing}: {error!r}")

    def _acknowledged_echo(self, echo: Echo, rows: list[Row]) -> None:
        if any(row["role"] == "user" for row in rows):
            self.is_broken(8, f"the echo {echo.mid} became a person's message")
        if echo.mid.startswith("ig"):
            return
        if [row["author"] for row in rows] != ["human"]:
            self.is_broken(8, f"the echo {echo.mid} of somebody else is not on disk")
            return
        if echo.mid in self.acknowledged_mids:
            return
        self.acknowledged_mids.add(echo.mid)
        conversation = self._ledger.conversation(echo.contact)
        is_open = conversation is None or conversation["status"] == "open"
        if is_open and echo.contact not in self.freed:
            self.is_broken(8, f"the echo {echo.mid} of somebody else paused nothing")

    def _judge_pace(self, contact: ContactKey, now: Instants) -> None:
        figures = self._figures
        self._judge_rate([at for at, _ in self.starts], figures.per_second, now, "over all")
        own = [at for at, to in self.starts if to.account_id == contact.account_id]
        self._judge_rate(own, figures.account_per_second, now, "for the account")
        to_them = [at for at, to in self.starts if to == contact]
        if to_them and closer(to_them[-1], now, timedelta(seconds=figures.user_cooldown)):
            self.is_broken(4, f"two calls to {contact.psid} within the cooldown of a user")
        for told_at, until in self._waits[contact.account_id]:
            if told_at + _MOMENT < now[0] < until - self.slack:
                self.is_broken(4, f"{contact.account_id} was told to wait until {until}")

    def _judge_rate(self, starts: list[Instants], limit: int, now: Instants, what: str) -> None:
        if len(starts) >= limit and closer(starts[-limit], now, _SECOND):
            self.is_broken(4, f"more than {limit} calls in a second {what}")

    def _judge_order(self, item: Row) -> None:
        if item["author"] != "bot":
            return
        earlier = self._ledger.items(
            "q.id < ? AND k.psid = ? AND k.account_id = ? AND m.author = 'bot' "
            "AND q.status IN ('pending', 'sending')",
            item["id"],
            item["psid"],
            item["account_id"],
        )
        for each in earlier:
            if each["id"] not in self.overruled:
                self.is_broken(5, f"item {item['id']} goes before item {each['id']}")

    def _judge_hold(self, item: Row) -> None:
        since = self._held_since.get(item["conversation_id"])
        claimed_at = instant(item["sending_at"])
        held_until = item["held_until"]
        is_held = item["conversation_status"] != "open"
        is_over = held_until is not None and instant(held_until) <= claimed_at + self.slack
        if item["parting"] == "hand_over" and not self._person_wrote_since(item):
            return
        if since is not None and is_held and not is_over and claimed_at > since + self.slack:
            self.is_broken(7, f"the bot speaks while the talk is {item['conversation_status']}")

    def _person_wrote_since(self, item: Row) -> bool:
        """Tell whether the last words of a hand-over come too late: the person is there."""
        rows = self._ledger.messages(
            "m.conversation_id = ? AND m.author = 'human' AND m.created_at > ? "
            "AND m.created_at < ?",
            item["conversation_id"],
            item["created_at"],
            item["sending_at"] - self.slack // timedelta(microseconds=1),
        )
        return bool(rows)

    def _judge_consent(self, item: Row) -> None:
        if item["opted_out_at"] is None or item["parting"] == "opt_out":
            return
        if instant(item["sending_at"]) > instant(item["opted_out_at"]) + self.slack:
            self.is_broken(7, f"item {item['id']} goes to somebody who opted out")

    def _judge_window(self, item: Row, way: Way, now: Instants) -> None:
        contact = contact_of(item)
        opened = [at_second(each.at) for each in self._writes if each.contact == contact]
        opening = max(at for at in opened if at <= now[0])
        figures = self._figures
        late = way.is_late and item["author"] != "bot"
        window = figures.window_for_people if late else figures.window
        if instant(item["sending_at"]) > opening + timedelta(seconds=window) + self.slack:
            self.is_broken(7, f"item {item['id']} was claimed when the window was shut")

    def _judge_priority(self, item: Row, now: Instants) -> None:
        figures = self._figures
        claimed_at = instant(item["sending_at"])
        waited = claimed_at - _SECOND - self.slack
        is_simple = figures.capacity == 4000 and figures.account_per_second >= figures.per_second
        if not is_simple or self.up_since > now[0] - 3 * _SECOND - self.slack:
            return
        lanes: dict[ContactKey, Row] = {}
        under_way = set()
        waiting = "q.status IN ('pending', 'sending', 'unknown') AND q.id <> ?"
        for each in self._ledger.items(waiting, item["id"]):
            key = contact_of(each)
            if each["status"] != "pending" or (
                each["attempts"] and instant(each["scheduled_for"]) > waited
            ):
                under_way.add(key)
            elif instant(each["scheduled_for"]) <= waited and instant(each["created_at"]) <= waited:
                lanes[key] = min(lanes.get(key, each), each, key=_turn)
        for contact, first in lanes.items():
            is_own = contact == contact_of(item)
            may_go = contact not in under_way and (is_own or self._rested(contact, waited))
            if may_go and _turn(first) < _turn(item):
                self.is_broken(6, f"item {item['id']} goes before item {first['id']}")

    def _rested(self, contact: ContactKey, by: datetime) -> bool:
        if self._waits[contact.account_id] or contact.account_id in self.stopped:
            return False
        # After a restart Moca knows of a call that did not end only when it was claimed.
        late = timedelta(seconds=15)
        started = [
            (at[0] + late, at[1] + late) if any(died[0] > at[0] for died in self.died_at) else at
            for at, to in self.starts
            if to == contact
        ]
        own = started + self.ends[contact]
        if contact in self._under_way:
            return False
        rest = timedelta(seconds=self._figures.user_cooldown)
        return all(max(at) + rest <= by for at in own)


def closer(earlier: Instants, later: Instants, span: timedelta) -> bool:
    """Tell whether two instants are less than a span apart by either clock."""
    return all(after - before < span for before, after in zip(earlier, later, strict=True))


def _turn(row: Row) -> tuple[int, int]:
    return row["priority"], row["id"]


def _kind(event: Event) -> str:
    return getattr(event, "kind", "message")
