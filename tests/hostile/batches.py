"""Posts many bodies in batches, and checks the valid messages in them."""

import tempfile
from collections import Counter
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import track

from tests.hostile.bodies import Bodies, Body
from tests.hostile.door import Door

_BATCH = 200
_FINE = {200, 400, 404, 413}


class BrokenError(Exception):
    """A body got a forbidden response, or lost a valid message."""

    def __init__(self, what: str, bodies: list[Body]) -> None:
        super().__init__(what)
        self.bodies = bodies


def bring(bodies: int, seed: int) -> tuple[Counter[int], int]:
    """Post this many bodies; return the count of each status and of the stored messages.

    Raises:
        BrokenError: If a response is forbidden, or a valid message was not stored.
    """
    answers: Counter[int] = Counter()
    found = 0
    drawn = islice(Bodies(seed), bodies)
    with tempfile.TemporaryDirectory() as folder:
        door = Door(Path(folder), batch=_BATCH)
        for _ in track(range(0, bodies, _BATCH), "bodies", console=Console(stderr=True)):
            batch = list(islice(drawn, _BATCH))
            answers.update(_answers(door, batch))
            found += _stored(door, batch)
        door.close()
    return answers, found


def _answers(door: Door, batch: list[Body]) -> list[int]:
    answers = []
    for body in batch:
        answers.append(door.post(body.raw))
        if answers[-1] not in _FINE:
            raise BrokenError(f"answered {answers[-1]}", [body])
    return answers


def _stored(door: Door, batch: list[Body]) -> int:
    try:
        door.flush()
    except Exception as error:
        raise BrokenError("not written", batch) from error
    good = {body.good_mid: body for body in batch if body.good_mid is not None}
    texts = door.texts(good)
    lost = [body for mid, body in good.items() if texts.get(mid) != f"text of {mid}"]
    if lost:
        raise BrokenError("a good message was lost", lost)
    return len(texts)
