"""Numbering plans compiled from the phonenumbers library's metadata: one pattern a region, tried in its
order."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata
from phonenumbers.phonenumberutil import PhoneNumberType, is_number_type_geographical
from phonenumbers.tzdata import TIMEZONE_DATA

# The order in which the library asks what a number is.
_KINDS = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
_UNKNOWN_ZONE = "Etc/Unknown"


@dataclass(frozen=True, slots=True)
class Region:
    """`kind` names what a national number is, '' if it is nothing here; `leads` decides alone where it is
    given."""

    leads: re.Pattern[str] | None
    general: re.Pattern[str]
    kinds: re.Pattern[str]
    same_fixed_and_mobile: bool
    mobile: re.Pattern[str]

    def kind(self, national: str) -> str:
        if not self.general.fullmatch(national):
            return ""
        match = self.kinds.fullmatch(national)
        if match is None:
            return ""
        kind = match.lastgroup or ""
        return self.fixed_kind(national) if kind == "fixed_line" else kind

    def fixed_kind(self, national: str) -> str:
        both = self.same_fixed_and_mobile or self.mobile.fullmatch(national)
        return "fixed_or_mobile" if both else "fixed"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the everyday path needs of one country calling code."""

    country_code: str
    lengths: frozenset[int]
    regions: tuple[Region, ...]
    prefix: str  # the trunk prefix where it is a plain one, such as 0
    prefix_pattern: re.Pattern[str] | None
    general: re.Pattern[str]
    dial_out: re.Pattern[str] | None
    geographical: frozenset[str]
    country_zones: tuple[str, ...]
    zone_lengths: tuple[int, ...]  # of the prefixes whose zones are known, longest first
    at_home: re.Pattern[str]  # a valid number as dialled inside the country, in one look
    from_abroad: re.Pattern[str]  # the same behind its country code

    def read_at_home(self, digits: str) -> tuple[str, str] | None:
        """National number and kind of a valid number as dialled inside the country. None: look closer."""
        match = self.at_home.match(digits)
        return None if match is None else self._found(digits, match)

    def read_from_abroad(self, national: str) -> tuple[str, str] | None:
        match = self.from_abroad.match(national)
        return None if match is None else self._found(national, match)

    def _found(self, digits: str, match: re.Match[str]) -> tuple[str, str] | None:
        kind = match.lastgroup or ""
        national = digits[match.start(kind) :]
        if kind == "fixed_line":
            kind = self.regions[0].fixed_kind(national)
        return (national, kind) if len(national) in self.lengths else None

    def could_carry_a_prefix(self, national: str) -> bool:
        match = self.prefix_pattern.match(national) if self.prefix_pattern else None
        return bool(match and match.end())

    def dials_out(self, digits: str) -> bool:
        return bool(self.dial_out and self.dial_out.match(digits))

    def strip_prefix(self, digits: str) -> str | None:
        """The number without its trunk prefix; None where only the library knows whether to take it off."""
        if not self.could_carry_a_prefix(digits):
            return digits
        if not self.prefix or self.general.fullmatch(digits):
            return None
        return digits[len(self.prefix) :]

    def kind(self, national: str) -> str:
        if len(self.regions) == 1:
            return self.regions[0].kind(national)
        for region in self.regions:
            if region.leads is not None:
                if region.leads.match(national):
                    return region.kind(national)
            elif kind := region.kind(national):
                return kind
        return ""

    def zones(self, digits: str, kind: str) -> tuple[str, ...]:
        if not kind:
            return ()
        if kind not in self.geographical:
            return self.country_zones
        return _zones_of_prefix(digits, self.zone_lengths)


def _zones_of_prefix(digits: str, lengths: Sequence[int]) -> tuple[str, ...]:
    known = _known_zones()
    for length in lengths:
        zones = known.get(digits[:length])
        if zones is not None:
            return zones
    return ()


@cache
def _known_zones() -> Mapping[str, tuple[str, ...]]:
    """By prefix, without the library's word for not knowing."""
    return {
        prefix: tuple(zone for zone in zones if zone != _UNKNOWN_ZONE)
        for prefix, zones in TIMEZONE_DATA.items()
    }


def _zone_lengths(country_code: str) -> tuple[int, ...]:
    related = {
        len(prefix)
        for prefix in _known_zones()
        if prefix.startswith(country_code) or country_code.startswith(prefix)
    }
    return tuple(sorted(related, reverse=True))


@cache
def plan_of_region(region: str) -> Plan | None:
    """The plan national numbers of this region are read by."""
    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        return None
    return _plan(str(metadata.country_code), metadata)


