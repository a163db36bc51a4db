"""A client list of people who do not exist, on numbers that are kept for fiction.

The numbers are the French regulator's ranges for audiovisual works (decision Arcep 2018-0881), so that
nobody can be called by mistake when a demo meets a real trunk.
"""

import csv
import random
from collections.abc import Iterator
from pathlib import Path

FICTION_RANGES = ("019900", "026191", "035301", "046571", "053649", "063998")
"""Each is followed by four free digits."""

REGION = "FR"
ZONE = "Europe/Paris"
MAPPING = "phone=telefono,alternatives=telefonos_alternativos,key=documento,name=nombre"
COLUMNS = ("documento", "nombre", "telefono", "telefonos_alternativos", "ciudad", "saldo")

_NAMES = [
    "Lucía",
    "Martín",
    "Sofía",
    "Mateo",
    "Valentina",
    "Hugo",
    "Camila",
    "Bruno",
    "Elena",
    "Iker",
    "Renata",
    "Óscar",
    "Julia",
    "Andrés",
    "Inés",
    "Tomás",
]
_SURNAMES = [
    "García",
    "Rodríguez",
    "Núñez",
    "Peña",
    "Ibáñez",
    "Muñoz",
    "Castro",
    "Vega",
    "Ríos",
    "Molina",
    "Ortiz",
    "Silva",
    "Duarte",
    "Cano",
]
_CITIES = [
    "Montevideo",
    "Madrid",
    "Bogotá",
    "Lima",
    "Quito",
    "Santiago",
    "Sevilla",
    "Rosario",
    "Monterrey",
    "Asunción",
]


def rows(count: int, *, seed: int) -> Iterator[dict[str, str]]:
    """`count` fictional clients, one in three with an alternative number.

    The same seed gives the same people.
    """
    luck = random.Random(seed)
    numbers = [f"{prefix}{tail:04}" for prefix in FICTION_RANGES for tail in range(10_000)]
    luck.shuffle(numbers)
    for index in range(count):
        alternatives = [numbers.pop()] if luck.random() < 1 / 3 else []
        yield {
            "documento": str(40_000_000 + 37 * index),
            "nombre": f"{luck.choice(_NAMES)} {luck.choice(_SURNAMES)} {luck.choice(_SURNAMES)}",
            "telefono": numbers.pop(),
            "telefonos_alternativos": ":".join(alternatives),
            "ciudad": luck.choice(_CITIES),
            "saldo": str(luck.randrange(0, 5_000)),
        }


def write_csv(path: Path, count: int, *, seed: int) -> None:
    """Write the list as an operator would upload it: header, semicolons, UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, delimiter=";")
        writer.writeheader()
        writer.writerows(rows(count, seed=seed))
