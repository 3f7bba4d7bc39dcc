import pytest

from moca.doctor.disk import check_disk
from moca.doctor.finding import Finding, fine, wrong
from moca.storage.disk_usage import DiskUsage


@pytest.mark.parametrize(
    ("free_bytes", "expected"),
    [
        (None, fine("disk", "the database has 7.0 kB and grows by 500 bytes a day")),
        (50_000_000, fine("disk", "the database has 7.0 kB and grows by 500 bytes a day")),
        (
            10_000,
            fine(
                "disk",
                "the database has 7.0 kB and grows by 500 bytes a day; the disk is full in 20 days",
            ),
        ),
        (
            5_000,
            wrong(
                "disk",
                "the database has 7.0 kB and grows by 500 bytes a day; the disk is full in 10 days:"
                " free some space, or lower database.retention_days",
            ),
        ),
    ],
)
def test_a_disk_that_is_soon_full_is_told_beforehand(
    free_bytes: int | None, expected: Finding
) -> None:
    usage = DiskUsage(total_bytes=7_000, messages=100, recent_messages=50)
    assert check_disk(usage, free_bytes) == expected
