"""Stored webhooks are replayed by the real actors in virtual time, with other settings."""

import random
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from actors.replay.runner import ReplayPlan, rehearse
from moca import clock
from moca.core.bots.rehearsals import RehearsedDraft
from moca.core.replay_comparison import Rehearsal, ReplayVerdict
from moca.replies.fixed import MOCK_TEXT
from tests.rehearsal.history import History, recorded_messages, settings
from tests.replies.model.model_server import ModelServer, chat
from tests.support.factory import ANNA, BEN, NOON
from tests.support.values import present

NOW = NOON + timedelta(days=2)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/moca.db"


def rehearsed(url: str, since: datetime = NOON, now: datetime = NOW, **sections: Any) -> Rehearsal:
    return rehearse(url, settings(**sections), ReplayPlan(since=since, now=now))


def verdicts(rehearsal: Rehearsal) -> dict[str, str]:
    return {each.message.mid: str(each.verdict) for each in rehearsal.differences}


def changed(path: Path, sql: str) -> None:
    """Change the stored data directly."""
    with closing(sqlite3.connect(path / "moca.db", isolation_level=None)) as database:
        database.execute("PRAGMA foreign_keys = ON")
        database.executescript(sql)


def counted(rehearsal: Rehearsal) -> dict[str, int]:
    return {str(verdict): count for verdict, count in rehearsal.counts.items() if count}


