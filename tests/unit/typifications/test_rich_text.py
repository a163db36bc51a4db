"""Speech: what of a text is kept, and how a customer's fields come into it."""

import pytest

from typifications.rich_text import gathered, placeholders, rendered, safe, unknown


@pytest.mark.parametrize(
    "kept",
    [
        "<p>Buenos <strong>días</strong></p>",
        '<p style="color:red">ojo</p>',
        "<ul><li>uno</li></ul>",
        '<a href="https://example.com/guia" rel="noopener noreferrer">guía</a>',
    ],
)
def test_rich_text_is_kept(kept: str) -> None:
    assert safe(kept) == kept


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<img src="x" onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        '<iframe src="https://example.com"></iframe>',
        '<p onclick="alert(1)">x</p>',
        '<p style="position:fixed;background-image:url(https://example.com)">x</p>',
        '<form action="https://example.com"><input name="pin"></form>',
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
    ],
)
def test_what_could_act_or_call_home_is_not(hostile: str) -> None:
    text = safe(hostile)
    for trace in ("script", "onerror", "onclick", "iframe", "example.com", "position", "<input", "<form"):
        assert trace not in text


def test_placeholders_are_filled_with_the_customers_fields() -> None:
    text = "<p>Hola {{customer.name}}, debe {{ data.saldo }} al {{telefono}}{{data.nada}}.</p>"
    values = {"customer.name": "Ana", "data.saldo": 120.5, "phone": "+34612345678"}
    assert rendered(text, values) == "<p>Hola Ana, debe 120.5 al +34612345678.</p>"


def test_a_placeholder_means_its_field_whatever_its_case_accents_and_hard_blanks() -> None:
    text = safe("<p>{{&nbsp;NOMBRE }} {{data.Dirección &amp; piso}} {{Data.SALDO}} {{Customer.Name}}</p>")
    assert unknown(text) == ()
    values = {"customer.name": "Ana", "data.direccion & piso": "Sol 1", "data.Saldo": 7}
    assert rendered(text, values) == "<p>Ana Sol 1 7 Ana</p>"
    assert unknown("{{data.}} {{datos.x}}") == ("data.", "datos.x")


def test_markup_within_a_placeholder_does_not_keep_it_from_being_filled() -> None:
    text = safe(gathered("<p><b>Hola {{<i>nom</i>bre</b>}}, {{ <span>data.saldo</span> }} {{</p>"))
    assert text == "<p><b>Hola {{nombre}}, {{ data.saldo }} {{</b></p>"
    assert rendered(text, {"customer.name": "Ana", "data.saldo": 7}) == "<p><b>Hola Ana, 7 {{</b></p>"


def test_a_value_cannot_bring_markup_of_its_own() -> None:
    values = {"customer.name": "<script>alert(1)</script>", "data.url": "javascript:alert(1)"}
    text = '{{nombre}} <a href="{{data.url}}">x</a>'
    made = rendered(text, values)
    assert "<script>" not in made
    assert "href" not in made
    assert "&lt;script&gt;" in made


def test_names_nothing_fills_are_told() -> None:
    text = "{{nombre}} {{customer.shoe}} {{data.talla}} {{nombre}}"
    assert placeholders(text) == ("customer.name", "customer.shoe", "data.talla")
    assert unknown(text) == ("customer.shoe",)
