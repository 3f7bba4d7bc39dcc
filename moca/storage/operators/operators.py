from collections.abc import Sequence

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operators import (
    AddOperator,
    ChangeOperator,
    ChangeOwnPassword,
    CloseLogin,
    EndLinkSession,
    LimitOperator,
    MarkLoginSeen,
    OpenLinkSession,
    OpenLogin,
    RemoveOperator,
)
from moca.core.types import fold_name
from moca.storage.db.fields import short
from moca.storage.db.operator_tables import Login, Operator, OperatorAccount
from moca.storage.handlers import handles
from moca.storage.operators.assignments import unassign_all, unassign_out_of_scope
from moca.storage.unit_of_work import Batch


@handles(AddOperator)
def add_operators(batch: Batch, commands: Sequence[AddOperator]) -> None:
    """Add operators, each with a unique name."""
    for command in commands:
        name = short(command.name)
        folded = short(fold_name(name))
        taken = Operator.select().where((Operator.name == name) | (Operator.folded_name == folded))
        if taken.exists():
            batch.answer(command.receipt, Conflict("this name is already taken"))
            continue
        operator_id = Operator.insert(
            name=name,
            folded_name=folded,
            role=command.role,
            password_hash=command.password_hash,
            created_at=command.at,
        ).execute()
        _store_accounts(operator_id, command.account_ids)
        batch.answer(command.receipt, Done(operator_id))


@handles(ChangeOperator)
def change_operators(batch: Batch, commands: Sequence[ChangeOperator]) -> None:
    """Change operators' roles or passwords, and end their sessions."""
    for command in commands:
        given = {"role": command.role, "password_hash": command.password_hash}
        changes = {name: value for name, value in given.items() if value is not None}
        is_it = Operator.id == command.operator_id
        known = Operator.select().where(is_it)
        if not known.exists():
            batch.answer(command.receipt, NotFound())
            continue
        if changes:
            Operator.update(changes).where(is_it).execute()
        unassign_out_of_scope(command.operator_id)
        Login.delete().where(Login.operator == command.operator_id).execute()
        batch.answer(command.receipt, Done())


@handles(LimitOperator)
def limit_operators(batch: Batch, commands: Sequence[LimitOperator]) -> None:
    """Limit operators to accounts, and release their open conversations of others.

    Their sessions stay open: what they may see is read with each request.
    """
    for command in commands:
        if not Operator.select().where(Operator.id == command.operator_id).exists():
            batch.answer(command.receipt, NotFound())
            continue
        of_operator = OperatorAccount.operator == command.operator_id
        OperatorAccount.delete().where(of_operator).execute()
        _store_accounts(command.operator_id, command.account_ids)
        unassign_out_of_scope(command.operator_id)
        batch.answer(command.receipt, Done())


@handles(ChangeOwnPassword)
def change_own_passwords(batch: Batch, commands: Sequence[ChangeOwnPassword]) -> None:
    """Change the passwords of operators who gave the old one; only the kept session stays open."""
    for command in commands:
        is_it = Operator.id == command.operator_id
        is_same = is_it & (Operator.password_hash == command.old_hash)
        changed = Operator.update(password_hash=command.new_hash)
        if not changed.where(is_same).execute():
            batch.answer(command.receipt, Conflict("the password was changed in the meantime"))
            continue
        hers = Login.operator == command.operator_id
        Login.delete().where(hers & (Login.key != command.kept_key)).execute()
        batch.answer(command.receipt, Done())


@handles(RemoveOperator)
def remove_operators(batch: Batch, commands: Sequence[RemoveOperator]) -> None:
    """Delete operators with their sessions, and unassign their open conversations."""
    for command in commands:
        unassign_all(command.operator_id)
        removed = Operator.delete().where(Operator.id == command.operator_id).execute()
        batch.answer(command.receipt, Done() if removed else NotFound())


@handles(OpenLogin)
def open_logins(batch: Batch, commands: Sequence[OpenLogin]) -> None:
    """Open sessions, and delete expired ones."""
    for command in commands:
        Login.delete().where(Login.ends_at <= command.at).execute()
        same = (Operator.id == command.operator_id) & (
            Operator.password_hash == command.password_hash
        )
        known = Operator.select().where(same)
        if not known.exists():
            batch.answer(command.receipt, NotFound())
            continue
        Login.insert(
            key=command.key,
            operator=command.operator_id,
            address=short(command.address),
            opened_at=command.at,
            seen_at=command.at,
            ends_at=command.until,
        ).execute()
        batch.answer(command.receipt, Done())


@handles(OpenLinkSession)
def open_link_sessions(batch: Batch, commands: Sequence[OpenLinkSession]) -> None:
    """Open sessions for browsers that followed the login link, and delete expired ones."""
    for command in commands:
        Login.delete().where(Login.ends_at <= command.at).execute()
        login_id = Login.insert(
            key=command.key,
            token_hash=command.token_hash,
            address=short(command.address),
            opened_at=command.at,
            seen_at=command.at,
            ends_at=command.until,
        ).execute()
        batch.answer(command.receipt, Done(login_id))


@handles(MarkLoginSeen)
def mark_logins_seen(batch: Batch, commands: Sequence[MarkLoginSeen]) -> None:
    """Update when sessions were last used. A session that has ended is not an error."""
    for command in commands:
        is_it = (Login.id == command.login_id) & (Login.seen_at < command.at)
        Login.update(seen_at=command.at).where(is_it).execute()
        batch.answer(command.receipt, Done())


@handles(EndLinkSession)
def end_link_sessions(batch: Batch, commands: Sequence[EndLinkSession]) -> None:
    """End sessions that were opened with the login link."""
    for command in commands:
        is_it = (Login.id == command.login_id) & Login.operator.is_null()
        ended = Login.delete().where(is_it).execute()
        batch.answer(command.receipt, Done() if ended else NotFound())


@handles(CloseLogin)
def close_logins(batch: Batch, commands: Sequence[CloseLogin]) -> None:
    """End sessions. A session that has already ended is not an error."""
    for command in commands:
        Login.delete().where(Login.key == command.key).execute()
        batch.answer(command.receipt, Done())


def _store_accounts(operator_id: int, account_ids: Sequence[str]) -> None:
    for account_id in sorted(set(account_ids)):
        OperatorAccount.insert(operator=operator_id, account_id=short(account_id)).execute()
