from collections.abc import Sequence
from typing import NamedTuple

from moca.core.accounts import LoginKind
from moca.core.types import ContactKey
from moca.instagram.permissions import permissions_for
from moca.instagram.sandbox.account_problems import AccountProblem
from moca.instagram.sandbox.accounts import account_username, page_of
from moca.instagram.sandbox.ids import conversation_id
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.payloads import graph_message, graph_time, username
from moca.instagram.sandbox.responses import SandboxResponse, fine, refused
from moca.instagram.sandbox.threads import SandboxMessage

_READABLE = 20
_A_PAGE = 25
_MAX_PER_PAGE = 100
_OTHER_ACCOUNT = "17841400000009999"
_FIELDS = permissions_for(LoginKind.INSTAGRAM_LOGIN, answers_comments=True).fields


class ReadPage(NamedTuple):
    """The requested part of a list."""

    start: int
    limit: int

    @classmethod
    def wanted(cls, after: str | None, limit: str | None) -> "ReadPage":
        """Read the query's `after` and `limit`, ignoring invalid values."""
        start = int(after) if after and after.isdecimal() else 0
        most = int(limit) if limit and limit.isdecimal() else _A_PAGE
        return cls(start, min(max(most, 1), _MAX_PER_PAGE))


def list_conversations(
    instagram: SandboxInstagram, account_id: str, psid: str | None, page: ReadPage
) -> SandboxResponse:
    """List a page of an account's conversations, newest first, or the one with a contact."""
    wanted = [
        contact
        for contact in ([ContactKey(account_id, psid)] if psid else instagram.contacts())
        if contact.account_id == account_id
    ]
    rows = [row for each in wanted for row in _conversation_row(instagram, each)]
    shown = rows[page.start : page.start + page.limit]
    end = page.start + len(shown)
    cursors = {"after": str(end)}
    has_more = len(rows) > end
    return fine(data=shown, paging={"cursors": cursors, **({"next": "more"} if has_more else {})})


def list_subscriptions(instagram: SandboxInstagram) -> SandboxResponse:
    """List the fields whose webhooks are sent."""
    if instagram.troubles.has(AccountProblem.FIELDS):
        return fine(data=[])
    return fine(data=[{"name": "moca", "id": "1", "subscribed_fields": list(_FIELDS)}])


def read_node(
    instagram: SandboxInstagram, account_id: str, node: str, fields: str = ""
) -> SandboxResponse:
    """Read the object of an id: the account, a conversation, a message or a contact."""
    with_media = "attachments" in fields
    if node in ("me", account_id, page_of(account_id)):
        return _read_account(instagram, account_id)
    contact = instagram.find_conversation(node)
    if contact is not None and contact.account_id == account_id:
        return fine(id=node, messages={"data": _newest(instagram, contact, with_media=with_media)})
    found = instagram.find_message(node)
    if found is not None and found[0].account_id == account_id:
        return fine(**_told(instagram, *found, with_media=with_media))
    return _read_profile(instagram, ContactKey(account_id, node))


def _read_account(instagram: SandboxInstagram, account_id: str) -> SandboxResponse:
    shown_id = _OTHER_ACCOUNT if instagram.troubles.has(AccountProblem.IDENTITY) else account_id
    name = account_username(account_id)
    linked = {"id": shown_id, "username": name}
    return fine(
        id=app_scoped(account_id),
        user_id=shown_id,
        username=name,
        name=name.replace("_", " ").capitalize(),
        instagram_business_account=linked,
    )


def app_scoped(account_id: str) -> str:
    """Return the app-scoped id of an account."""
    return f"9{account_id[1:]}"


def _read_profile(instagram: SandboxInstagram, contact: ContactKey) -> SandboxResponse:
    person = instagram.find_contact(contact)
    if person is None:
        return refused(230, "User consent is required to access user profile", status=403)
    return fine(id=contact.psid, name=person.name, username=username(person.name))


def _conversation_row(instagram: SandboxInstagram, contact: ContactKey) -> list[dict[str, object]]:
    messages = instagram.record(contact)
    if not messages:
        return []
    return [{"id": conversation_id(contact), "updated_time": graph_time(messages[-1].at)}]


def _newest(
    instagram: SandboxInstagram, contact: ContactKey, *, with_media: bool
) -> Sequence[dict[str, object]]:
    newest_first = instagram.record(contact)[::-1]
    return [
        _told(instagram, contact, each, with_media=with_media) for each in newest_first[:_READABLE]
    ]


def _told(
    instagram: SandboxInstagram, contact: ContactKey, message: SandboxMessage, *, with_media: bool
) -> dict[str, object]:
    person = instagram.find_contact(contact)
    name = person.name if person else contact.psid
    return graph_message(contact, name, message, with_media=with_media)
