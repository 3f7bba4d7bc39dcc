from dataclasses import dataclass
from datetime import datetime

from moca.core.figures import Figure


@dataclass(frozen=True, slots=True)
class RecordFigures:
    """Keep what was counted within minutes that are over. Observation -> Persistence."""

    figures: tuple[Figure, ...]
    at: datetime
