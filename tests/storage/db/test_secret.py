import peewee

from moca.storage.db.secret import keep_secret


def test_a_secret_is_made_once_and_kept(database: peewee.Database) -> None:
    with database.connection_context():
        first = keep_secret("one")
        assert len(first) == 32
        assert keep_secret("one") == first
        assert keep_secret("another") != first
