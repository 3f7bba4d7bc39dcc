from actors.runtime.actor import MailboxActor


class RecordingActor(MailboxActor):
    """Records its messages and hooks; raises a message that is an exception."""

    def __init__(self, received):
        super().__init__()
        self.received = received

    def on_start(self):
        self.received.append("started")

    def on_restart(self):
        self.received.append("restarted")

    def on_stop(self):
        self.received.append("stopped")

    def on_receive(self, message):
        if isinstance(message, BaseException):
            raise message
        self.received.append(message)
        return f"heard {message}"
