from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from moca.core.messages.reception import SIGNED_BY_NOBODY
from moca.doctor.line import Line, fine, wrong

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
