"""What a database of before 0.2.0 holds after its upgrade."""

from datetime import timedelta

import peewee

from moca.core.types import ContactKey
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Contact, Conversation
from moca.storage.db.upgrade import migrate
from tests.storage.desk import Desk
from tests.support.databases import run_sql
from tests.support.factory import ANNA, at

DAYS_8 = timedelta(days=8).total_seconds()


def _migrate_again(
    database: peewee.Database,
    name: str,
    table: str,
    columns: tuple[str, ...],
    indexes: tuple[str, ...],
) -> None:
    """Undo a migration, and carry it out again."""
    for index in indexes:
        run_sql(database, f'DROP INDEX "{index}"')
    for column in columns:
        run_sql(database, f'ALTER TABLE "{table}" DROP COLUMN "{column}"')
    run_sql(database, f"DELETE FROM migratehistory WHERE name = '{name}'")
    migrate(database)


def test_what_the_team_lately_held_without_a_reply_is_in_the_work_list(
    new_database: peewee.Database,
) -> None:
    migrate(new_database)
    desk = Desk(new_database)
    held: dict[str, dict[str, object]] = {
        "handed over": {"status": "human", "held_by": None, "last_activity_at": at(DAYS_8 + 60)},
        "taken over": {"status": "human", "held_by": "ada", "last_activity_at": at(DAYS_8)},
        "answered": {"status": "human", "held_by": "ada", "last_activity_at": at(DAYS_8 + 60)},
        "long ago": {"status": "human", "held_by": None, "last_activity_at": at(0)},
        "the bot's": {"status": "open", "held_by": None, "last_activity_at": at(DAYS_8)},
    }
    for name, columns in held.items():
        desk.receive(name, contact=ContactKey(ANNA.account_id, name))
        changed = Conversation.update(last_user_message_at=at(DAYS_8), **columns)
        changed.where(Conversation.contact == Contact.get(Contact.psid == name)).execute()

    indexes = ("conversation_needs_reply", "conversation_held")
    _migrate_again(new_database, "033_needs_reply", "conversation", ("needs_reply_since",), indexes)

    needing = Conversation.select(Contact.psid, Conversation.needs_reply_since).join(Contact)
    rows = needing.where(Conversation.needs_reply_since.is_null(is_null=False))
    assert dict(read_rows(rows)) == {"handed over": at(DAYS_8), "taken over": at(DAYS_8)}


def test_contacts_without_a_name_are_due_to_be_read(new_database: peewee.Database) -> None:
    migrate(new_database)
    desk = Desk(new_database)
    for psid, name in (("700", None), ("701", "Ben")):
        desk.receive(psid, seconds=5, contact=ContactKey(ANNA.account_id, psid))
        Contact.update(name=name).where(Contact.psid == psid).execute()

    on_table = "" if isinstance(new_database, peewee.SqliteDatabase) else " ON contact"
    run_sql(new_database, f"DROP TRIGGER contact_words_changed{on_table}")
    columns = (
        "username",
        "picture_url",
        "follower_count",
        "follows_account",
        "profile_due_at",
        "profile_tries",
    )
    _migrate_again(
        new_database, "034_contact_profiles", "contact", columns, ("contact_profile_due",)
    )

    due = Contact.select(Contact.psid, Contact.profile_due_at).order_by(Contact.psid).tuples()
    assert list(due) == [("700", at(5)), ("701", None)]


def test_what_waits_for_the_team_waits_up_to_the_message_that_was_the_latest_then(
    new_database: peewee.Database,
) -> None:
    migrate(new_database)
    desk = Desk(new_database)
    first, later = desk.receive("m1"), desk.receive("m2", "and?", 20)
    run_sql(new_database, 'ALTER TABLE "conversation" ADD COLUMN "needs_reply_last_at" BIGINT')
    run_sql(
        new_database,
        f'UPDATE "conversation" SET "needs_reply_since" = {at(5).timestamp() * 1e6:.0f}',
    )

    _migrate_again(
        new_database, "048_latest_needed_id", "conversation", ("needs_reply_last_id",), ()
    )

    assert later > first
    assert Conversation.get().needs_reply_last_id == first
