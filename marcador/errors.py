"""What ends a command. Each message is one sentence for whoever typed it."""


class CannotGoOn(Exception):
    """Ends the command with exit status 2 and this sentence on standard error."""


class ConfigError(CannotGoOn):
    """A setting cannot be used; the message says which and how to mend it."""
