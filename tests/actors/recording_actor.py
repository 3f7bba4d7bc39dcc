from actors.runtime.actor import MailboxActor


class RecordingActor(MailboxActor):
    """Notes what it hears and lives through; raises what it is told if that is an exception."""

    def __init__(self, heard):
        super().__init__()
        self.heard = heard

    def on_start(self):
        self.heard.append("started")

    def on_restart(self):
        self.heard.append("restarted")

    def on_stop(self):
        self.heard.append("stopped")

    def on_receive(self, message):
        if isinstance(message, BaseException):
            raise message
        self.heard.append(message)
        return f"heard {message}"
