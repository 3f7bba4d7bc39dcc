from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from moca.core.accounts import LoginKind, TokenState, token_problem, warning
from moca.doctor.finding import Finding, fine, wrong
from moca.instagram.account_check import CheckRefused, CheckUnanswered, Fault
from moca.instagram.permissions import Permissions, permissions_for

_DEAD = frozenset({102, 190})
_NO_MESSAGE_ACCESS = (200, 2534041)
_CONNECT = "connect the account again at /connect or paste a new token"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFindings:
    """The facts gathered about one account."""

    account_id: str
    """As Moca knows it; empty if the settings name none."""
    token: TokenState | None
    """None if the token is that of the settings, whose age is unknown."""
    scopes: tuple[str, ...] = ()
    """As granted at login; empty if the login reported none."""
    speaks_for: str | Fault | None
    fields: AbstractSet[str] | Fault
    messages: Fault | None
    """Why messages cannot be read."""
    answers_comments: bool = False

    @property
    def needed(self) -> Permissions:
        """Return what its owner must have granted."""
        flavour = self.token.flavour if self.token else LoginKind.INSTAGRAM_LOGIN
        return permissions_for(flavour, answers_comments=self.answers_comments)


def check_account(found: AccountFindings, now: datetime) -> Iterator[Finding]:
    """Yield an account's findings; what requires a working token is left out without one."""
    yield _token(found)
    if found.token is not None:
        yield _age(found.token, now)
    if isinstance(found.speaks_for, CheckRefused | CheckUnanswered):
        return
    yield _identity(found, found.speaks_for)
    yield _scopes(found)
    yield _fields(found)
    if not _lacks_permission(found.messages):
        yield _messages(found)


def _token(found: AccountFindings) -> Finding:
    name, said = _name("token", found), found.speaks_for
    if isinstance(said, CheckUnanswered):
        return wrong(name, f"Instagram did not answer: {said.because}")
    if isinstance(said, CheckRefused):
        do = _CONNECT if said.code in _DEAD else "fix this, then run the checks again"
        return wrong(name, f"{said.because}: {do}")
    return fine(name, "valid")


def _age(token: TokenState, now: datetime) -> Finding:
    name = f"token age {token.account_id}"
    problem = token_problem(token, now) or warning(token, now)
    if problem is not None:
        return wrong(name, problem if "connect" in problem else f"{problem}: {_CONNECT}")
    age = f"issued {(now - token.issued_at).days} days ago"
    ends = "does not expire" if token.expires_at is None else f"expires {token.expires_at:%Y-%m-%d}"
    return fine(name, f"{age}, {ends}")


def _identity(found: AccountFindings, speaks_for: str | None) -> Finding:
    name = _name("id", found)
    if not found.account_id:
        return wrong(name, f"set instagram.account_id to {speaks_for or 'the user_id of GET /me'}")
    if speaks_for != found.account_id:
        return wrong(
            name,
            f"the token belongs to {speaks_for}, not to {found.account_id}: use that id "
            "or a token of this account",
        )
    return fine(name, "matches the user_id of GET /me")


def _scopes(found: AccountFindings) -> Finding:
    name = _name("scopes", found)
    needed = found.needed.required_scopes
    missing = sorted(needed - set(found.scopes)) if found.scopes else []
    if missing:
        return wrong(name, f"{', '.join(missing)} not granted: connect the account again")
    if _lacks_permission(found.messages):
        wanted = ", ".join(sorted(needed))
        return wrong(name, f"a permission is missing: connect the account again with {wanted}")
    return fine(name, "messages can be read and sent")


def _fields(found: AccountFindings) -> Finding:
    name = _name("fields", found)
    if isinstance(found.fields, CheckRefused | CheckUnanswered):
        return wrong(name, f"cannot be read: {found.fields.because}")
    missing = sorted(found.needed.required_fields - found.fields)
    if missing:
        return wrong(
            name,
            f"{', '.join(missing)} not subscribed: connect the account again, "
            "or POST /me/subscribed_apps",
        )
    return fine(name, f"subscribed: {', '.join(sorted(found.fields))}")


def _messages(found: AccountFindings) -> Finding:
    name, fault = _name("message access", found), found.messages
    if fault is None:
        return fine(name, "messages can be read")
    if isinstance(fault, CheckRefused) and (fault.code, fault.subcode) == _NO_MESSAGE_ACCESS:
        return wrong(
            name,
            "in the Instagram app, under Settings, Messages, Connected tools, "
            "turn on Allow access to messages",
        )
    return wrong(name, f"messages cannot be read: {fault.because}")


def _lacks_permission(fault: Fault | None) -> bool:
    if not isinstance(fault, CheckRefused) or fault.code is None:
        return False
    is_access = (fault.code, fault.subcode) == _NO_MESSAGE_ACCESS
    return not is_access and (fault.code in (3, 10) or 200 <= fault.code < 300)  # noqa: PLR2004


def _name(what: str, found: AccountFindings) -> str:
    return f"{what} {found.account_id}".rstrip()
