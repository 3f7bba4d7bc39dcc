from collections.abc import Sequence

from moca.core.messages.api_keys import MAX_API_KEYS, AddApiKey, MarkApiKeyUsed, RevokeApiKey
from moca.core.messages.command import Conflict, Done, NotFound
from moca.storage.db.fields import short
from moca.storage.db.operator_tables import ApiKey
from moca.storage.handlers import handles
from moca.storage.unit_of_work import Batch


@handles(AddApiKey)
def add_api_keys(batch: Batch, commands: Sequence[AddApiKey]) -> None:
    """Store API keys, each with a unique name."""
    for command in commands:
        name = short(command.name)
        if ApiKey.select().where(ApiKey.name == name).exists():
            batch.answer(command.receipt, Conflict("this name is already taken"))
        elif ApiKey.select().count() >= MAX_API_KEYS:
            full = f"there are {MAX_API_KEYS} keys already; revoke one first"
            batch.answer(command.receipt, Conflict(full))
        else:
            key_id = ApiKey.insert(
                name=name,
                key_hash=command.key_hash,
                role=command.role,
                account_ids=" ".join(command.account_ids),
                created_at=command.at,
                expires_at=command.expires_at,
            ).execute()
            batch.answer(command.receipt, Done(key_id))


@handles(RevokeApiKey)
def revoke_api_keys(batch: Batch, commands: Sequence[RevokeApiKey]) -> None:
    """Delete API keys."""
    for command in commands:
        revoked = ApiKey.delete().where(ApiKey.id == command.key_id).execute()
        batch.answer(command.receipt, Done() if revoked else NotFound())


@handles(MarkApiKeyUsed)
def mark_api_keys_used(_batch: Batch, commands: Sequence[MarkApiKeyUsed]) -> None:
    """Update when API keys were last used. A key that was revoked is not an error."""
    for command in commands:
        ApiKey.update(used_at=command.at).where(ApiKey.id == command.key_id).execute()
