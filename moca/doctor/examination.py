from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import peewee

from moca import clock
from moca.core.account import WrongKey
from moca.doctor.accounts import AccountFindings, account_lines
from moca.doctor.cellar import free_bytes, problem_of
from moca.doctor.door import challenge_line, knock, url_line
from moca.doctor.line import Line, fine, wrong
from moca.doctor.surroundings import (
    access_line,
    clock_line,
    database_line,
    key_line,
    refused_since,
    signature_line,
    webhook_line,
)
from moca.instagram.checkup import Checkup, Unanswered
from moca.instagram.signature import name_of
from moca.storage.file import files_open_to_others
from moca.storage.reads.accounts import AccountRecord, list_accounts
from moca.storage.reads.signings import last_webhook_at, read_signings


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What the doctor looks at."""

    database: peewee.Database
    checkup: Checkup
    address: str
    """Where the world reaches Moca; empty where nobody said."""
    is_live: bool
    verify_token: str = field(repr=False)
    app_secrets: tuple[str, ...] = field(repr=False)
    account_id: str
    """Of the settings."""
    answers_comments: bool = False
    has_token: bool
    """Whether the settings hold an access token."""
    require_key: Callable[[], None]
    """Raises `WrongKey` where a token cannot be opened."""
    timeout_seconds: float = 10


def examine(patient: Patient) -> Iterator[Line]:
    """Look at everything; a line for each thing, in the order in which to mend them."""
    yield fine("settings", "every value can be used")
    problem = problem_of(patient.database)
    yield database_line(problem, free_bytes(patient.database))
    if isinstance(patient.database, peewee.SqliteDatabase):
        yield access_line(files_open_to_others(patient.database))
    yield from _door(patient)
    if problem is None:
        yield from _with_database(patient)


def _with_database(patient: Patient) -> Iterator[Line]:
    with patient.database.connection_context():
        accounts = list_accounts()
        signings, last = read_signings(), last_webhook_at()
        key_problem = _key_problem(patient) if accounts else None
    if accounts:
        yield key_line(key_problem)
    lines = [line for each in _findings(patient, accounts) for line in each]
    yield clock_line(clock.now(), patient.checkup.clock)
    yield from lines
    refused_at = refused_since(signings, last)
    names = [name_of(secret) for secret in patient.app_secrets]
    yield signature_line(names, signings, refused_at)
    yield webhook_line(last, refused_at, clock.now())


def _findings(patient: Patient, accounts: tuple[AccountRecord, ...]) -> Iterator[Iterator[Line]]:
    known = {each.account_id for each in accounts}
    for each in accounts:
        yield account_lines(_look_at(patient, each.account_id, each), clock.now())
    if patient.has_token and patient.account_id not in known:
        found = _look_at(patient, patient.account_id, None)
        yield account_lines(found, clock.now())
    elif not accounts:
        yield iter([wrong("accounts", "none is connected: open /connect, or POST /api/accounts")])


def _look_at(patient: Patient, account_id: str, kept: AccountRecord | None) -> AccountFindings:
    checkup = patient.checkup
    speaks_for = checkup.account_of_token(account_id)
    is_answered = speaks_for is None or isinstance(speaks_for, str)
    not_asked = Unanswered("the token was refused")
    return AccountFindings(
        account_id=account_id,
        token=None if kept is None else kept.token,
        scopes=() if kept is None else kept.scopes,
        speaks_for=speaks_for,
        fields=checkup.fields_of(account_id) if is_answered else not_asked,
        messages=checkup.reads_messages(account_id) if is_answered else not_asked,
        answers_comments=patient.answers_comments,
    )


def _key_problem(patient: Patient) -> str | None:
    try:
        patient.require_key()
    except WrongKey as error:
        return str(error)
    return None


def _door(patient: Patient) -> Iterator[Line]:
    if not patient.address:
        yield wrong("public URL", "set web.public_url to the https:// address that Meta calls")
        return
    found = knock(patient.address, patient.verify_token, patient.timeout_seconds)
    yield url_line(patient.address, found, is_live=patient.is_live)
    if not found.fault:
        yield challenge_line(found)
