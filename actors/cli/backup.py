from pathlib import Path
from tempfile import TemporaryDirectory

import click
import peewee

from actors.cli.errors import exit_with
from actors.cli.progress import progress_bars
from actors.config import upload_folder
from moca import clock
from moca.backup.archive import BadBackup, read_archive, write_archive
from moca.backup.encryption import encrypt
from moca.backup.snapshot import take_snapshot
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings
from moca.storage.db.connection import open_database
from moca.storage.db.private_file import path_beside

PASSPHRASE = click.option(
    "--passphrase",
    envvar="MOCA_BACKUP_PASSPHRASE",
    help="Encrypts the backup. MOCA_BACKUP_PASSPHRASE keeps it out of the list of processes.",
)
UPLOADS = "uploads"
NEEDS_EXTRA = "a passphrase needs an extra: pip install 'moca-dm[backup]'"


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@PASSPHRASE
@click.pass_obj
def command(settings: Settings, file: Path, passphrase: str | None) -> None:
    """Back up database, keys and attached files to FILE.

    The file is read back and compared. Moca may be running.

    FILE holds all messages and access tokens: protect it like the database, or give a passphrase.
    """
    if file.exists():
        exit_with(1, f"backup: {file} exists; choose another name")
    try:
        with TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
            _back_up(settings, file, Path(folder), passphrase)
    except ImportError:
        exit_with(1, f"backup: {NEEDS_EXTRA}")
    except (BadBackup, OSError, ValueError, peewee.PeeweeException) as error:
        exit_with(1, mask_passwords(f"backup: {error}".rstrip()))
    click.echo(f"{file}: {file.stat().st_size / 2**20:.1f} MiB, complete and verified")


def _back_up(settings: Settings, file: Path, folder: Path, passphrase: str | None) -> None:
    url, made_at = settings.database.url, clock.now()
    stored = path_beside(url, "")
    if stored is not None and not stored.exists():
        raise BadBackup(f"there is no database at {url}")
    database, archive = open_database(url), folder / "backup.tar.gz"
    files = {"moca.db": folder / "moca.db"}
    for suffix in (".key", ".token"):
        path = path_beside(url, suffix)
        if path is not None and path.exists():
            files[f"moca.db{suffix}"] = path
    with progress_bars() as report, database.connection_context():
        take_snapshot(database, files["moca.db"], report)
        if (uploads := upload_folder(settings)) is not None:
            # After the snapshot, so that it names no file that is still to come.
            place = folder / UPLOADS
            files |= {f"{UPLOADS}/{name}": place / name for name in uploads.link_all(place)}
        write_archive(files, archive, made_at, report)
        read_archive(archive, folder / "read-back", report)
    if passphrase:
        archive = encrypt(archive, folder / "backup.age.tar", passphrase)
    archive.rename(file)
