"""What can go wrong between us and Asterisk. A busy line is no error: it is an event."""


class AmiError(Exception):
    """Root of this room's errors."""


class BadAction(AmiError, ValueError):
    """A value that must never reach Asterisk (a line break, a letter in a number). Raised before sending."""


class Unanswered(AmiError):
    """No answer came. Where `sent`, nobody knows whether the action was done; else it never left."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class LinkLost(Unanswered):
    """There is no session, or it ended before the answer."""


class ActionTimeout(Unanswered):
    """No answer within the action's deadline. It may still be carried out later."""


class ActionRefused(AmiError):
    """Asterisk answered with an error; nothing was done."""


class LoginRefused(AmiError):
    """Wrong user or secret, or no permission: tried again, but somebody must mend it."""


class BadPeer(AmiError):
    """What answers on that port does not speak AMI."""
