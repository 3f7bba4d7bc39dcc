from datetime import UTC, datetime, timedelta

import pytest

from moca.core.inbound.events import Echo, Event, InboundMessage
from moca.core.types import ContactKey
from moca.instagram.events import read_webhook
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.faults import Faults
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.responses import refused
from moca.instagram.sandbox.threads import SandboxContact, SandboxMessage, SandboxThreads
from tests.support.values import of_kind

ACCOUNT = "17841400000000001"
MAYA = ContactKey(ACCOUNT, "28978671838402975")
START = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)


class FrozenSandbox:
    """A sandbox on a frozen clock, with the webhooks it sent."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.now = START
        self.bodies: list[bytes] = []
        accounts = SandboxAccounts(ACCOUNT, "token")
        self.instagram = SandboxInstagram(
            accounts, self.bodies.append, now=lambda: self.now, faults=faults
        )

    def events(self) -> list[Event]:
        return [event for body in self.bodies for event in read_webhook(body, live=True)]


@pytest.fixture
def world() -> FrozenSandbox:
    return FrozenSandbox()


def test_what_a_person_writes_goes_out_as_a_webhook(world: FrozenSandbox) -> None:
    mid = world.instagram.write(MAYA.psid, "café \U0001f600", "Maya")
    assert world.events() == [
        InboundMessage(contact=MAYA, mid=mid, text="café \U0001f600", sent_at=START)
    ]


def test_what_an_account_sends_comes_back_as_an_echo(world: FrozenSandbox) -> None:
    answer = world.instagram.receive(MAYA, "hello")
    mid = str(answer.document["message_id"])
    assert (answer.status, answer.document["recipient_id"]) == (200, MAYA.psid)
    assert world.events() == [Echo(contact=MAYA, mid=mid, text="hello", sent_at=START)]


def test_both_sides_see_the_thread_in_order(world: FrozenSandbox) -> None:
    asked = world.instagram.write(MAYA.psid, "open?", "Maya")
    world.now += timedelta(seconds=5)
    answered = str(world.instagram.receive(MAYA, "yes").document["message_id"])
    assert world.instagram.thread(MAYA.psid) == (
        SandboxMessage(asked, "contact", "open?", START),
        SandboxMessage(answered, "account", "yes", world.now),
    )


def test_people_are_named_with_the_latest_first(world: FrozenSandbox) -> None:
    world.instagram.write(MAYA.psid, "hi", "Maya")
    world.instagram.write("2", "hi", "Bo")
    world.now += timedelta(seconds=1)
    world.instagram.write(MAYA.psid, "again")
    assert world.instagram.list_contacts() == (
        SandboxContact(MAYA.psid, "Maya", world.now),
        SandboxContact("2", "Bo", START),
    )


def test_somebody_without_a_name_goes_by_their_id(world: FrozenSandbox) -> None:
    world.instagram.write("2", "hi")
    assert world.instagram.list_contacts() == (SandboxContact("2", "2", START),)


def test_every_account_has_its_own_threads(world: FrozenSandbox) -> None:
    world.instagram.write(MAYA.psid, "hi", "Maya", account_id="555")
    assert world.instagram.thread(MAYA.psid) == ()
    assert world.instagram.list_contacts() == ()
    assert world.events()[0].contact == ContactKey("555", MAYA.psid)


def test_ids_look_like_instagrams_and_never_repeat(world: FrozenSandbox) -> None:
    first = {world.instagram.write(MAYA.psid, "hi") for _ in range(50)}
    restarted = FrozenSandbox()
    restarted.now = START + timedelta(microseconds=1)
    second = {restarted.instagram.write(MAYA.psid, "hi") for _ in range(50)}
    assert len(first | second) == 100
    assert {150 <= len(mid) <= 170 for mid in first} == {True}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "(#100) Message cannot be empty, must provide valid attachment or text"),
        (
            "é" * 500 + "x",
            "(#100) Length of param message[text] must be less than or equal to 1000",
        ),
    ],
)
def test_a_text_that_instagram_would_not_take_is_refused(
    world: FrozenSandbox, text: str, message: str
) -> None:
    answer = world.instagram.receive(MAYA, text)
    assert (answer.status, of_kind(answer.document["error"], dict)["message"]) == (400, message)
    assert world.instagram.thread(MAYA.psid) == ()


def test_a_text_of_exactly_the_limit_is_taken(world: FrozenSandbox) -> None:
    assert world.instagram.receive(MAYA, "é" * 500).status == 200


@pytest.mark.parametrize(
    ("waited", "status"), [(timedelta(hours=24), 200), (timedelta(hours=24, microseconds=1), 400)]
)
def test_the_window_is_shut_after_24_hours(
    world: FrozenSandbox, waited: timedelta, status: int
) -> None:
    world.instagram.write(MAYA.psid, "hi")
    world.now += waited
    assert world.instagram.receive(MAYA, "late").status == status


def test_somebody_who_never_wrote_here_can_be_written_to(world: FrozenSandbox) -> None:
    assert world.instagram.receive(ContactKey("123456789", "user_psid_123"), "hi").status == 200


def test_the_thread_longest_without_a_message_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moca.instagram.sandbox.threads._THREADS_KEPT", 2)
    threads = SandboxThreads()
    for psid in ("1", "2", "1", "3"):
        threads.open(ContactKey(ACCOUNT, psid))
    assert [thread.contact.psid for thread in threads] == ["3", "1"]
    assert threads.find(ContactKey(ACCOUNT, "2")) is None


@pytest.mark.parametrize(
    ("token", "account"),
    [
        ("token", ACCOUNT),
        ("token:555", "555"),
        ("token:", None),
        ("other", None),
        ("other:555", None),
        ("", None),
        ("tökén", None),
    ],
)
def test_a_token_speaks_for_one_account(token: str, account: str | None) -> None:
    accounts = SandboxAccounts(ACCOUNT, "token")
    assert accounts.find(token) == account
    assert account is None or accounts.token_for(account) == token


def test_faults_are_asked_at_every_point() -> None:
    refusal, lie = refused(2, "Service temporarily unavailable"), refused(1, "Unknown", status=500)
    faults = Faults(
        before_send=lambda psid: refusal if psid == "2" else None,
        after_send=lambda _message, _answer: lie,
        is_recorded=lambda message, now: now - message.at >= timedelta(seconds=3),
        webhooks=lambda body: (body, body),
    )
    world = FrozenSandbox(faults)
    assert world.instagram.receive(ContactKey(ACCOUNT, "2"), "hi") == refusal
    assert world.instagram.receive(MAYA, "hi") == lie
    assert len(world.events()) == 2
    assert world.instagram.record(MAYA) == ()
    world.now += timedelta(seconds=3)
    assert [each.text for each in world.instagram.record(MAYA)] == ["hi"]
