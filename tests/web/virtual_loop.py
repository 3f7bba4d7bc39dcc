import asyncio


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on which time passes only where nothing else is left to do, and then at once."""

    def __init__(self):
        super().__init__()
        self.now = 1_000.0

    def time(self):
        return self.now

    def _run_once(self):
        waiting = [each.when() for each in self._scheduled if not each.cancelled()]
        if waiting and not self._ready:
            self.now = max(self.now, min(waiting))
        super()._run_once()


def run(coroutine):
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)
