from collections.abc import Collection
from typing import Any

from peewee import fn

from moca.core.account_scope import ALL_ACCOUNTS, AccountScope
from moca.core.types import OperatorRole
from moca.storage.db.operator_tables import Operator, OperatorAccount
from moca.storage.db.rows import read_rows
from moca.storage.db.statements import Selection
from moca.storage.db.tables import Contact, Conversation, Message, QueueItem


def narrow(query: Any, scope: AccountScope, account_id: Any = Contact.account_id) -> Any:
    """Narrow a query to rows of the accounts in scope; without a limit, it stays as it is.

    Args:
        query: Holds the table of the column.
        scope: Of the caller.
        account_id: The column with the account of a row.
    """
    conditions = scope_conditions(scope, account_id)
    return query.where(*conditions) if conditions else query


def scope_conditions(scope: AccountScope, account_id: Any = Contact.account_id) -> tuple[Any, ...]:
    """Return the condition that an account is in scope; none without a limit."""
    return () if scope.account_ids is None else (account_id << sorted(scope.account_ids),)


def conversations_in_scope(ids: Collection[int], scope: AccountScope) -> frozenset[int]:
    """Return which of these conversations are in scope; without a limit, all."""
    if not scope.is_limited or not ids:
        return frozenset(ids)
    query = Conversation.select(Conversation.id).join(Contact)
    found = narrow(query.where(Conversation.id << sorted(ids)), scope)
    return frozenset(row_id for (row_id,) in read_rows(found))


def account_of_conversation(conversation_id: int) -> str | None:
    """Return the account of a conversation, or None."""
    query = Conversation.select(Contact.account_id).join(Contact)
    found = read_rows(query.where(Conversation.id == conversation_id))
    return next((account_id for (account_id,) in found), None)


def account_of_item(item_id: int) -> str | None:
    """Return the account of a queue item, or None."""
    query = QueueItem.select(Message.account_id).join(Message)
    found = read_rows(query.where(QueueItem.id == item_id))
    return next((account_id for (account_id,) in found), None)


_LIMITS = Selection(
    lambda: OperatorAccount.select(OperatorAccount.operator, OperatorAccount.account_id).order_by(
        OperatorAccount.operator, OperatorAccount.account_id
    ),
    OperatorAccount.operator,
)


def accounts_of_operators(ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Return the accounts to which operators are limited, by their ids; others are absent."""
    found: dict[int, tuple[str, ...]] = {}
    for operator_id, account_id in _LIMITS.among(ids):
        found[operator_id] = (*found.get(operator_id, ()), account_id)
    return found


def scope_of_operator(operator_id: int) -> AccountScope:
    """Return what an operator may see; all for one who has been removed."""
    roles = read_rows(Operator.select(Operator.role).where(Operator.id == operator_id))
    account_ids = accounts_of_operators([operator_id]).get(operator_id, ())
    return next((scope_of_role(role, account_ids) for (role,) in roles), ALL_ACCOUNTS)


def scope_of_role(role: str, account_ids: Collection[str]) -> AccountScope:
    """Return what an operator of a role sees: administrators see all accounts."""
    return ALL_ACCOUNTS if role == OperatorRole.ADMINISTERS else AccountScope.of(account_ids)


def sees_account(account_id: str) -> Any:
    """Return the condition that a row of `Operator` is of one who sees an account."""
    limits = OperatorAccount.select(OperatorAccount.account_id).where(
        OperatorAccount.operator == Operator.id
    )
    is_unlimited = ~fn.EXISTS(limits) | (Operator.role == OperatorRole.ADMINISTERS.value)
    return is_unlimited | fn.EXISTS(limits.where(OperatorAccount.account_id == account_id))
