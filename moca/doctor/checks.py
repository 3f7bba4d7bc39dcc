from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import peewee

from moca import clock
from moca.core.accounts import WrongKey
from moca.core.messages.inbound import SIGNED_BY_NOBODY
from moca.doctor.accounts import AccountFindings, account_lines
from moca.doctor.database import free_bytes, problem_of
from moca.doctor.finding import Line, fine, wrong
from moca.doctor.public_url import challenge_line, knock, url_line
from moca.instagram.account_check import Checkup, Unanswered
from moca.instagram.signature import name_of
from moca.storage.db.connection import files_open_to_others
from moca.storage.queries.accounts import (
    AccountRecord,
    last_webhook_at,
    list_accounts,
    read_signings,
)

_CLOCKS_APART = timedelta(seconds=30)
_LEAST_FREE_BYTES = 200 * 1024 * 1024
_QUIET = timedelta(days=7)
_MEGABYTE = 1024 * 1024


def clock_line(here: datetime, there: datetime | None) -> Line:
    """Judge our clock by Instagram's."""
    if there is None:
        return wrong("clock", "Instagram did not tell the time; see that its host is reachable")
    apart = here - there
    if abs(apart) > _CLOCKS_APART:
        way = "ahead of" if apart > timedelta(0) else "behind"
        seconds = abs(apart).total_seconds()
        return wrong("clock", f"it is {seconds:.0f} s {way} Instagram's: switch on NTP")
    return fine("clock", "it agrees with Instagram's")


def database_line(problem: str | None, free_bytes: int | None) -> Line:
    """Judge the database; `free_bytes` on its disk, None where there is no knowing."""
    if problem is not None:
        return wrong("database", problem)
    if free_bytes is None:
        return fine("database", "it is sound and can be written")
    free = f"{free_bytes // _MEGABYTE} MB free"
    if free_bytes < _LEAST_FREE_BYTES:
        return wrong("database", f"only {free} on its disk: make room")
    return fine("database", f"it is sound and can be written; {free}")


def access_line(open_to_others: Sequence[Path]) -> Line:
    """Judge which files of the database other users of the machine can read."""
    if not open_to_others:
        return fine("file access", "only the user that Moca runs as can read the database")
    names = " ".join(str(path) for path in open_to_others)
    return wrong("file access", f"other users can read what people wrote: chmod 600 {names}")


def key_line(problem: str | None) -> Line:
    """Judge the key of the access tokens."""
    return (
        fine("token key", "it opens every token")
        if problem is None
        else wrong("token key", problem)
    )


def signature_line(
    names: Sequence[str], signings: Mapping[str, datetime], refused_at: datetime | None
) -> Line:
    """Judge which secret signs; `names` of ours in their order, `signings` when each last did."""
    told = {name: at for name, at in signings.items() if name in names}
    latest = max(told, key=lambda name: told[name], default=None)
    if refused_at is not None and (latest is None or told[latest] < refused_at):
        return wrong(
            "signature",
            f"the webhook at {refused_at:%Y-%m-%d %H:%M} UTC was signed with none of your secrets:"
            " put Meta's other one (App secret, or Instagram app secret) into instagram.app_secret",
        )
    if latest is None:
        return fine("signature", "no webhook has come yet that would tell")
    number, count = names.index(latest) + 1, len(names)
    which = "your secret" if count == 1 else f"number {number} of your {count} secrets"
    return fine("signature", f"webhooks are signed with {which}")


def refused_since(signings: Mapping[str, datetime], last: datetime | None) -> datetime | None:
    """Tell when a webhook was last refused, if none came after it that was not."""
    refused_at = signings.get(SIGNED_BY_NOBODY)
    if refused_at is None or (last is not None and last > refused_at):
        return None
    return refused_at


def webhook_line(last: datetime | None, refused_at: datetime | None, now: datetime) -> Line:
    """Judge whether webhooks come."""
    if refused_at is not None:
        return fine("last webhook", "they come, but are refused: see signature")
    if last is None:
        return wrong(
            "last webhook",
            "none has come yet: publish the app (Live), give Meta the webhook's URL, then write "
            "to the account yourself",
        )
    if now - last > _QUIET:
        return wrong(
            "last webhook",
            f"none has come for {(now - last).days} days: write to the account yourself, and see "
            "in Meta's dashboard whether the app is Live and its webhooks are enabled",
        )
    return fine("last webhook", f"it came at {last:%Y-%m-%d %H:%M:%S} UTC")


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