def test_the_same_settings_show_no_difference(tmp_path: Path, url: str) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("hello", "m1")
        history.receive("good day", "m2", BEN)
        history.advance(60)
        history.receive("hello again", "m3")
        history.receive("hello again", "m4")
        history.advance(60)
    rehearsal = rehearsed(url)
    assert (counted(rehearsal), rehearsal.differences) == ({"same": 4}, ())
    assert (rehearsal.webhooks, rehearsal.unreadable) == (7, 0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_lively_hour_with_the_same_settings_shows_no_difference(
    tmp_path: Path, url: str, seed: int
) -> None:
    chance = random.Random(seed)
    with recorded_messages(tmp_path, NOON) as history:
        for number in range(30):
            happens(history, chance, f"m{number}")
            history.advance(chance.choice([0.2, 1, 3, 8, 20, 45, 200]))
        history.advance(120)
    rehearsal = rehearsed(url)
    assert verdicts(rehearsal) == {}
    assert rehearsal.counts[ReplayVerdict.SAME] > 15


def happens(history: History, chance: Random, mid: str) -> None:
    """Cause a random event of a contact or a teammate."""
    contact = chance.choice([ANNA, BEN])
    match chance.randrange(12):
        case 0:
            history.hears_person("let me see to it", f"by hand {mid}", contact)
        case 1:
            history.receive(chance.choice(["STOP", "start"]), mid, contact)
        case 2:
            history.receive("never mind", mid, contact)
            history.hears_unsent(mid, contact)
        case _:
            history.receive(chance.choice(["hello", "hello?", "are you there?"]), mid, contact)


def test_a_changed_rule_shows_what_is_said_otherwise_and_who_is_no_longer_answered(
    tmp_path: Path, url: str
) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("what is the price?", "m1")
        history.receive("hello", "m2", BEN)
        history.advance(60)
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "prices"\nkeywords = ["price"]\nanswers = "20 €"\n')
    rehearsal = rehearsed(url, replies={"generator": "rules", "rules": {"file": str(rules)}})
    assert verdicts(rehearsal) == {"m1": "changed", "m2": "no longer answered"}
    changed, silent = rehearsal.differences
    assert (changed.then.said, changed.now.said) == (MOCK_TEXT, "20 €")
    assert changed.now.by.startswith("rules: ")
    assert silent.now.because.startswith("no reply needed: ")


def test_a_longer_cooldown_answers_later_and_gathers(tmp_path: Path, url: str) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("hello", "m1")
        history.advance(50)
        history.receive("are you there?", "m2")
        history.advance(60)
    rehearsal = rehearsed(url, conversation={"cooldown_seconds": 600})
    assert verdicts(rehearsal) == {"m2": "at another time"}
    (later,) = rehearsal.differences
    assert present(later.then.sent_after) < timedelta(seconds=10)
    assert present(later.now.sent_after) > timedelta(seconds=500)


def test_a_person_who_answered_in_the_app_holds_as_long_as_the_settings_say(
    tmp_path: Path, url: str
) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("hello", "m1")
        history.advance(60)
        history.hears_person("let me see to it", "from the app")
        history.advance(3600)
        history.receive("thanks", "m2")
        history.advance(60)
    assert counted(rehearsed(url)) == {"same": 2}
    shorter = rehearsed(url, conversation={"takeover_minutes": 30})
    assert verdicts(shorter) == {"m2": "now answered"}


def test_an_unsent_message_and_an_emptied_body_are_not_replayed(tmp_path: Path, url: str) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("a secret", "m1")
        history.hears_unsent("m1")
        history.receive("hello", "m2", BEN)
        history.receive("what was in it is gone", "m3", BEN)
        history.advance(60)
    changed(tmp_path, "UPDATE webhook SET body = x'' WHERE id = 4")
    rehearsal = rehearsed(url)
    assert counted(rehearsal) == {"same": 1, "not replayed": 2}
    assert rehearsal.unreadable == 1


def test_a_message_whose_webhook_is_gone_is_replayed_as_it_is_stored(
    tmp_path: Path, url: str
) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("hello", "m1")
        history.advance(60)
    changed(tmp_path, "DELETE FROM webhook")
    assert counted(rehearsed(url)) == {"same": 1}


def test_what_is_before_is_lived_through_and_not_compared(tmp_path: Path, url: str) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("hello", "m1")
        history.advance(10)
        history.receive("are you there?", "m2")
        history.advance(60)
    rehearsal = rehearsed(url, since=NOON + timedelta(seconds=5))
    assert counted(rehearsal) == {"same": 1}


def test_who_opted_out_long_ago_is_left_alone(tmp_path: Path, url: str) -> None:
    with recorded_messages(tmp_path, NOON - timedelta(days=30)) as history:
        history.receive("hello", "m0")
        history.advance(60)
    changed(tmp_path, "UPDATE contact SET opted_out_at = created_at")
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("a month later", "m1")
        history.advance(60)
    rehearsal = rehearsed(url)
    assert counted(rehearsal) == {"same": 1}


def test_the_names_that_are_known_are_used(tmp_path: Path, url: str) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("hello", "m1")
        history.advance(60)
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\nname = "all"\nanswers = "Hello {name|you}"\n')
    rehearsal = rehearsed(url, replies={"generator": "rules", "rules": {"file": str(rules)}})
    (difference,) = rehearsal.differences
    assert difference.now.said == f"Hello Person {ANNA.psid[-3:]}"


def test_the_model_is_not_asked_and_its_place_is_shown(tmp_path: Path, url: str) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("hello", "m1")
        history.advance(60)
    model = {"model": "costly", "url": "http://127.0.0.1:1/v1"}
    rehearsal = rehearsed(url, replies={"generator": "model", "model": model})
    (difference,) = rehearsal.differences
    assert difference.now.said == "(the model would reply)"
    assert rehearsal.unasked == 1


def test_where_it_is_wanted_the_model_is_asked_about_what_is_compared(
    tmp_path: Path, url: str
) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("hello", "m1")
        history.advance(60)
        history.receive("what does it cost?", "m2")
        history.advance(60)
    with ModelServer() as server:
        server.will(chat("Twenty."))
        model = {"model": "costly", "url": f"{server.url}/v1", "prompt": "Another prompt."}
        plan = ReplayPlan(since=NOON + timedelta(seconds=30), now=NOW, with_model=True)
        others = settings(replies={"generator": "model", "model": model})
        rehearsal = rehearse(url, others, plan)
    (difference,) = rehearsal.differences
    assert (difference.message.mid, difference.now.said) == ("m2", "Twenty.")
    ((_, asked),) = server.asked
    told = [each["content"] for each in asked["messages"]]
    assert told[0].startswith("Another prompt.")
    assert told[1:] == ["hello", "(the model would reply)", "what does it cost?"]


def test_a_draft_answers_and_is_compared_on_the_accounts_that_have_its_bot(
    tmp_path: Path, url: str
) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("what is the price?", "m1")
        history.advance(60)
    changed(
        tmp_path,
        "INSERT INTO bot (name, draft, draft_revision, draft_by, draft_at)"
        " VALUES ('shop', '', 1, 'ada', 0), ('other', '', 1, 'ada', 0);"
        " INSERT INTO bot_version VALUES (1, 'shop', 1, '', 'ada', '', 0);"
        f" INSERT INTO account_bot VALUES (1, '{ANNA.account_id}', 'shop')",
    )
    rules = '[replies]\ngenerator = "rules"\n[[rule]]\nname = "a"\nanswers = "20 €"\n'

    def said(bot: str, account_id: str = "") -> tuple[int, list[str | None]]:
        draft = RehearsedDraft(bot, 1, rules, account_id)
        rehearsal = rehearse(url, settings(), ReplayPlan(since=NOON, now=NOW, draft=draft))
        return rehearsal.messages, [each.now.said for each in rehearsal.differences]

    assert said("shop") == (1, ["20 €"])
    assert said("other") == (0, [])
    assert said("other", ANNA.account_id) == (1, ["20 €"])
    assert said("shop", "17841499999999999") == (0, [])
    assert said("default") == (0, [])
    changed(tmp_path, "DELETE FROM account_bot")
    assert said("default") == (1, ["20 €"])


def test_nothing_is_written_to_what_is_replayed_and_the_clock_is_the_worlds_again(
    tmp_path: Path, url: str
) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("hello", "m1")
        history.advance(60)
    before = (tmp_path / "moca.db").read_bytes()
    rehearsed(url)
    assert (tmp_path / "moca.db").read_bytes() == before
    assert clock.now() != NOW


def test_only_so_many_differences_are_kept_and_all_are_counted(tmp_path: Path, url: str) -> None:
    with recorded_messages(tmp_path, NOON) as history:
        history.receive("hello", "m1")
        history.receive("hello", "m2", BEN)
        history.advance(60)
    plan = ReplayPlan(since=NOON, now=NOW, most=1)
    rehearsal = rehearse(url, settings(replies={"mock_text": "Otherwise"}), plan)
    assert (len(rehearsal.differences), rehearsal.counts[ReplayVerdict.CHANGED]) == (1, 2)
    assert rehearsal.different == 2
