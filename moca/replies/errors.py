from collections.abc import Iterable


class BadGenerator(Exception):  # noqa: N818 - it reads as what it is
    """Raised where a generator cannot be made as the settings want it; names every problem."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))
