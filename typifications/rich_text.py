"""Speech as rich text: what is harmless is kept, and `{{customer.name}}` becomes the name. Pure."""

import html
import re
from collections.abc import Mapping
from typing import Any

import nh3

from lists.folding import fold

TAGS = {
    "a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "li", "ol", "p",
    "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "*": {"style"},
}
STYLES = {"color", "background-color", "font-weight", "font-style", "text-align", "text-decoration"}
SCHEMES = {"http", "https", "mailto", "tel"}

FIXED = (
    "customer.name",
    "customer.document",
    "customer.key",
    "phone",
    "campaign.name",
    "agent.name",
)
"""Names a speech may hold, beside `data.` with a column of the base."""
_SPANISH = {
    "nombre": "customer.name",
    "documento": "customer.document",
    "telefono": "phone",
    "teléfono": "phone",
    "campaña": "campaign.name",
    "agente": "agent.name",
}
_BRACES = re.compile(r"\{\{([^{}]{1,400})\}\}")
_MARKUP = re.compile(r"<[^<>]*>")
_OWN = re.compile(r"data\.\s*\S.*", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}<>]{1,80}?)\s*\}\}")


def safe(text: str) -> str:
    """Without scripts, forms, frames, pictures and whatever else could act or call home."""
    return nh3.clean(
        text,
        tags=TAGS,
        attributes=ATTRIBUTES,
        filter_style_properties=STYLES,
        url_schemes=SCHEMES,
        url_relative="deny",
        link_rel="noopener noreferrer",
    )


def gathered(text: str) -> str:
    """Without the markup an editor left between the braces: `{{<b>nombre</b>}}` is `{{nombre}}`."""
    return _BRACES.sub(lambda match: "{{" + _MARKUP.sub("", match[1]) + "}}", text)


def words(text: str) -> str:
    """What is there to be read: an editor that was emptied leaves `<p><br></p>`."""
    return html.unescape(nh3.clean(text, tags=set())).strip()


def placeholders(text: str) -> tuple[str, ...]:
    """The names in a speech, each once, in their order."""
    return tuple(dict.fromkeys(_name(match[1]) for match in _PLACEHOLDER.finditer(text)))


def unknown(text: str) -> tuple[str, ...]:
    """Those that no customer could ever fill."""
    return tuple(name for name in placeholders(text) if name not in FIXED and not _OWN.fullmatch(name))


def rendered(text: str, values: Mapping[str, Any]) -> str:
    """The speech with this customer's values in it; what is not known is left out. Made safe once more, for a
    value may stand in a link."""

    known = {fold(name): value for name, value in values.items()}  # {{data.Saldo}} is the file's SALDO

    def filled(match: re.Match[str]) -> str:
        value = known.get(fold(_name(match[1])))
        return "" if value is None else html.escape(str(value))

    return safe(_PLACEHOLDER.sub(filled, text))


def _name(typed: str) -> str:
    """As it was meant: editors put hard blanks and entities between the braces."""
    name = html.unescape(typed).strip()
    low = name.lower()
    return low if low in FIXED else _SPANISH.get(low, name)
