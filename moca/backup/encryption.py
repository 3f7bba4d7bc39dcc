import tarfile
from io import BytesIO
from pathlib import Path

from moca.backup.archive import BadBackup, unpack

# In the formats of age (age-encryption.org), so that its tools can open a backup too: the archive
# is encrypted to a key of its own, and that key by the passphrase.
_KEY = "key.age"
_CONTENT = "backup.tar.gz.age"


def encrypt(archive: Path, target: Path, passphrase: str) -> Path:
    """Encrypt an archive into a new file, and return that.

    Raises:
        FileExistsError: the file exists.
        ImportError: the extra `backup` is not installed.
    """
    import pyrage  # noqa: PLC0415 - an extra

    key = pyrage.x25519.Identity.generate()
    content = archive.with_name(_CONTENT)
    pyrage.encrypt_file(str(archive), str(content), [key.to_public()])
    sealed = pyrage.passphrase.encrypt(str(key).encode(), passphrase)
    with tarfile.open(target, "x:") as tar:
        member = tarfile.TarInfo(_KEY)
        member.size = len(sealed)
        tar.addfile(member, BytesIO(sealed))
        tar.add(content, _CONTENT)
    content.unlink()
    return target


def is_encrypted(file: Path) -> bool:
    """Return whether a passphrase is needed to read a backup."""
    try:
        with tarfile.open(file, "r:") as tar:
            return tar.getnames() == [_KEY, _CONTENT]
    except (tarfile.TarError, OSError):
        return False


def decrypt(file: Path, archive: Path, passphrase: str) -> None:
    """Decrypt a backup into an archive.

    Raises:
        BadBackup: the passphrase is wrong, or the file is damaged.
        ImportError: the extra `backup` is not installed.
    """
    import pyrage  # noqa: PLC0415 - an extra

    content = archive.with_name(_CONTENT)
    with tarfile.open(file, "r:") as tar:
        unpack(tar, _CONTENT, content.parent)
        sealed = unpack(tar, _KEY, content.parent).read_bytes()
        try:
            key = pyrage.passphrase.decrypt(sealed, passphrase).decode()
            pyrage.decrypt_file(str(content), str(archive), [pyrage.x25519.Identity.from_str(key)])
        except pyrage.DecryptError as error:
            raise BadBackup(f"the passphrase is wrong, or it is damaged: {error}") from error
        finally:
            content.unlink()
