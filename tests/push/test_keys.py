from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import peewee
import pytest

from moca.core.accounts import WrongEncryptionKey
from moca.core.messages.push import KeepPushKey
from moca.push.service import PushService
from moca.storage.accounts.vault import Vault
from moca.storage.db.push_tables import PUSH_KEY
from moca.storage.db.secret import KeptSecret
from tests.push.push_service import in_base64, point_of
from tests.support.databases import open_migrated
from tests.support.values import present
from tests.web.desk import WebDesk


@pytest.fixture
def database(tmp_path: Path) -> Iterator[peewee.Database]:
    database = open_migrated(tmp_path)
    yield database
    database.close()


def vault(tmp_path: Path, key: str = "") -> Vault:
    return Vault(key, f"sqlite:///{tmp_path}/moca.db")


def kept(database: peewee.Database, *sealed: str) -> None:
    for each in sealed:
        WebDesk(database).tell(KeepPushKey(each, receipt=Future()))


def test_the_first_key_is_kept_encrypted_and_the_same_for_all(
    database: peewee.Database, tmp_path: Path
) -> None:
    service = PushService(database, vault(tmp_path), "")
    assert service.public_key() is None
    first, second = service.make_key(), service.make_key()
    kept(database, first, second)

    private = service._keys.private()
    again = PushService(database, vault(tmp_path), "")

    assert again.public_key() == service.public_key() == in_base64(point_of(present(private)))
    stored = bytes(KeptSecret.get(KeptSecret.name == PUSH_KEY).value)
    assert stored == first.encode()
    assert (tmp_path / "moca.db.key").stat().st_mode & 0o777 == 0o600


def test_a_key_of_another_vault_cannot_be_used(database: peewee.Database, tmp_path: Path) -> None:
    kept(database, PushService(database, vault(tmp_path), "").make_key())
    (tmp_path / "moca.db.key").unlink()

    with pytest.raises(WrongEncryptionKey):
        PushService(database, vault(tmp_path), "").public_key()
