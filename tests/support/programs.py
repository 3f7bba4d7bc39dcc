import os
import shutil

import pytest


def installed(program: str, package: str) -> str:
    """Return the path of a program; without it a test is skipped, and in CI it fails."""
    path = shutil.which(program)
    if path is not None:
        return path
    reason = f"{program} is not installed (apt-get install {package})"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
