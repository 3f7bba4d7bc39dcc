"""Drafts, published versions, and which bot answers for an account."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

import peewee
import pytest

from moca.core.messages.accounts import ChangeAccount, RemoveAccount
from moca.core.messages.bots import DeleteBot, PublishBot, RollBackBot, SaveBotCases, SaveBotDraft
from moca.core.messages.command import AwaitedCommand, Conflict, Done, NotFound
from moca.core.types import BotVersion
from moca.storage.bots.published import (
    PublishedBot,
    bots_of_accounts,
    bots_revision,
    published_bots,
)
from moca.storage.db.bot_tables import StoredBot, StoredBotVersion
from moca.storage.db.tables import Account
from moca.storage.queries.team.bots import cases_of_bot, list_bots, list_versions
from tests.storage.desk import Desk
from tests.support.factory import at


def save(desk: Desk, document: str, revision: int, by: str = "ada", name: str = "shop") -> object:
    return answer(desk, SaveBotDraft(name, document, revision, by, at(0)))


def publish(desk: Desk, revision: int, note: str = "") -> object:
    return answer(desk, PublishBot("shop", revision, note, "ada", at(60)))


def roll_back(desk: Desk, version: int) -> object:
    return answer(desk, RollBackBot("shop", version, "ben", at(120)))


def choose(desk: Desk, bot: str) -> object:
    return answer(desk, ChangeAccount("1", at(0), bot=bot))


def answer(desk: Desk, command: AwaitedCommand) -> object:
    (said,) = desk.answers(replace(command, receipt=Future()))
    return said


@pytest.fixture
def account(database: peewee.Database) -> None:
    row = {"sealed_token": "x", "token_stored_at": at(0), "token_issued_at": at(0)}
    Account.create(account_id="1", flavour="instagram_login", created_at=at(0), **row)


def test_a_draft_is_published_as_the_next_version(desk: Desk) -> None:
    assert save(desk, "a", 0) == Done(1)
    assert published_bots() == {}
    assert publish(desk, 1, "the first") == Done(1)
    assert save(desk, "b", 1) == Done(2)
    assert publish(desk, 2) == Done(2)

    assert published_bots() == {"shop": PublishedBot(BotVersion("shop", 2), "b")}
    (first, second) = StoredBotVersion.select().order_by(StoredBotVersion.number)
    assert (first.document, first.author, first.note) == ("a", "ada", "the first")
    assert (second.document, second.published_at) == ("b", at(60))


def test_the_second_of_two_editors_is_told_who_saved_and_overwrites_nothing(desk: Desk) -> None:
    save(desk, "a", 0)
    assert save(desk, "b", 1, by="ben") == Done(2)

    because = (
        "ben saved this draft at 2026-11-22 12:00 UTC, as revision 2; reload it, and make your"
        " changes again"
    )
    assert save(desk, "c", 1) == Conflict(because)
    assert publish(desk, 1) == Conflict(because)
    assert StoredBot.get().draft == "b"
    assert published_bots() == {}


def test_a_bot_that_does_not_exist_has_no_draft_to_change_and_nothing_to_publish(
    desk: Desk,
) -> None:
    assert save(desk, "a", 3) == Conflict(
        "the bot does not exist; save its first draft with revision 0"
    )
    assert publish(desk, 1) == NotFound()
    assert roll_back(desk, 1) == NotFound()


def test_what_is_already_in_force_is_not_published_again(desk: Desk) -> None:
    save(desk, "a", 0)
    publish(desk, 1)

    assert publish(desk, 1) == Conflict("the draft is the same as version 1; change it first")
    assert roll_back(desk, 1) == Conflict("version 1 is in force and the same")


def test_a_rollback_publishes_an_earlier_version_again_and_keeps_the_draft(desk: Desk) -> None:
    save(desk, "a", 0)
    publish(desk, 1)
    save(desk, "b", 1)
    publish(desk, 2)
    save(desk, "c", 2)

    assert roll_back(desk, 1) == Done(3)
    assert published_bots() == {"shop": PublishedBot(BotVersion("shop", 3), "a")}
    assert StoredBot.get().draft == "c"
    last = StoredBotVersion.get(StoredBotVersion.number == 3)
    assert (last.author, last.note) == ("ben", "Rolled back to version 1")


@pytest.mark.usefixtures("account")
def test_an_account_gets_a_bot_once_one_of_its_versions_is_published(desk: Desk) -> None:
    save(desk, "a", 0)
    assert choose(desk, "shop") == Conflict("no version of a bot 'shop' is published")
    publish(desk, 1)

    assert choose(desk, "shop") == Done()
    assert bots_of_accounts() == {"1": "shop"}
    assert choose(desk, "default") == Done()
    assert bots_of_accounts() == {}


@pytest.mark.usefixtures("account")
def test_an_account_connected_anew_has_the_bot_of_the_settings(desk: Desk) -> None:
    save(desk, "a", 0)
    publish(desk, 1)
    choose(desk, "shop")
    desk.do(RemoveAccount("1", at(5)))

    assert bots_of_accounts() == {}


@pytest.mark.usefixtures("account")
def test_a_bot_is_deleted_once_no_account_has_it(desk: Desk) -> None:
    delete = DeleteBot("shop", at(180))
    assert answer(desk, delete) == NotFound()
    save(desk, "a", 0)
    publish(desk, 1)
    choose(desk, "shop")
    Account.update(username="the_shop").execute()
    because = "it answers for the_shop; choose another bot for them first"
    assert answer(desk, delete) == Conflict(because)

    choose(desk, "default")
    assert answer(desk, delete) == Done()
    assert (published_bots(), list_bots()) == ({}, ())
    assert answer(desk, delete) == NotFound()
    assert publish(desk, 1) == NotFound()
    assert roll_back(desk, 1) == NotFound()
    assert choose(desk, "shop") == Conflict("no version of a bot 'shop' is published")


def test_a_bot_with_the_name_of_a_deleted_one_goes_on_with_its_versions(desk: Desk) -> None:
    save(desk, "a", 0)
    publish(desk, 1)
    answer(desk, SaveBotCases("shop", "", 0, "ada", at(60)))
    answer(desk, DeleteBot("shop", at(180)))

    assert isinstance(save(desk, "b", 1), Conflict)
    assert save(desk, "b", 0) == Done(2)
    assert publish(desk, 2) == Done(2)
    assert published_bots() == {"shop": PublishedBot(BotVersion("shop", 2), "b")}
    assert [each.document for each in list_versions("shop")] == ["b", "a"]
    assert cases_of_bot("shop").revision == 0


@pytest.mark.usefixtures("account")
def test_a_bot_that_an_account_was_given_while_it_was_deleted_answers_on(desk: Desk) -> None:
    save(desk, "a", 0)
    publish(desk, 1)
    choose(desk, "shop")
    StoredBot.update(deleted_at=at(180)).execute()
    assert published_bots() == {"shop": PublishedBot(BotVersion("shop", 1), "a")}


@pytest.mark.usefixtures("account")
def test_whatever_changes_an_answer_changes_the_revision(desk: Desk) -> None:
    revisions = [bots_revision()]
    changes: tuple[Callable[[], object], ...] = (
        lambda: save(desk, "a", 0) and publish(desk, 1),
        lambda: choose(desk, "shop"),
        lambda: save(desk, "b", 1) and publish(desk, 2),
        lambda: roll_back(desk, 1),
        lambda: choose(desk, "default"),
    )
    for change in changes:
        change()
        revisions.append(bots_revision())

    assert len(set(revisions)) == len(revisions)
