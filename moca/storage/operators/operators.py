from collections.abc import Sequence
from typing import Any

from moca.core.messages.operators import (
    AddOperator,
    ChangeOperator,
    ChangeOwnPassword,
    CloseLogin,
    EndLinkSession,
    MarkLoginSeen,
    OpenLinkSession,
    OpenLogin,
    RemoveOperator,
)
from moca.core.messages.receipt import Conflict, Done, NotFound
from moca.core.operator_names import fold_name
from moca.storage.db.fields import short
from moca.storage.db.operator_tables import Login, Operator
from moca.storage.unit_of_work import Batch


def add_operators(batch: Batch, commands: Sequence[AddOperator]) -> None:
    """Add people who may log in, each under a name of their own."""
    for command in commands:
        name = short(command.name)
        folded = short(fold_name(name))
        taken: Any = Operator.select().where(
            (Operator.name == name) | (Operator.folded_name == folded)
        )
        if taken.exists():
            batch.answer(command.receipt, Conflict("somebody is already called that"))
            continue
        operator_id = Operator.insert(
            name=name,
            folded_name=folded,
            right=command.right,
            password_hash=command.password_hash,
            created_at=command.at,
        ).execute()
        batch.answer(command.receipt, Done(operator_id))


def change_operators(batch: Batch, commands: Sequence[ChangeOperator]) -> None:
    """Change what operators may do or their passwords; they must log in again."""
    for command in commands:
        asked = {"right": command.right, "password_hash": command.password_hash}
        changes = {name: value for name, value in asked.items() if value is not None}
        is_it: Any = Operator.id == command.operator_id
        known: Any = Operator.select().where(is_it)
        if not known.exists():
            batch.answer(command.receipt, NotFound())
            continue
        if changes:
            Operator.update(changes).where(is_it).execute()
        Login.delete().where(Login.operator == command.operator_id).execute()
        batch.answer(command.receipt, Done())


def change_own_passwords(batch: Batch, commands: Sequence[ChangeOwnPassword]) -> None:
    """Change passwords for those who knew them; only one browser of theirs goes on."""
    for command in commands:
        is_it: Any = Operator.id == command.operator_id
        is_same: Any = is_it & (Operator.password_hash == command.old_hash)
        changed: Any = Operator.update(password_hash=command.new_hash)
        if not changed.where(is_same).execute():
            batch.answer(command.receipt, Conflict("the password was changed meanwhile"))
            continue
        hers: Any = Login.operator == command.operator_id
        Login.delete().where(hers & (Login.key != command.kept_key)).execute()
        batch.answer(command.receipt, Done())


def remove_operators(batch: Batch, commands: Sequence[RemoveOperator]) -> None:
    """Remove people, and with them the logins of their browsers."""
    for command in commands:
        removed = Operator.delete().where(Operator.id == command.operator_id).execute()
        batch.answer(command.receipt, Done() if removed else NotFound())


def open_logins(batch: Batch, commands: Sequence[OpenLogin]) -> None:
    """Let browsers in, and forget those whose time is over."""
    for command in commands:
        Login.delete().where(Login.ends_at <= command.at).execute()
        same: Any = (Operator.id == command.operator_id) & (
            Operator.password_hash == command.password_hash
        )
        known: Any = Operator.select().where(same)
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


def open_link_sessions(batch: Batch, commands: Sequence[OpenLinkSession]) -> None:
    """Let browsers in that opened the link, and forget those whose time is over."""
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


def mark_logins_seen(batch: Batch, commands: Sequence[MarkLoginSeen]) -> None:
    """Keep when browsers were last seen; one that is gone is no error."""
    for command in commands:
        is_it: Any = (Login.id == command.login_id) & (Login.seen_at < command.at)
        Login.update(seen_at=command.at).where(is_it).execute()
        batch.answer(command.receipt, Done())


def end_link_sessions(batch: Batch, commands: Sequence[EndLinkSession]) -> None:
    """End sessions that began with the link."""
    for command in commands:
        is_it: Any = (Login.id == command.login_id) & Login.operator.is_null()
        ended = Login.delete().where(is_it).execute()
        batch.answer(command.receipt, Done() if ended else NotFound())


def close_logins(batch: Batch, commands: Sequence[CloseLogin]) -> None:
    """Let browsers in no more; one that is not let in anyway is no error."""
    for command in commands:
        Login.delete().where(Login.key == command.key).execute()
        batch.answer(command.receipt, Done())
