"""What an installation words and times its own way."""

from typing import Annotated

from pydantic import Field, StringConstraints

from crm_api.schemas import Columns, In, Out

Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Minutes = Annotated[int, Field(ge=0, le=24 * 60)]


class PlaceLabels(Out):
    """How the fields of a customer's place are named; their values are `data.country` to `data.address`."""

    country: Label = "País"
    region: Label = "Departamento"
    city: Label = "Localidad"
    district: Label = "Barrio"
    address: Label = "Dirección"


class PlaceLabelsEdit(In):
    country: Label | None = None
    region: Label | None = None
    city: Label | None = None
    district: Label | None = None
    address: Label | None = None


class PreferencesOut(Out):
    """`notification_minutes`: how long before an agenda event its agent is reminded; 0: when it is due.
    `key_columns`: what customers are known by in a new base that says nothing else."""

    place_labels: PlaceLabels = PlaceLabels()
    notification_minutes: Minutes = 10
    key_columns: Columns = ()


class PreferencesEdit(In):
    """What is not given stays."""

    place_labels: PlaceLabelsEdit | None = None
    notification_minutes: Minutes | None = None
    key_columns: Columns | None = None
