"""What `shim.c` does to a process, set while the process runs."""

import mmap
import shutil
import struct
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Self

_CONTROL = struct.Struct("=qii")
_SOURCE = Path(__file__).with_name("shim.c")
_SECOND = timedelta(seconds=1)


class Shim:
    """A wall clock that can be set, and a disk that can be slowed and filled, of one process."""

    def __init__(self, folder: Path) -> None:
        self._library, control = folder / "shim.so", folder / "shim.control"
        control.write_bytes(bytes(_CONTROL.size))
        with control.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _CONTROL.size)
        self.environment = {"LD_PRELOAD": str(self._library), "SOAK_SHIM": str(control)}
        self.clock_is_ahead = timedelta(0)
        self.sync_takes = timedelta(0)
        self.disk_is_full = False

    @classmethod
    def build(cls, folder: Path) -> Self | None:
        """Compile it into a folder; return None if there is no C compiler."""
        compiler = shutil.which("cc")
        if compiler is None:
            return None
        shim = cls(folder)
        flags = ("-O2", "-shared", "-fPIC", "-o", shim._library, _SOURCE, "-ldl")
        subprocess.run([compiler, *flags], check=True)
        return shim

    def apply(self) -> None:
        """Pass the values on to the process, and to those that start later."""
        values = (
            round(self.clock_is_ahead / _SECOND * 1e9),
            round(self.sync_takes / _SECOND * 1e3),
            self.disk_is_full,
        )
        self._shared[:] = _CONTROL.pack(*values)

    def close(self) -> None:
        self._shared.close()
