"""What can go wrong between us and Asterisk. A busy line is no error: it is an event."""


class AmiError(Exception):
    """Root of this room's errors."""


class BadAction(AmiError, ValueError):
    """A value that must never reach Asterisk (a line break, a letter in a number). Raised before sending."""


class LinkLost(AmiError):
    """There is no session, or it ended before the answer: where `sent`, nobody knows whether it was done."""

    def __init__(self, message: str, *, sent: bool = False) -> None:
        super().__init__(message)
        self.sent = sent


class ActionTimeout(AmiError):
    """No answer within the action's deadline. The action may have been carried out, or may be later."""


class ActionRefused(AmiError):
    """Asterisk answered with an error; nothing was done."""


class LoginRefused(AmiError):
    """Wrong user or secret, or no permission: tried again, but somebody must mend it."""


class BadPeer(AmiError):
    """What answers on that port does not speak AMI."""
