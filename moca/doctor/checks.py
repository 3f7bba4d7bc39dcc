from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import peewee

from moca import clock
from moca.core.accounts import WrongEncryptionKey
from moca.core.messages.inbound import SIGNED_BY_NOBODY
from moca.doctor.accounts import AccountFindings, check_account
from moca.doctor.database import free_bytes, problem_of
from moca.doctor.disk import check_disk, check_uploads
from moca.doctor.finding import Finding, fine, wrong
from moca.doctor.public_url import check_challenge, check_public_url, request_challenge
from moca.instagram.account_check import AccountCheck, CheckUnanswered
from moca.instagram.signature import name_of
from moca.storage.db.connection import files_open_to_others
from moca.storage.disk_usage import read_disk_usage
from moca.storage.queries.accounts import (
    AccountRecord,
    last_webhook_at,
    list_accounts,
    read_signature_checks,
)
from moca.storage.queries.composer.uploads import latest_files
from moca.uploads.folder import UploadFolder

_CLOCKS_APART = timedelta(seconds=30)
_LEAST_FREE_BYTES = 200 * 1024 * 1024
_QUIET = timedelta(days=7)
_MEGABYTE = 1024 * 1024
_LATEST_FILES = 100


def check_clock(here: datetime, there: datetime | None) -> Finding:
    """Check this machine's clock against Instagram's."""
    if there is None:
        return wrong("clock", "Instagram's time is unknown: check that its host is reachable")
    apart = here - there
    if abs(apart) > _CLOCKS_APART:
        way = "ahead of" if apart > timedelta(0) else "behind"
        seconds = abs(apart).total_seconds()
        return wrong("clock", f"{seconds:.0f} s {way} Instagram's: turn on NTP")
    return fine("clock", "in sync with Instagram")


def check_database(problem: str | None, free_bytes: int | None) -> Finding:
    """Check the database; `free_bytes` is the space on its disk, None if unknown."""
    if problem is not None:
        return wrong("database", problem)
    if free_bytes is None:
        return fine("database", "intact and writable")
    free = f"{free_bytes // _MEGABYTE} MB free"
    if free_bytes < _LEAST_FREE_BYTES:
        return wrong("database", f"only {free} on the disk: free some space")
    return fine("database", f"intact and writable; {free}")


def check_replies(problems: Sequence[str]) -> Finding:
    """Check what makes the replies, with the files that it reads."""
    if not problems:
        return fine("replies", "ready")
    return wrong("replies", "; ".join(problems))


def check_file_access(open_to_others: Sequence[Path]) -> Finding:
    """Check which files of the database other users of the machine can read."""
    if not open_to_others:
        return fine("file access", "only Moca's own user can read the database")
    names = " ".join(str(path) for path in open_to_others)
    return wrong("file access", f"other users can read the database: chmod 600 {names}")


def check_token_key(problem: str | None) -> Finding:
    """Check the key of the access tokens."""
    return (
        fine("token key", "decrypts every token")
        if problem is None
        else wrong("token key", problem)
    )


def check_signature(
    names: Sequence[str], signature_checks: Mapping[str, datetime], refused_at: datetime | None
) -> Finding:
    """Check which secret signs; `names` are ours in order, with when each last did."""
    ours = {name: at for name, at in signature_checks.items() if name in names}
    latest = max(ours, key=lambda name: ours[name], default=None)
    if refused_at is not None and (latest is None or ours[latest] < refused_at):
        return wrong(
            "signature",
            f"the webhook at {refused_at:%Y-%m-%d %H:%M} UTC was signed with none of your secrets:"
            " put Meta's other one (App secret, or Instagram app secret) into instagram.app_secret",
        )
    if latest is None:
        return fine("signature", "no webhooks received yet")
    number, count = names.index(latest) + 1, len(names)
    which = "your secret" if count == 1 else f"number {number} of your {count} secrets"
    return fine("signature", f"webhooks are signed with {which}")


def refused_since(
    signature_checks: Mapping[str, datetime], last: datetime | None
) -> datetime | None:
    """Return when a webhook was last refused, if none was accepted after it."""
    refused_at = signature_checks.get(SIGNED_BY_NOBODY)
    if refused_at is None or (last is not None and last > refused_at):
        return None
    return refused_at


