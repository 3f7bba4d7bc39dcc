from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from actors.background.jobs import BackgroundConfig
from actors.background.retention import RetentionPeriods
from actors.runtime.dispatchers import SteppingDispatcher
from actors.singletons import Singletons
from actors.system import System
from moca import clock
from moca.core.messages.inbound import RecordWebhook
from moca.core.messages.operator_actions import EraseContact, FreezeQueue
from moca.core.messages.operators import AuditedCommand, MarkLoginSeen, OpenLinkSession, RecordAudit
from moca.storage.db.operator_tables import AuditEntry, Login
from moca.storage.db.tables import Contact, Message, Webhook
from tests.support.factory import ANNA, NOON
from tests.support.system import SteppedSystem
from tests.support.values import of_kind

NAMES_ANNA = f'{{"account":"{ANNA.account_id}","from":"{ANNA.psid}"}}'.encode()


def kept(system: SteppedSystem) -> tuple[int, ...]:
    with system._database.connection_context():
        return tuple(table.select().count() for table in (Contact, Message, Webhook))


def keeping(open_system: Callable[..., SteppedSystem], **periods: Any) -> SteppedSystem:
    """Open a system that keeps data for these periods."""
    background = BackgroundConfig(erases=True, periods=RetentionPeriods(**periods))
    return open_system(background=background)


def deeds(system: SteppedSystem) -> list[str]:
    with system._database.connection_context():
        return [row.what for row in AuditEntry.select()]


def test_bodies_that_only_name_an_erased_contact_go_by_and_by(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(background=BackgroundConfig(erases=True))
    system.receive("hello")
    system.actors.tell(RecordWebhook(NAMES_ANNA, (), clock.now()))
    system.actors.tell(EraseContact(ANNA, NOON))
    system.settle()
    assert kept(system) == (0, 0, 1)
    system.advance(61)
    assert kept(system) == (0, 0, 0)


def test_what_ended_is_forgotten_after_the_retention_and_not_before(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = keeping(open_system, messages=timedelta(minutes=5))
    system.receive("hello")
    system.advance(240)
    assert kept(system) == (1, 2, 1)
    system.advance(200)
    assert kept(system) == (0, 0, 0)


def test_who_did_what_is_forgotten_in_its_own_time(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = keeping(open_system, audit=timedelta(minutes=5))
    now = clock.now()
    system.actors.tell(
        AuditedCommand(FreezeQueue(now, receipt=Future()), "Ada", "paused sending", "", now)
    )
    system.advance(240)
    assert deeds(system) == ["paused sending"]
    system.advance(120)
    assert deeds(system) == []


def test_without_a_retention_everything_is_kept(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(background=BackgroundConfig(erases=True))
    system.receive("hello")
    system.advance(440)
    assert kept(system) == (1, 2, 1)


def test_what_no_command_did_is_audited_and_browsers_are_marked_as_seen(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system()
    now, later = clock.now(), clock.now() + timedelta(minutes=10)
    until = now + timedelta(days=30)
    system.actors.tell(OpenLinkSession("key", "hash", "192.0.2.1", now, until))
    system.actors.tell(MarkLoginSeen(1, later))
    system.actors.tell(RecordAudit("system", "login failed", "from 192.0.2.1", now))
    system.settle()

    assert deeds(system) == ["login failed"]
    with system._database.connection_context():
        assert [row.seen_at for row in Login.select()] == [later]


def test_no_answer_comes_before_the_system_can_route_it(
    open_system: Callable[..., SteppedSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_singletons = System._first_singletons

    def open_and_run(system: System) -> Singletons | None:
        """Open them, and let the actors' threads be quicker than what follows."""
        singletons = open_singletons(system)
        while of_kind(system._dispatchers.shared, SteppingDispatcher).step():
            pass
        return singletons

    monkeypatch.setattr(System, "_first_singletons", open_and_run)
    with capture_logs() as logs:
        open_system(background=BackgroundConfig(erases=True)).settle()
    assert [each["event"] for each in logs if each["log_level"] == "error"] == []
