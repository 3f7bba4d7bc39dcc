from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import peewee

from actors.cli.backup import NEEDS_EXTRA, PASSPHRASE, UPLOADS
from actors.cli.errors import exit_with
from actors.cli.process import require_ownership
from actors.cli.progress import progress_bars
from actors.config import upload_folder, writer_policy
from moca import clock
from moca.backup.archive import BadBackup, read_archive
from moca.backup.encryption import decrypt, is_encrypted
from moca.core.messages.housekeeping import HoldRestored
from moca.core.messages.operators import RecordAudit
from moca.settings.display import mask_passwords
from moca.settings.sections import Settings
from moca.storage.copy_database import Progress, move
from moca.storage.db.connection import open_database
from moca.storage.db.private_file import path_beside
from moca.storage.db.tables import Contact
from moca.storage.db.upgrade import migrate
from moca.storage.writer import Writer

_RESTORED = """Restored the backup of {made_at:%Y-%m-%d %H:%M:%S} UTC. Start Moca now.
Sending is paused. What was queued is compared with Instagram's message history; questions that were
unanswered wait under "Needs reply". Check them, then resume sending on the Queue page."""


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@PASSPHRASE
@click.pass_obj
def command(settings: Settings, file: Path, passphrase: str | None) -> None:
    """Restore the backup FILE.

    The database of the settings must not exist yet or be empty.

    Nothing that may have been sent since the backup is sent again: sending starts paused.
    """
    url = settings.database.url
    with require_ownership(url):
        try:
            folder = path_beside(url, "")
            with TemporaryDirectory(dir=folder and folder.parent, prefix=".restore-") as place:
                made_at = _restore(settings, file, Path(place), passphrase)
        except ImportError:
            exit_with(1, f"restore: {NEEDS_EXTRA}")
        except (BadBackup, OSError, ValueError, peewee.PeeweeException) as error:
            exit_with(1, mask_passwords(f"restore: {file}: {error}".rstrip()))
    click.echo(_RESTORED.format(made_at=made_at))


def _restore(settings: Settings, file: Path, folder: Path, passphrase: str | None) -> datetime:
    url, archive = settings.database.url, file
    _require_empty(url)
    if is_encrypted(file):
        if not passphrase:
            raise BadBackup("it is encrypted: give its passphrase")
        archive = folder / "backup.tar.gz"
        decrypt(file, archive, passphrase)
    with progress_bars() as report:
        made_at = read_archive(archive, folder, report)
        copy = open_database(f"sqlite:///{folder}/moca.db")
        migrate(copy)
        _hold(settings, copy, made_at)
        _put_uploads_into_place(settings, folder / UPLOADS)
        if (stored := path_beside(url, "")) is None:
            _copy(copy, url, report)
        else:
            _put_into_place(folder, stored)
    return made_at


def _require_empty(url: str) -> None:
    if (stored := path_beside(url, "")) is not None:
        found = [path for path in (stored, path_beside(url, ".key")) if path and path.exists()]
        if found:
            raise BadBackup(f"{found[0]} exists; move it away, or set another database.url")
        return
    database = open_database(url)
    migrate(database)
    with database.connection_context():
        if Contact.select().exists():
            raise BadBackup("the database is not empty; set another database.url")


def _hold(settings: Settings, copy: peewee.Database, made_at: datetime) -> None:
    writer, now = Writer(copy, writer_policy(settings)), clock.now()
    about = f"made at {made_at:%Y-%m-%d %H:%M:%S} UTC"
    writer.apply([HoldRestored(now), RecordAudit("system", "restored a backup", about, now)])
    writer.close()


def _put_into_place(folder: Path, stored: Path) -> None:
    # The database comes last: until then, the next try is not refused.
    for suffix in (".token", ".key", ""):
        restored = folder / f"moca.db{suffix}"
        if restored.exists():
            restored.replace(Path(f"{stored}{suffix}"))


def _put_uploads_into_place(settings: Settings, restored: Path) -> None:
    if not restored.exists():
        return
    uploads = upload_folder(settings)
    if uploads is None:
        raise BadBackup("it holds attached files: set database.uploads_dir")
    uploads.take_in(restored)


def _copy(copy: peewee.Database, url: str, report: Progress) -> None:
    target = open_database(url)
    with copy.connection_context(), target.connection_context():
        move(copy, target, report)
