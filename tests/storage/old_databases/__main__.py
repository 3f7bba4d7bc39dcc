"""Makes the database of an earlier version: `python -m tests.storage.old_databases COMMIT`.

Its own server receives three messages, answers the first of each contact, and is stopped before its
last reply goes out.
"""

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import requests

from moca.instagram.signature import sign
from tests.process.service import ACCOUNT, APP_SECRET, free_port
from tests.support.earlier_version import unpack_version

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
WORDS = (("m1", "700", "Where is my order?"), ("m2", "701", "Hello?"), ("m3", "700", "It was 17."))
SECONDS = 30


def make(commit: str) -> Path:
    """Run the version of a commit for a moment, and keep its database; return where."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run(unpack_version(commit, folder / "tree"), folder)
        return _kept(folder, _name(commit))


def _run(program: Path, folder: Path) -> None:
    port = free_port()
    settings = {
        "SERVER__PORT": str(port),
        "DATABASE__URL": f"sqlite:///{folder}/moca.db",
        "INSTAGRAM__APP_SECRET": APP_SECRET,
        "INSTAGRAM__ACCESS_TOKEN": "token",
        "INSTAGRAM__ACCOUNT_ID": ACCOUNT,
        "CONVERSATION__DEBOUNCE_SECONDS": "1",
    }
    environment = {f"MOCA_{key}": value for key, value in settings.items()}
    server = subprocess.Popen(
        [sys.executable, program],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(program.parent), **environment},
    )
    try:
        for mid, psid, text in WORDS:
            _write(f"http://127.0.0.1:{port}/api/instagram/webhook", mid, psid, text)
        _until(lambda: _sent(folder) == ["sent", "sent"])
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(SECONDS)


def _write(url: str, mid: str, psid: str, text: str) -> None:
    message = {"mid": mid, "text": text}
    said = {"sender": {"id": psid}, "recipient": {"id": ACCOUNT}, "message": message}
    item = {"id": ACCOUNT, "messaging": [said]}
    body = json.dumps({"object": "instagram", "entry": [item]}).encode()
    headers = {"X-Hub-Signature-256": sign(body, APP_SECRET)}

    def is_taken() -> bool:
        try:
            return requests.post(url, body, headers=headers, timeout=5).ok
        except requests.ConnectionError:
            return False

    _until(is_taken)


def _sent(folder: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{folder}/moca.db?mode=ro", uri=True)) as database:
        query = "SELECT status FROM message WHERE role = 'assistant' AND status = 'sent'"
        return [status for (status,) in database.execute(query)]


def _kept(folder: Path, name: str) -> Path:
    small, kept = folder / "small.db", HERE / f"{name}.db.gz"
    with closing(sqlite3.connect(folder / "moca.db")) as database:
        database.execute("VACUUM INTO ?", (str(small),))
    kept.write_bytes(gzip.compress(small.read_bytes(), mtime=0))
    return kept


def _name(commit: str) -> str:
    when = "--date=format:%Y-%m-%d-%H%M"
    command = ["git", "log", "-1", when, "--format=%cd-%h", "--abbrev=8", commit]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {SECONDS} s: {condition.__name__}")
        time.sleep(0.2)


if __name__ == "__main__":
    for each in sys.argv[1:]:
        sys.stdout.write(f"{make(each).relative_to(ROOT)}\n")
