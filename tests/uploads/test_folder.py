import errno
from io import BytesIO
from pathlib import Path

import pytest

from moca.uploads.folder import UploadFolder, is_disk_full
from tests.support.factory import at
from tests.support.files import files_in


@pytest.fixture
def folder(tmp_path: Path) -> UploadFolder:
    return UploadFolder(tmp_path / "uploads")


class FullDisk(BytesIO):
    """Content whose writing fails halfway."""

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(4)
        if not piece:
            raise OSError(errno.ENOSPC, "No space left on device")
        return piece


def test_only_the_owner_can_read_what_is_stored(folder: UploadFolder) -> None:
    name = folder.store(BytesIO(b"content"), at(0))

    assert folder.file(name).read_bytes() == b"content"
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert folder.file(name).stat().st_mode & 0o777 == 0o600


def test_a_file_that_does_not_fit_leaves_nothing(folder: UploadFolder) -> None:
    with pytest.raises(OSError, match="No space") as raised:
        folder.store(FullDisk(b"12345678"), at(0))

    assert is_disk_full(raised.value)
    assert files_in(folder) == set()


def test_a_copy_outlives_its_original(folder: UploadFolder) -> None:
    name = folder.store(BytesIO(b"content"), at(0))
    copy = folder.copy(name, at(1))

    folder.delete([name, "never-stored"])

    assert files_in(folder) == {copy}
    assert folder.file(copy).read_bytes() == b"content"


def test_files_are_as_old_as_moca_was_when_they_were_stored(folder: UploadFolder) -> None:
    first, second = (folder.store(BytesIO(b"content"), at(second)) for second in (0, 10))
    (folder.path / "link").symlink_to(folder.file(second))

    assert set(folder.older_than(at(5))) == {first}
    assert set(folder.older_than(at(11))) == {first, second}


def test_a_backup_holds_every_file_and_brings_it_back(folder: UploadFolder, tmp_path: Path) -> None:
    names = {folder.store(BytesIO(content), at(0)) for content in (b"one", b"two")}

    assert set(folder.link_all(tmp_path / "backup")) == names
    folder.delete(names)
    folder.take_in(tmp_path / "backup")

    assert files_in(folder) == names
    assert {folder.file(name).read_bytes() for name in names} == {b"one", b"two"}


def test_a_file_that_is_deleted_during_a_backup_is_left_out(
    folder: UploadFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = folder.store(BytesIO(b"content"), at(0))
    gone = tmp_path / "gone"
    monkeypatch.setattr(folder, "file", lambda each: gone if each == name else None)

    assert folder.link_all(tmp_path / "backup") == []


def test_a_folder_that_is_not_there_yet_holds_nothing(folder: UploadFolder) -> None:
    assert list(folder.older_than(at(0))) == []
    assert folder.link_all(folder.path.with_name("backup")) == []
