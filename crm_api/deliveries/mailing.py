"""A file by e-mail. smtplib blocks: to be called in a thread."""

import smtplib
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP

from crm_api.deliveries.errors import NotDelivered
from crm_api.settings import MailServer, Tls

STEP_S = 20.0
ALL_S = 180.0
"""For the whole conversation with the server; less than the lease of a run."""


def send(server: MailServer, message: EmailMessage, recipients: Sequence[str]) -> Mapping[str, str]:
    """One message for all. Answers those the server refused, if it took any. Raises NotDelivered.

    Until the text is handed over nothing has gone out. A connection lost after that leaves it open.
    """
    handed = False
    end = time.monotonic() + ALL_S
    try:
        with _connection(server) as smtp:
            _expect(smtp.mail(server.sender), "the sender")
            refused = _recipients(smtp, recipients, end)
            handed = True
            _expect(smtp.data(message.as_bytes(policy=SMTP)), "the message")
    except smtplib.SMTPAuthenticationError as error:
        raise NotDelivered(
            "mail_login_refused", f"the mail server refused our log-in ({error.smtp_code})"
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise NotDelivered("mail_not_secure", f"the mail server cannot do what we need: {error}") from error
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error, "the conversation") from error
    except (smtplib.SMTPException, OSError) as error:
        if handed:
            raise NotDelivered(
                "mail_unsure", f"the mail server was lost in mid-message: {error}", unsure=True
            ) from error
        raise NotDelivered(
            "mail_unreachable", f"the mail server cannot be reached: {error}", again=True
        ) from error
    return refused


@contextmanager
def _connection(server: MailServer) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context()
    if server.tls is Tls.IMPLICIT:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=STEP_S, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=STEP_S)
    try:
        if server.tls is Tls.STARTTLS:
            smtp.starttls(context=context)
        if server.user:
            smtp.login(server.user, server.password)
        else:
            smtp.ehlo_or_helo_if_needed()
        yield smtp
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()  # the message is theirs already, whatever they say to this
    finally:
        smtp.close()


def _recipients(smtp: smtplib.SMTP, recipients: Sequence[str], end: float) -> dict[str, str]:
    refused: dict[str, str] = {}
    again = False
    for recipient in recipients:
        if time.monotonic() > end:
            raise TimeoutError(f"it did not end within {ALL_S:g} s")
        code, said = smtp.rcpt(recipient)
        if code not in (250, 251):
            refused[recipient] = f"{code} {_text(said)}"
            again |= 400 <= code < 500
    if len(refused) == len(recipients):
        told = "; ".join(f"{who}: {why}" for who, why in refused.items())
        raise NotDelivered(
            "recipients_refused", f"the mail server refused every recipient: {told}", again=again
        )
    return refused


def _expect(answer: tuple[int, bytes], what: str) -> None:
    code, said = answer
    if code != 250:
        raise _refused(code, said, what)


def _refused(code: int, said: bytes | str, what: str) -> NotDelivered:
    return NotDelivered(
        "mail_refused", f"the mail server refused {what}: {code} {_text(said)}", again=400 <= code < 500
    )


def _text(said: bytes | str) -> str:
    return (said.decode(errors="replace") if isinstance(said, bytes) else said)[:200]
