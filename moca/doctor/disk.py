from collections.abc import Sequence

from rich.filesize import decimal

from moca.doctor.finding import Finding, fine, wrong
from moca.storage.disk_usage import DiskUsage
from moca.uploads.folder import UploadFolder

_FEWEST_DAYS = 14
_MAX_DAYS = 3_650
"""Beyond it, a forecast says nothing."""


def check_disk(usage: DiskUsage, free_bytes: int | None) -> Finding:
    """Check how long the disk lasts at the rate of the last week."""
    size, growth = decimal(usage.total_bytes), decimal(round(usage.daily_bytes))
    text = f"the database has {size} and grows by {growth} a day"
    days = None if free_bytes is None else usage.days_until_full(free_bytes)
    if days is None or days > _MAX_DAYS:
        return fine("disk", text)
    text = f"{text}; the disk is full in {days:.0f} days"
    if days > _FEWEST_DAYS:
        return fine("disk", text)
    return wrong("disk", f"{text}: free some space, or lower database.retention_days")


def check_uploads(folder: UploadFolder, files: Sequence[str]) -> Finding:
    """Check that the folder of attached files has those that were attached last."""
    missing = sum(not folder.file(each).exists() for each in files)
    if not missing:
        return fine("attached files", "stored where this node finds them")
    return wrong(
        "attached files",
        f"{missing} of the {len(files)} attached last are not in {folder.path}: every node must "
        "mount the same folder (database.uploads_dir)",
    )
