"""Each account is answered by its own bot, in the version that is published."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta

import pytest

from actors.bots.factory import BotFactory
from moca import clock
from moca.core.accounts import Account, SealedToken
from moca.core.messages.accounts import ChangeAccount, StoreAccount
from moca.core.messages.bots import PublishBot, SaveBotDraft
from moca.core.messages.command import AwaitedCommand
from moca.core.types import BotVersion, ContactKey
from moca.replies.budget import BudgetRecord
from moca.settings.sections import Settings
from moca.storage.db.tables import Message
from tests.support.factory import NOON
from tests.support.system import SteppedSystem

SHOP, CAFE, OTHER = "1784100001", "1784100002", "1784100003"
TOKEN = SealedToken("sealed", NOON, NOON + timedelta(days=60))
ANNA, BEN, CARL = ContactKey(SHOP, "11"), ContactKey(CAFE, "12"), ContactKey(OTHER, "13")


def document(answer: str, more: str = "") -> str:
    return f"""
[conversation]
debounce_seconds = 0
cooldown_seconds = 0

[replies]
generator = "rules"
{more}
[[rule]]
name = "price"
keywords = ["price"]
answers = "{answer}"
"""


CLOSED = """
[business_hours]
enabled = true
sunday = []
away_text = "We are closed."
"""


def factory(**replies: object) -> BotFactory:
    settings = Settings.model_validate(
        {"conversation": {"debounce_seconds": 0}, "replies": {"generator": "mock", **replies}}
    )
    return BotFactory(settings, lambda _name: BudgetRecord())


def do(system: SteppedSystem, command: AwaitedCommand) -> object:
    receipt: Future[object] = Future()
    system.actors.tell(replace(command, receipt=receipt))
    system.settle()
    return receipt.result(0)


def publish(system: SteppedSystem, name: str, text: str, revision: int = 0) -> None:
    do(system, SaveBotDraft(name, text, revision, "ada", clock.now()))
    do(system, PublishBot(name, revision + 1, "", "ada", clock.now()))


@pytest.fixture
def system(open_system: Callable[..., SteppedSystem]) -> SteppedSystem:
    """Three accounts: a shop, a café with contrary rules and hours, and one without a bot."""
    system = open_system(bots=factory())
    for account_id in (SHOP, CAFE, OTHER):
        do(system, StoreAccount(Account(account_id=account_id), TOKEN, clock.now()))
    publish(system, "shop", document("20 €"))
    publish(system, "cafe", document("3 €", CLOSED))
    do(system, ChangeAccount(SHOP, clock.now(), bot="shop"))
    do(system, ChangeAccount(CAFE, clock.now(), bot="cafe"))
    return system


def said(system: SteppedSystem) -> list[tuple[str, str]]:
    return [(call.contact.account_id, call.text) for call in system.instagram.reached]


def test_accounts_with_contrary_bots_are_each_answered_by_their_own(system: SteppedSystem) -> None:
    for contact in (ANNA, BEN, CARL):
        system.receive("the price?", contact)
        system.advance(10)

    assert said(system) == [
        (SHOP, "20 €"),
        (CAFE, "We are closed."),
        (OTHER, "This would be an AI generated message"),
    ]


def test_accounts_may_share_a_bot(system: SteppedSystem) -> None:
    do(system, ChangeAccount(OTHER, clock.now(), bot="shop"))
    for contact in (ANNA, CARL):
        system.receive("the price?", contact)
        system.advance(10)

    assert said(system) == [(SHOP, "20 €"), (OTHER, "20 €")]


def test_a_published_version_decides_what_comes_next(system: SteppedSystem) -> None:
    system.receive("the price?", ANNA)
    system.advance(10)
    publish(system, "shop", document("25 €"), revision=1)
    system.receive("and what is the price now?", ANNA)
    system.advance(10)

    assert said(system) == [(SHOP, "20 €"), (SHOP, "25 €")]


def test_a_reply_that_is_waited_for_is_made_by_the_version_in_force_when_it_is_made(
    system: SteppedSystem,
) -> None:
    publish(system, "shop", document("25 €").replace("debounce_seconds = 0", ""), revision=1)
    system.receive("the price?", ANNA)
    system.advance(2)
    publish(system, "shop", document("30 €").replace("debounce_seconds = 0", ""), revision=2)
    system.advance(10)

    assert said(system) == [(SHOP, "30 €")]


def test_the_reply_and_its_journey_name_the_bot_and_the_version(system: SteppedSystem) -> None:
    system.receive("the price?", ANNA, "m1")
    system.receive("hello", CARL, "m2")
    system.advance(10)

    made = Message.select(Message.bot, Message.bot_version).where(Message.role == "assistant")
    assert system.rows(made.order_by(Message.id)) == [("shop", 1), ("default", None)]
    steps = [(step.stage, step.outcome, step.detail) for step in system.journey("m1").steps]
    assert ("state", "decided", "bot shop, version 1") in steps
    assert ("generation", "generated", "rules: rule 'price' (bot shop, version 1)") in steps
    assert all("decided" not in step.outcome for step in system.journey("m2").steps)


def test_silence_names_the_bot_that_decided_it(system: SteppedSystem) -> None:
    system.receive("the price?", BEN, "m1")
    system.advance(10)

    steps = [(step.outcome, step.detail) for step in system.journey("m1").steps]
    assert ("decided", "bot cafe, version 1") in steps


def test_a_restart_finds_what_is_published(system: SteppedSystem) -> None:
    system.crash()
    system.start()
    system.receive("the price?", ANNA)
    system.advance(10)

    assert said(system) == [(SHOP, "20 €")]


def test_an_account_given_back_to_the_settings_is_answered_by_their_bot(
    system: SteppedSystem,
) -> None:
    do(system, ChangeAccount(SHOP, clock.now(), bot="default"))
    system.receive("the price?", ANNA)
    system.advance(10)

    assert said(system) == [(SHOP, "This would be an AI generated message")]


def test_a_bot_that_the_server_can_no_longer_run_answers_nothing_and_says_why(
    system: SteppedSystem,
) -> None:
    text = '[replies]\ngenerator = "model"\n[replies.model]\nmodel = "small"'
    publish(system, "shop", text, revision=1)
    system.receive("the price?", ANNA, "m1")
    system.advance(300)

    outcome, because = system.outcome("m1")
    assert outcome == "failed"
    assert "bot shop, version 2 cannot be used on this server: replies.model" in because
    assert said(system) == []


def test_the_bot_of_the_settings_has_no_version() -> None:
    assert factory().of_settings().policy.bot == BotVersion("default", None)