def check_last_webhook(
    last: datetime | None, refused_at: datetime | None, now: datetime
) -> Finding:
    """Check whether webhooks arrive."""
    if refused_at is not None:
        return fine("last webhook", "webhooks arrive but are rejected: see signature")
    if last is None:
        return wrong(
            "last webhook",
            "none received yet: publish the app (Live), enter the webhook URL at Meta, then send "
            "to the account yourself",
        )
    if now - last > _QUIET:
        return wrong(
            "last webhook",
            f"none received for {(now - last).days} days: send the account a message, and check "
            "in Meta's dashboard that the app is Live and its webhooks are enabled",
        )
    return fine("last webhook", f"received {last:%Y-%m-%d %H:%M:%S} UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTarget:
    """What the doctor checks."""

    database: peewee.Database
    checkup: AccountCheck
    address: str
    """Moca's public URL; empty if it is not configured."""
    is_live: bool
    verify_token: str = field(repr=False)
    app_secrets: tuple[str, ...] = field(repr=False)
    account_id: str
    """Of the settings."""
    answers_comments: bool = False
    has_token: bool
    """Whether the settings hold an access token."""
    uploads: UploadFolder | None = None
    """The folder of attached files; None if nothing can be attached."""
    reply_problems: Callable[[], Sequence[str]] = tuple
    """Returns why the configured replies cannot be used, such as each fault of the rules file."""
    require_key: Callable[[], None]
    """Raises `WrongEncryptionKey` if a token cannot be decrypted."""
    timeout_seconds: float = 10


def run_checks(target: CheckTarget) -> Iterator[Finding]:
    """Run every check; yield the findings in the order in which to fix them."""
    yield fine("settings", "valid")
    yield check_replies(target.reply_problems())
    problem = problem_of(target.database)
    yield check_database(problem, free_bytes(target.database))
    if isinstance(target.database, peewee.SqliteDatabase):
        yield check_file_access(files_open_to_others(target.database))
    yield from _check_public_url(target)
    if problem is None:
        yield from _with_database(target)


def _with_database(target: CheckTarget) -> Iterator[Finding]:
    with target.database.connection_context():
        accounts = list_accounts()
        signature_checks, last = read_signature_checks(), last_webhook_at()
        key_problem = _key_problem(target) if accounts else None
        usage = read_disk_usage(target.database, clock.now())
        files = latest_files(_LATEST_FILES)
    yield check_disk(usage, free_bytes(target.database))
    if target.uploads is not None:
        yield check_uploads(target.uploads, files)
    if accounts:
        yield check_token_key(key_problem)
    findings = [finding for each in _findings(target, accounts) for finding in each]
    # Without a token nothing was asked, which says nothing about Instagram's host.
    if target.checkup.clock is not None or target.checkup.is_unreachable:
        yield check_clock(clock.now(), target.checkup.clock)
    yield from findings
    refused_at = refused_since(signature_checks, last)
    names = [name_of(secret) for secret in target.app_secrets]
    yield check_signature(names, signature_checks, refused_at)
    yield check_last_webhook(last, refused_at, clock.now())


def _findings(
    target: CheckTarget, accounts: tuple[AccountRecord, ...]
) -> Iterator[Iterator[Finding]]:
    known = {each.account_id for each in accounts}
    for each in accounts:
        yield check_account(_facts_of(target, each.account_id, each), clock.now())
    if target.has_token and target.account_id not in known:
        found = _facts_of(target, target.account_id, None)
        yield check_account(found, clock.now())
    elif not accounts:
        yield iter([wrong("accounts", "none connected: open /connect, or POST /api/accounts")])


def _facts_of(target: CheckTarget, account_id: str, kept: AccountRecord | None) -> AccountFindings:
    checkup = target.checkup
    speaks_for = checkup.account_of_token(account_id)
    is_answered = speaks_for is None or isinstance(speaks_for, str)
    not_asked = CheckUnanswered("the token was refused")
    return AccountFindings(
        account_id=account_id,
        token=None if kept is None else kept.token,
        scopes=() if kept is None else kept.scopes,
        speaks_for=speaks_for,
        fields=checkup.fields_of(account_id) if is_answered else not_asked,
        messages=checkup.reads_messages(account_id) if is_answered else not_asked,
        answers_comments=target.answers_comments,
    )


def _key_problem(target: CheckTarget) -> str | None:
    try:
        target.require_key()
    except WrongEncryptionKey as error:
        return str(error)
    return None


def _check_public_url(target: CheckTarget) -> Iterator[Finding]:
    if not target.address:
        yield wrong(
            "public URL", "set web.public_url to the public https:// address that Meta calls"
        )
        return
    found = request_challenge(target.address, target.verify_token, target.timeout_seconds)
    yield check_public_url(target.address, found, is_live=target.is_live)
    if not found.fault:
        yield check_challenge(found)
