"""What operators are promised is broken on purpose here, and must be noticed."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from moca.core.content.uploads import StoredUpload
from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.labels import LabelConversation
from moca.core.reports import ReportEvent
from moca.storage import reports
from moca.storage.conversations import labels
from moca.storage.db.operator_tables import ConversationLabel
from moca.storage.messages import outcomes
from moca.storage.operators import audit, push
from moca.storage.outbox import teammate_replies
from moca.storage.search import index
from moca.storage.uploads import owners
from tests.simulation.oracle.invariants import Invariant
from tests.simulation.oracle_tests.test_broken_promises import found
from tests.simulation.run import run
from tests.simulation.worlds.draw import draw_script
from tests.simulation.worlds.script import Dies, Operates, Script, Writes
from tests.support.factory import at


def draw_answers(seed: int) -> Script:
    """Draw a run where an operator answers soon after each message, and posts it twice."""
    script = draw_script(seed)
    writes = [each for each in script.happenings if isinstance(each, Writes)]
    acts = [
        Operates(
            at=each.at + 3,
            contact=each.contact,
            action="answer",
            text=f"in time {number}",
            repeats=(0.5,),
        )
        for number, each in enumerate(writes[::2])
    ]
    return replace(script, happenings=(*script.happenings, *acts))


def draw_labels(seed: int) -> Script:
    """Draw a run where an operator labels each conversation after its first message."""
    script = draw_script(seed)
    writes = [each for each in script.happenings if isinstance(each, Writes)]
    acts = [
        Operates(at=each.at + later, contact=each.contact, action="label")
        for each in writes
        for later in (1, 2)
    ]
    return replace(script, happenings=(*script.happenings, *acts))


def test_a_label_that_lists_by_another_time_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    label = labels._label

    def out_of_order(command: LabelConversation) -> Done | Conflict | NotFound:
        answer = label(command)
        ConversationLabel.update(last_activity_at=at(0)).execute()
        return answer

    monkeypatch.setattr(labels, "_label", out_of_order)
    assert found(Invariant.LABELLED, draw=draw_labels)


def draw_closes(seed: int) -> Script:
    """Draw a run in which messages are indexed, and an operator closes after each of them."""
    script = draw_script(seed)
    writes = [each for each in script.happenings if isinstance(each, Writes)]
    acts = [Operates(at=each.at + 20, contact=each.contact, action="close") for each in writes]
    settings = replace(script.settings, indexes=True)
    return replace(script, settings=settings, happenings=(*script.happenings, *acts))


def test_a_message_that_is_found_by_no_word_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_insert", lambda name, rows: None)
    assert found(Invariant.SEARCHABLE, draw=draw_closes)


def test_words_that_outlive_their_message_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    insert = index._insert

    def more(name: str, rows: list[tuple[int, str]]) -> None:
        insert(name, [(row_id, f"{words} gone") for row_id, words in rows])

    monkeypatch.setattr(index, "_insert", more)
    assert found(Invariant.SEARCHABLE, draw=draw_closes)


def test_a_close_that_is_counted_twice_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    count = reports.count_events

    def twice(events: list[ReportEvent]) -> None:
        count([*events, *events])

    monkeypatch.setattr(reports, "count_events", twice)
    assert found(Invariant.REPORTED, draw=draw_closes)


def test_a_request_that_is_carried_out_again_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "record_result", lambda *told: None)
    assert found(Invariant.NOTHING_TWICE, draw=draw_answers)


def test_an_answer_that_takes_nothing_over_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teammate_replies, "take_over", lambda *told: None)
    assert found(Invariant.SILENCE, draw=draw_answers)


def test_what_is_left_to_the_team_and_in_no_work_list_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outcomes, "follow_outcomes", lambda ended: None)
    assert found(Invariant.NEEDS_REPLY, draw=draw_answers)


def draw_files(seed: int) -> Script:
    """Draw a run where an operator attaches a file after each message."""
    script = draw_script(seed)
    writes = [each for each in script.happenings if isinstance(each, Writes)]
    acts = [
        Operates(at=each.at + 2, contact=each.contact, action="attach", text=f"file {number}-0")
        for number, each in enumerate(writes)
    ]
    return replace(script, happenings=(*script.happenings, *acts))


def test_a_file_that_is_not_there_as_instagram_fetches_it_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add = owners._add

    def elsewhere(upload: StoredUpload, at: datetime, **more: Any) -> object:
        return add(replace(upload, file="elsewhere"), at, **more)

    monkeypatch.setattr(owners, "_add", elsewhere)
    assert found(Invariant.ATTACHED, draw=draw_files)


def draw_pushes(seed: int) -> Script:
    """Draw a run where a colleague assigns each conversation and then pauses its bot."""
    script = draw_script(seed)
    writes = [each for each in script.happenings if isinstance(each, Writes)]
    acts = [
        Operates(at=each.at + after, contact=each.contact, action=action, text=f"to {number}")
        for number, each in enumerate(writes)
        for after, action in ((2, "assign"), (3, "pause"))
    ]
    settings = replace(script.settings, pushes=True)
    return replace(script, settings=settings, happenings=(*script.happenings, *acts))


def test_a_push_message_that_no_browser_gets_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "list_subscriptions", lambda *_: ())
    assert found(Invariant.PUSHED, draw=draw_pushes)


def test_push_messages_in_the_memory_of_a_process_that_dies_are_excused() -> None:
    script = draw_pushes(8)
    last = max(each.at for each in script.happenings if isinstance(each, Writes))
    deaths = tuple(Dies(at=round(2 + n * last / 12, 3), down=0.1) for n in range(12))
    assert run(replace(script, happenings=(*script.happenings, *deaths))).broken == ()
