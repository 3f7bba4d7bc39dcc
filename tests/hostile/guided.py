"""Webhooks found by observing which branches of Moca's code they reach."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import atheris

with atheris.instrument_imports(include=["moca.instagram", "moca.web.webhook"]):
    from tests.hostile import odd
    from tests.hostile.bodies import PAYLOADS
    from tests.hostile.door import Door

_LONGEST_BODY = 8_192
_FINE = {200, 400, 404, 413}


def run_guided(bodies: int, seed: int) -> NoReturn:
    """Post this many bodies, derived from Meta's; exits the process, with 0 on success."""
    # The process exits within Fuzz, so that the next run has to clean up.
    folder = Path(tempfile.gettempdir()) / "moca-hostile"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    arguments = [
        sys.argv[0],
        f"-runs={bodies}",
        f"-seed={seed}",
        f"-max_len={_LONGEST_BODY}",
        f"-dict={_dictionary(folder)}",
        f"-artifact_prefix={folder}-",
        str(_corpus(folder)),
    ]
    door = Door(folder)
    atheris.Setup(arguments, lambda raw: _bring(door, raw))
    atheris.Fuzz()
    sys.exit()


def _bring(door: Door, raw: bytes) -> None:
    status = door.post(raw)
    if status not in _FINE:
        raise AssertionError(f"answered {status}")


def _corpus(folder: Path) -> Path:
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, payload in enumerate(PAYLOADS):
        (corpus / f"{number}.json").write_text(json.dumps(payload))
    return corpus


def _dictionary(folder: Path) -> Path:
    path = folder / "words"
    words = [json.dumps(key) for key in odd.KEYS] + [raw for raw in odd.RAW if len(raw) < 60]
    path.write_text("".join(f'"{_escaped(word)}"\n' for word in words))
    return path


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "surrogatepass"))
