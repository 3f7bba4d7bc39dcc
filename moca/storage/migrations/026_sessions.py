# ruff: noqa: D101
"""Sessions by link as rows, names that differ by more than case, numbers in the audit log."""

from typing import Any
from unicodedata import normalize

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class Operator(peewee.Model):
    id = IdentityField()
    name = peewee.CharField(unique=True)
    folded_name = peewee.CharField(null=True)


class Login(peewee.Model):
    id = IdentityField()
    key = peewee.CharField(unique=True)
    operator = peewee.ForeignKeyField(Operator, null=True, on_delete="CASCADE")
    token_hash = peewee.CharField(null=True)
    address = peewee.CharField(default="")
    opened_at = InstantField()
    seen_at = InstantField()
    ends_at = InstantField()


def _fold_names(database: peewee.Database) -> None:
    taken = set()
    with database.bind_ctx([Operator], bind_refs=False, bind_backrefs=False):
        for operator in Operator.select().order_by(Operator.id):
            folded = normalize("NFKC", normalize("NFKC", operator.name).casefold())[:255]
            # Later operators with an equivalent name keep it, but no new one can take it.
            if folded not in taken:
                taken.add(folded)
                is_it = Operator.id == operator.id
                Operator.update(folded_name=folded).where(is_it).execute()


def migrate(migrator: Any, database: peewee.Database, **_options: object) -> None:
    """Change the tables; everyone logs in again, since a login was no row of this kind."""
    number = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    migrator.sql(f'ALTER TABLE "audit" ADD COLUMN "who_id" {number}')
    migrator.sql('ALTER TABLE "operator" ADD COLUMN "folded_name" VARCHAR(255)')
    migrator.run(_fold_names, database)
    migrator.sql('CREATE UNIQUE INDEX "operator_folded_name" ON "operator" ("folded_name")')
    migrator.sql('DROP TABLE "login"')
    migrator.create_model(Login)
