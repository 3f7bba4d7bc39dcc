import hashlib
import shutil
import tarfile
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ValidationError

from moca.storage.copy_database import Progress

_MANIFEST = "manifest.json"
_FORMAT = 1


class BadBackup(Exception):  # noqa: N818 - the name states the error
    """Raised if a file is no backup, is damaged, or was made by a newer version."""


class _Manifest(BaseModel):
    format: int = _FORMAT
    made_at: AwareDatetime
    sha256: dict[str, str]


def write_archive(
    files: Mapping[str, Path], archive: Path, made_at: datetime, progress: Progress
) -> None:
    """Pack files under these names into a new compressed archive that begins with a manifest.

    Raises:
        FileExistsError: the archive exists.
    """
    checksums = {name: _checksum(path) for name, path in files.items()}
    manifest = _Manifest(made_at=made_at, sha256=checksums)
    with tarfile.open(archive, "x:gz", compresslevel=3) as tar:
        text = manifest.model_dump_json().encode()
        member = tarfile.TarInfo(_MANIFEST)
        member.size = len(text)
        tar.addfile(member, BytesIO(text))
        for number, (name, path) in enumerate(files.items(), start=1):
            tar.add(path, name)
            progress("packing", number, len(files))


def read_archive(archive: Path, folder: Path, progress: Progress) -> datetime:
    """Unpack an archive into a folder, verify its checksums, and return when it was made.

    Raises:
        BadBackup: it is not an archive of `write_archive`, or it is damaged.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            manifest = _Manifest.model_validate_json(_read(tar, _MANIFEST))
            if manifest.format != _FORMAT:
                raise BadBackup("it was made by a newer version of Moca")
            for number, (name, checksum) in enumerate(manifest.sha256.items(), start=1):
                if _checksum(unpack(tar, name, folder)) != checksum:
                    raise BadBackup(f"it is damaged: the checksum of {name} differs")
                progress("verifying", number, len(manifest.sha256))
            return manifest.made_at
    except ValidationError:
        raise BadBackup("it is not a backup: its manifest cannot be read") from None
    except (tarfile.TarError, EOFError, KeyError, ValueError, OSError) as error:
        raise BadBackup(f"it is not a backup, or it is damaged: {error}") from error


def unpack(tar: tarfile.TarFile, name: str, folder: Path) -> Path:
    """Write a file of an archive below a folder, and return its path.

    Raises:
        BadBackup: it is no plain file, or its name leads out of the folder.
    """
    # Before Python 3.11.4, `TarFile.extract` cannot refuse such a name.
    path, file = folder / name, tar.extractfile(name)
    if file is None or not path.resolve().is_relative_to(folder.resolve()):
        raise BadBackup("it is not a backup")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as unpacked:
        shutil.copyfileobj(file, unpacked)
    return path


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    if file is None:
        raise BadBackup("it is not a backup")
    return file.read()


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
