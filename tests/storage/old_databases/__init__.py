import gzip
from pathlib import Path

OLD_DATABASES = sorted(Path(__file__).parent.glob("*.db.gz"))
"""Databases that earlier versions wrote, oldest first."""


def unpack(old: Path, path: Path) -> None:
    """Put an earlier version's database at a path."""
    path.write_bytes(gzip.decompress(old.read_bytes()))
