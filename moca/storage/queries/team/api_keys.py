from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moca.core.account_scope import AccountScope
from moca.core.types import OperatorRole
from moca.storage.db.operator_tables import ApiKey
from moca.storage.db.rows import read_dicts


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRecord:
    """A key with which a program uses the API."""

    id: int
    name: str
    role: OperatorRole
    account_ids: tuple[str, ...]
    """Which accounts it is limited to; empty for no limit."""
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None

    @property
    def scope(self) -> str:
        """Return what the key may do, as the API names it."""
        return self.role.scope

    @property
    def account_scope(self) -> AccountScope:
        """Return which accounts the key sees."""
        return AccountScope.of(self.account_ids)


def list_api_keys() -> tuple[ApiKeyRecord, ...]:
    """Return the keys, sorted by name."""
    return tuple(map(_record, read_dicts(ApiKey.select().order_by(ApiKey.name))))


def read_api_key(key_id: int) -> ApiKeyRecord | None:
    """Return a key by its id, or None."""
    row = ApiKey.select().where(ApiKey.id == key_id).dicts().first()
    return None if row is None else _record(row)


def find_api_key(key_hash: str, at: datetime) -> ApiKeyRecord | None:
    """Return the key with this hash; None if there is none, or if it has expired."""
    row = ApiKey.select().where(ApiKey.key_hash == key_hash).dicts().first()
    found = None if row is None else _record(row)
    is_over = found is not None and found.expires_at is not None and found.expires_at <= at
    return None if is_over else found


def _record(row: dict[str, Any]) -> ApiKeyRecord:
    kept = {name: value for name, value in row.items() if name != "key_hash"}
    role, account_ids = OperatorRole(row["role"]), tuple(row["account_ids"].split())
    return ApiKeyRecord(**{**kept, "role": role, "account_ids": account_ids})