@cache
def plan_of(country_code: str) -> Plan | None:
    """The plan of a country calling code, by its main region. None: no such code, or one without regions."""
    if not country_code or country_code[0] == "0":
        return None
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(country_code))
    if not regions or regions[0] == "001":
        return None
    return _plan(country_code, PhoneMetadata.metadata_for_region(regions[0], None))


def _plan(country_code: str, metadata: Any) -> Plan:
    codes: Sequence[str] = COUNTRY_CODE_TO_REGION_CODE[int(country_code)]
    regions = [PhoneMetadata.metadata_for_region(code, None) for code in codes]
    main: Any = regions[0] if codes[0] != "001" else metadata
    prefix = metadata.national_prefix_for_parsing or ""
    zone_lengths = _zone_lengths(country_code)
    own = _without_prefix(prefix, metadata.general_desc.national_number_pattern)
    not_abroad = "".join(rf"(?!{p})" for p in (country_code, metadata.international_prefix) if p)
    valid = _valid_in_main_region(next(m for m in regions if m is not None))
    return Plan(
        country_code=country_code,
        # A number must be possible in its own region (to be stripped) and in the main one (to be accepted).
        lengths=frozenset(metadata.general_desc.possible_length)
        & frozenset(main.general_desc.possible_length),
        regions=tuple(_region(m) for m in regions if m is not None),
        prefix=prefix if prefix.isdigit() else "",
        prefix_pattern=re.compile(prefix) if prefix else None,
        general=re.compile(metadata.general_desc.national_number_pattern),
        dial_out=re.compile(metadata.international_prefix) if metadata.international_prefix else None,
        geographical=_geographical(int(country_code)),
        country_zones=_zones_of_prefix(country_code, zone_lengths),
        zone_lengths=zone_lengths,
        at_home=re.compile(f"{not_abroad}{own}{valid}"),
        from_abroad=re.compile(f"{_no_prefix(prefix)}{valid}"),
    )


def _no_prefix(prefix: str) -> str:
    """Nothing the trunk prefix would match (what matches without taking a digit is no prefix)."""
    return rf"(?!(?:{prefix})(?<!^))" if prefix else ""


def _without_prefix(prefix: str, general: str) -> str:
    """Past the trunk prefix, where it is plain and the number would be nothing with it."""
    if not prefix.isdigit():
        return _no_prefix(prefix)
    return rf"(?:(?!(?:{general})\Z){prefix}|(?!{prefix}))"


def _valid_in_main_region(metadata: Any) -> str:
    leads = f"(?={metadata.leading_digits})" if metadata.leading_digits else ""
    general = _pattern(metadata.general_desc) or "(?!)"
    return rf"(?=[1-9]){leads}(?={general}\Z)(?:{_kinds(metadata)})\Z"


def _geographical(country_code: int) -> frozenset[str]:
    types = {
        "fixed": PhoneNumberType.FIXED_LINE,
        "fixed_or_mobile": PhoneNumberType.FIXED_LINE_OR_MOBILE,
        "mobile": PhoneNumberType.MOBILE,
    }
    geographical: Callable[[int, int], bool] = is_number_type_geographical
    return frozenset(kind for kind, value in types.items() if geographical(value, country_code))


def _kinds(metadata: Any) -> str:
    """Alternatives named by what a number is."""
    descriptions: Mapping[str, Any] = {
        **{kind: getattr(metadata, kind) for kind in _KINDS},
        "fixed_line": metadata.fixed_line,
        **({} if metadata.same_mobile_and_fixed_line_pattern else {"mobile": metadata.mobile}),
    }
    alternatives = [
        f"(?P<{kind}>{pattern})" for kind, d in descriptions.items() if (pattern := _pattern(d)) is not None
    ]
    return "|".join(alternatives) or "(?!)"


def _region(metadata: Any) -> Region:
    return Region(
        leads=re.compile(metadata.leading_digits) if metadata.leading_digits else None,
        general=re.compile(_pattern(metadata.general_desc) or r"(?!)"),
        kinds=re.compile(_kinds(metadata)),
        same_fixed_and_mobile=bool(metadata.same_mobile_and_fixed_line_pattern),
        mobile=re.compile(_pattern(metadata.mobile) or r"(?!)"),
    )


def _pattern(description: Any) -> str | None:
    """The library matches the length first, then the pattern, both wholly."""
    if description is None or not description.national_number_pattern:
        return None
    lengths = description.possible_length
    of_length = "|".join(rf"\d{{{length}}}" for length in lengths)
    ahead = rf"(?=(?:{of_length})\Z)" if lengths else ""
    return f"{ahead}(?:{description.national_number_pattern})"
