"""The results the demo's agents choose from: three levels, every action, Spanish as on most floors."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Leaf:
    """One result, its share among its siblings, and its children."""

    name: str
    weight: float = 1.0
    action: str | None = None
    classes: tuple[str, ...] = ()
    children: tuple["Leaf", ...] = field(default=())


TREE: tuple[Leaf, ...] = (
    Leaf(
        "Contactado",
        weight=7,
        classes=("human",),
        children=(
            Leaf(
                "Titular",
                weight=6,
                classes=("right_party",),
                children=(
                    Leaf("Acepta la oferta", weight=3, action="no_action", classes=("success",)),
                    Leaf("No le interesa", weight=4, action="no_action"),
                    Leaf("Pide que le llamen otro día", weight=2, action="schedule"),
                    Leaf("No desea más llamadas", weight=1, action="do_not_call", classes=("opt_out",)),
                ),
            ),
            Leaf("No está el titular", weight=2, action="recall"),
            Leaf("Número equivocado", weight=1, action="recall_alternate", classes=("wrong_number",)),
        ),
    ),
    Leaf("Buzón de voz", weight=1, action="recall_alternate", classes=("machine",)),
    Leaf("Se corta la llamada", weight=1, action="recall"),
)
