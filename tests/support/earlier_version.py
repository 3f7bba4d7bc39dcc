import io
import os
import subprocess
import tarfile
from pathlib import Path

BEFORE = os.environ.get("MOCA_TEST_BEFORE", "3705456")
"""The commit of the version before: three migrations earlier."""

_ROOT = Path(__file__).parents[2]


def unpack_version(commit: str, folder: Path) -> Path:
    """Write the files of a commit of this repository to a new folder; return its `run.py`."""
    archive = ["git", "-C", str(_ROOT), "archive", commit]
    files = subprocess.run(archive, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(files)) as tree:
        tree.extractall(folder, filter="data")
    return folder / "run.py"
