"""What is wrong with a request, in its reader's words."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import Field, StringConstraints, ValidationError

from crm_api.bases.schemas import Region
from crm_api.problems import MOST, told
from crm_api.schemas import ClockTime, Data, In, KnownZone, Name, When
from crm_api.words.schemas import Language
from lists.model import PhoneState


class Body(In):
    name: Name = "x"
    region: Region = "ES"
    code: Annotated[str, StringConstraints(min_length=8, pattern="^[a-z]+$")] = "abcdefgh"
    zone: KnownZone = "UTC"
    at: ClockTime | None = None
    when: When | None = None
    id: UUID | None = None
    many: Annotated[tuple[int, ...], Field(min_length=1, max_length=3)] = (1,)
    share: Annotated[Decimal, Field(ge=0, le=1, decimal_places=2)] = Decimal(0)
    yes: bool = False
    state: PhoneState = PhoneState.GOOD
    data: Data = Field(default_factory=dict)


def problems(body: dict[str, Any], language: Language = Language.ES) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refused:
        Body.model_validate(body)
    found = told([dict(one) for one in refused.value.errors()], language)
    return [(".".join(one["where"]), one["message"]) for one in found]


@pytest.mark.parametrize(
    ("body", "where", "message"),
    [
        ({"surprise": 1}, "surprise", "no existe ese campo"),
        ({"name": "x" * 121}, "name", "tiene más de 120 caracteres"),
        ({"name": " "}, "name", "no puede quedar vacío"),
        ({"name": 7}, "name", "tiene que ser un texto"),
        ({"code": "abc"}, "code", "necesita al menos 8 caracteres"),
        ({"region": "spain"}, "region", "no tiene la forma esperada: dos letras mayúsculas, como AR"),
        ({"zone": "Mars/Base"}, "zone", "no existe esa zona horaria (como Europe/Madrid)"),
        ({"at": "25:00"}, "at", "no es una hora del día (09:30)"),
        ({"at": "09:30+01:00"}, "at", "la hora local va sin zona (2026-03-02T15:00:00)"),
        ({"when": "2026-03-02T15:00:00"}, "when", "la hora va con su zona (2026-03-02T15:00:00Z)"),
        ({"when": "mañana"}, "when", "no es una fecha con hora (2026-03-02T15:00:00Z)"),
        ({"when": "1890-01-01T00:00:00Z"}, "when", "la fecha no está entre los años 2000 y 2200"),
        ({"id": "x"}, "id", "no es un identificador"),
        ({"many": []}, "many", "necesita al menos 1"),
        ({"many": [1, 2, 3, 4]}, "many", "son más de 3"),
        ({"many": "1,2"}, "many", "tiene que ser una lista"),
        ({"many": [1, "dos"]}, "many.1", "no es un número entero"),
        ({"share": "1.01"}, "share", "es mayor que lo admitido (1)"),
        ({"share": -1}, "share", "es menor que lo admitido (0)"),
        ({"share": "0.005"}, "share", "tiene demasiados dígitos (hasta 2)"),
        ({"share": "mucho"}, "share", "no es un número"),
        ({"yes": "quizás"}, "yes", "tiene que ser sí o no (true o false)"),
        ({"state": "sad"}, "state", "no es uno de los valores admitidos: good, bad, wrong_number"),
        ({"data": []}, "data", "tiene que ser un objeto con campos"),
        ({"data": {"a": float("nan")}}, "data", "no es un número"),
    ],
)
def test_each_slip_is_told_where_it_is_and_in_plain_words(
    body: dict[str, Any], where: str, message: str
) -> None:
    assert problems(body) == [(where, message)]


def test_the_same_is_told_in_english() -> None:
    assert problems({"region": "spain", "surprise": 1}, Language.EN) == [
        ("region", "does not look as expected: two capital letters, such as AR"),
        ("surprise", "there is no such field"),
    ]


def test_a_kind_nobody_has_foreseen_is_told_as_what_is_not_allowed() -> None:
    odd = {"type": "url_parsing", "loc": ("body", "url"), "ctx": {"error": "relative", "ge": datetime.min}}
    (found,) = told([odd], Language.EN)
    assert (found["problem"], found["message"]) == ("other", "is not an allowed value")


def test_of_very_many_slips_a_bounded_number_is_told() -> None:
    assert len(problems({f"f{n}": n for n in range(MOST + 10)})) == MOST
