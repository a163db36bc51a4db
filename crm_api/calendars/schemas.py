"""The calendar feed of an agent."""

from crm_api.schemas import Out


class FeedOut(Out):
    """`path` holds the secret, and is shown this once: whoever has it reads the agent's agenda."""

    path: str
