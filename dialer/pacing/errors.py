"""What a caller can do wrong with a pacer."""


class PacingError(Exception):
    """A pacer was asked for in a way that makes no sense."""


class UnknownPacer(PacingError):
    """No pacer has this name."""


class BadOption(PacingError):
    """An option is unknown, or its value is outside its range."""
