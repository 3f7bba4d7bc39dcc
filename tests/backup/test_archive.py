import tarfile
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from moca.backup.archive import BadBackup, read_archive, unpack, write_archive
from moca.backup.encryption import decrypt, encrypt, is_encrypted
from tests.support.factory import NOON

MESSAGES = Random(1).randbytes(800_000)

Reports = list[tuple[str, int, int]]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    database, key = tmp_path / "shop.db", tmp_path / "shop.db.key"
    database.write_bytes(MESSAGES)
    key.write_bytes(b"key")
    written = tmp_path / "backup.tar.gz"
    write_archive({"moca.db": database, "moca.db.key": key}, written, NOON, _ignore)
    return written


def _ignore(_what: str, _done: int, _of_all: int) -> None:
    pass


def _read(archive: Path, folder: Path) -> datetime:
    return read_archive(archive, folder, _ignore)


def test_what_was_packed_is_unpacked_under_its_own_name(archive: Path, tmp_path: Path) -> None:
    assert _read(archive, tmp_path / "restored") == NOON
    assert (tmp_path / "restored/moca.db").read_bytes() == MESSAGES
    assert (tmp_path / "restored/moca.db.key").read_bytes() == b"key"


def test_progress_is_reported_file_by_file(archive: Path, tmp_path: Path) -> None:
    reports: Reports = []
    read_archive(archive, tmp_path / "restored", lambda *report: reports.append(report))
    assert reports == [("verifying", 1, 2), ("verifying", 2, 2)]


def test_a_backup_is_never_overwritten(archive: Path) -> None:
    with pytest.raises(FileExistsError):
        write_archive({}, archive, NOON, _ignore)


def test_a_cut_off_backup_is_refused_wherever_it_was_cut(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    for percent in range(0, 100, 7):
        archive.write_bytes(whole[: len(whole) * percent // 100])
        with pytest.raises(BadBackup):
            _read(archive, tmp_path / "restored")


def test_a_changed_file_is_refused(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "unpacked").mkdir()
    with tarfile.open(archive) as tar:
        for name in tar.getnames():
            unpack(tar, name, tmp_path / "unpacked")
    (tmp_path / "unpacked/moca.db.key").write_bytes(b"kez")
    with tarfile.open(tmp_path / "changed.tar.gz", "w:gz") as tar:
        for name in ("manifest.json", "moca.db", "moca.db.key"):
            tar.add(tmp_path / "unpacked" / name, name)
    with pytest.raises(BadBackup, match=r"checksum of moca\.db\.key differs"):
        _read(tmp_path / "changed.tar.gz", tmp_path / "restored")


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "evil").write_bytes(b"")
    write_archive({"../evil": tmp_path / "evil"}, tmp_path / "evil.tar.gz", NOON, _ignore)
    with pytest.raises(BadBackup):
        _read(tmp_path / "evil.tar.gz", tmp_path / "restored")


def test_a_manifest_of_another_shape_is_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text('{"format": 1, "made_at": "2026-11-22T12:00:00+00:00", "sha256": []}')
    with tarfile.open(tmp_path / "odd.tar.gz", "w:gz") as tar:
        tar.add(manifest, manifest.name)
    with pytest.raises(BadBackup, match="it is not a backup"):
        _read(tmp_path / "odd.tar.gz", tmp_path / "restored")


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"\x1f\x8b" + bytes(100)])
def test_another_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(content)
    assert not is_encrypted(tmp_path / "other")
    with pytest.raises(BadBackup, match="it is not a backup"):
        _read(tmp_path / "other", tmp_path / "restored")


def test_an_encrypted_backup_opens_with_its_passphrase_alone(archive: Path, tmp_path: Path) -> None:
    encrypted, decrypted = tmp_path / "encrypted", tmp_path / "decrypted.tar.gz"
    encrypt(archive, encrypted, "correct horse")
    assert (is_encrypted(encrypted), is_encrypted(archive)) == (True, False)
    with pytest.raises(BadBackup, match="the passphrase is wrong"):
        decrypt(encrypted, decrypted, "battery staple")
    decrypt(encrypted, decrypted, "correct horse")
    assert decrypted.read_bytes() == archive.read_bytes()
    assert MESSAGES[:1000] not in encrypted.read_bytes()
