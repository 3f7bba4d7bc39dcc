from actors.runtime.actor import MailboxActor


class RecordingActor(MailboxActor):
    """Records its messages and hooks; raises a message that is an exception."""

    def __init__(self, received: list[object]) -> None:
        super().__init__()
        self.received = received

    def on_start(self) -> None:
        self.received.append("started")

    def on_restart(self) -> None:
        self.received.append("restarted")

    def on_stop(self) -> None:
        self.received.append("stopped")

    def on_receive(self, message: object) -> object:
        if isinstance(message, BaseException):
            raise message
        self.received.append(message)
        return f"heard {message}"
