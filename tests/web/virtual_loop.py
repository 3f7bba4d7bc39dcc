import asyncio
import selectors


class _VirtualWait(selectors.DefaultSelector):
    """Waits for no timer: it advances the time to it instead."""

    def __init__(self):
        super().__init__()
        self.now = 1_000.0

    def select(self, timeout=None):
        if timeout is None:
            return super().select()
        self.now += max(timeout, 0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time advances only when nothing else is left to do, and then at once."""

    def __init__(self):
        self._wait = _VirtualWait()
        super().__init__(self._wait)

    def time(self):
        return self._wait.now


def run(coroutine):
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)
