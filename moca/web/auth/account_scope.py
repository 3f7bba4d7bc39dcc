import re
from collections.abc import Mapping

import peewee
from flask import g, request

from moca.core.account_scope import AccountScope
from moca.storage.queries.messages import account_of_message
from moca.storage.queries.team.account_scope import (
    account_of_conversation,
    account_of_item,
    conversations_in_scope,
)
from moca.web.auth.current_user import current_scope
from moca.web.pagination import MAX_ID, read_row_id

NO_ROW = MAX_ID
"""An id that no row has."""
_NAMED = re.compile(r"(?:/api)?/(accounts|conversations|messages|queue|review)/<(?:\w+:)?(\w+)>")
"""Matches rules of what belongs to an account: its kind, and the argument that is its id."""
_NO_NAME = "moca-0"
"""An id that no message and no account has."""


def hide_out_of_scope(database: peewee.Database, scope: AccountScope) -> None:
    """Make a request about something of an account out of scope one about what does not exist.

    Its id in the address is replaced by one that nothing has: whatever the request is for, it is
    answered and changes as much as any request for what is not there.
    """
    values, rule = request.view_args, request.url_rule
    named = _NAMED.match(rule.rule) if scope.is_limited and rule is not None else None
    if named is None or not values:
        return
    kind, name = named.groups()
    with database.connection_context():
        visible = visible_id(kind, values[name], scope)
    g.is_out_of_scope = visible != values[name]
    values[name] = visible


def visible_id(kind: str, shown: str, scope: AccountScope) -> str:
    """Return the id of something to act on: one that nothing has if its account is out of scope.

    Args:
        kind: What has the id, as the first word of its addresses.
        shown: The id.
        scope: Of who acts. The database must be connected.
    """
    account_id = _account_of(kind, shown, scope)
    if account_id is None or scope.includes(account_id):
        return shown
    return str(NO_ROW) if read_row_id(shown) else _NO_NAME


def asked_account() -> str | None:
    """Return the account in a page's address; None for all."""
    return request.args.get("account") or None


def asked_scope() -> AccountScope:
    """Return which accounts a page is about: those of the user, or the one in its address."""
    return current_scope().of_account(asked_account())


def is_out_of_scope() -> bool:
    """Return whether the request is answered as one about what does not exist."""
    return bool(g.get("is_out_of_scope"))


def ids_in_scope(ids: list[int]) -> Mapping[int, int]:
    """Return which id to act on for each of these conversations: one that none has for others."""
    visible = conversations_in_scope(ids, current_scope())
    return {each: each if each in visible else NO_ROW for each in ids}


def _account_of(kind: str, shown: str, scope: AccountScope) -> str | None:
    """Return the account of what an id in an address names; None if there is no such thing."""
    match kind:
        case "conversations":
            return account_of_conversation(read_row_id(shown) or 0)
        case "queue" | "review":
            return account_of_item(read_row_id(shown) or 0)
        case "messages":
            return account_of_message(shown, scope)
        case _:
            return shown
