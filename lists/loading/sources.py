"""From what was asked to rows: the file checked, its kind told, its header read."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from lists.base_fields import BaseFields
from lists.errors import LoadError
from lists.folding import fold
from lists.loading.mapping import locate
from lists.loading.model import LoadSpec
from lists.loading.reading import Format, Row, Torn, detect, header_of, records
from lists.loading.rows import RowReader, Rules, list_reader, table_reader
from lists.loading.workbook import begun, is_workbook, workbook_records
from lists.model import SameCustomer
from lists.numbers import known_region
from lists.zones import known_zone

_LIST_DELIMITER = ";"
NO_FIELDS = BaseFields()


def check(spec: LoadSpec) -> None:
    """Refuse what cannot work before anything is read. Raises LoadError."""
    if not known_region(spec.region):
        raise unknown_region(spec.region)
    if spec.zone and not known_zone(spec.zone):
        said = f"There is no time zone {spec.zone!r}; give an IANA name such as Europe/Paris."
        raise LoadError("unknown_zone", said, zone=spec.zone)
    if spec.mapping and spec.campaign_id is None:
        raise LoadError("campaign_missing", "Say which campaign the file is for.")
    if spec.dial_list_id and not spec.mapping:
        raise LoadError(
            "list_format_makes_lists",
            "A file in the dialer's list format names its campaigns: it makes lists of its own.",
        )
    if not spec.mapping and not spec.campaigns:
        raise LoadError(
            "no_campaigns", "A file in the dialer's list format names its campaigns, and none is known."
        )
    if not spec.path.is_file():
        raise LoadError("no_such_file", f"There is no file {spec.shown_name}.", file=spec.shown_name)
    if spec.path.stat().st_size == 0:
        raise LoadError("empty", f"The file {spec.shown_name} is empty.", file=spec.shown_name)


def unknown_region(region: str) -> LoadError:
    return LoadError(
        "unknown_region", f"There is no region {region!r}; give an ISO 3166 code such as FR.", region=region
    )


def mapping_of(spec: LoadSpec) -> Mapping[str, Any]:
    """What decides how the file is read, as kept with the load."""
    kept: dict[str, Any] = {
        "columns": asdict(spec.mapping) if spec.mapping else None,
        "region": spec.region,
        "encoding": spec.encoding,
        "delimiter": spec.delimiter,
        "zone": spec.zone,
        "reject_invalid": spec.reject_invalid,
        "campaigns": {} if spec.mapping else {name: str(id) for name, id in spec.campaigns.items()},
    }
    if spec.same_customer is not SameCustomer.REFUSE:  # left out otherwise: former loads are still known
        kept["same_customer"] = spec.same_customer
    if spec.dial_list_id is not None:
        kept["dial_list"] = str(spec.dial_list_id)
    return kept


def file_hash(spec: LoadSpec) -> str:
    """Of file and mapping: the same again is the same load."""
    digest = hashlib.sha256(msgspec.json.encode(mapping_of(spec), order="deterministic"))
    with spec.path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def format_of(spec: LoadSpec) -> Format | None:
    """How to read the text; None for a workbook. Raises LoadError."""
    if is_workbook(spec.path):
        return None
    if spec.mapping:
        return detect(spec.path, encoding=spec.encoding, delimiter=spec.delimiter)
    found = detect(spec.path, encoding=spec.encoding, delimiter=spec.delimiter or _LIST_DELIMITER)
    return Format(found.encoding, found.delimiter, quoted=False)


def opened(
    spec: LoadSpec, format: Format | None, fields: BaseFields = NO_FIELDS
) -> tuple[RowReader, Iterator[Row | Torn]]:
    """What reads a row, and the data rows: a table's header has been taken off. `fields` of the base the rows
    go into. Raises LoadError."""
    found = workbook_records(spec.path) if format is None else records(spec.path, format)
    if spec.mapping is None:
        found = begun(found)
        campaigns = {fold(name): campaign_id for name, campaign_id in spec.campaigns.items()}
        return list_reader(Rules(spec.region, campaigns, spec.agents, spec.reject_invalid, fields)), found
    assert spec.campaign_id is not None
    header = header_of(found)
    rules = Rules(spec.region, {"": spec.campaign_id}, spec.agents, spec.reject_invalid, fields)
    return table_reader(locate(spec.mapping, header.cells), rules), found
