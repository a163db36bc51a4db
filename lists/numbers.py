"""Phone numbers as typed, read into E.164.

`parse` answers what the phonenumbers library answers, with old mobile forms brought up to date and some zones
corrected. Where a number has an everyday shape, patterns compiled once per country from the library's own
metadata do it many times faster; everything unusual goes to the library. A property test holds the two equal.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)
from phonenumbers.timezone import time_zones_for_number

from lists import zone_overrides
from lists.plans import Plan, plan_of, plan_of_region

UNKNOWN_ZONE = "Etc/Unknown"


class Number(NamedTuple):
    """A number that can be dialled. Not `valid`: possible by its length, but in no range known to be in use.

    `zones` are all the IANA zones its prefix may lie in; () where nobody knows. (A tuple, because a load
    makes millions, and a frozen dataclass takes three times as long.)
    """

    e164: str
    zones: tuple[str, ...]
    valid: bool
    mobile: bool


@dataclass(frozen=True, slots=True)
class BadNumber:
    """`reason` is a stable word: empty, not_a_number, too_short, too_long, wrong_length, unknown_country,
    scientific_notation."""

    reason: str


_PLAIN = re.compile(r"\+?[0-9][0-9 .()/\-\u00a0]{5,30}")
_MOST = 31  # characters of a plain number
_NOT_DIGITS = str.maketrans("", "", "+ .()/-\u00a0")
_NOT_DIGITS_BUT_PLUS = str.maketrans("", "", " .()/-\u00a0")
# A spreadsheet's way of ruining numbers: 3,36123E+10 has lost its digits; 612345678.0 has only gained a ".0".
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d{1,2}")
_FLOAT = re.compile(r"(\+?\d{6,15})[.,]0")
_E164 = re.compile(r"\+[1-9][0-9]{5,14}")
_BAD_LENGTH = {
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too_short",
    ValidationResult.TOO_LONG: "too_long",
    ValidationResult.INVALID_LENGTH: "wrong_length",
    ValidationResult.INVALID_COUNTRY_CODE: "unknown_country",
}
_BAD_PARSE = {
    NumberParseException.INVALID_COUNTRY_CODE: "unknown_country",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_LONG: "too_long",
}
_MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


def parse(typed: str, region: str) -> Number | BadNumber:
    """Read a number as a person or a spreadsheet wrote it; `region` (ISO 3166) reads national ones."""
    text = typed.strip()
    if not _all_digits(text):
        if not text:
            return BadNumber("empty")
        if _SCIENTIFIC.fullmatch(text):
            return BadNumber("scientific_notation")
        if float_form := _FLOAT.fullmatch(text):
            text = float_form[1]
    if region == "MX" or "521" in text:
        text = _without_old_prefix(text, region)
    found = parse_fast(text, region) or parse_by_library(text, region)
    if isinstance(found, BadNumber):
        return found
    e164 = found.e164
    if e164.startswith("+55") and (folded := _with_ninth_digit(e164)) != e164:
        return parse_by_library(folded, region)
    if e164[1] == "1" and (zones := zone_overrides.ZONES.get(e164[1 : 1 + zone_overrides.PREFIX_LENGTH])):
        return found._replace(zones=zones) if found.zones else found
    return found


def parse_fast(text: str, region: str) -> Number | None:
    """The everyday shapes. None: not one of them, ask the library."""
    if _all_digits(text) and 6 <= len(text) <= _MOST:
        digits = text.lstrip("+")
    elif _PLAIN.fullmatch(text):
        digits = text.translate(_NOT_DIGITS)
    else:
        return None
    if text[0] == "+":
        plan = _plan_of_international(digits)
        if plan is None:
            return None
        national = digits[len(plan.country_code) :]
        found = plan.read_from_abroad(national)
        if found is not None:
            return _number(plan, *found)
        if plan.could_carry_a_prefix(national):
            return None
    else:
        plan = plan_of_region(region)
        if plan is None:
            return None
        found = plan.read_at_home(digits)
        if found is not None:
            return _number(plan, *found)
        if digits.startswith(plan.country_code) or plan.dials_out(digits):
            return None
        stripped = plan.strip_prefix(digits)
        if stripped is None:
            return None
        national = stripped
    if national[:1] in ("", "0") or len(national) not in plan.lengths:
        return None
    main = plan_of(plan.country_code)
    assert main is not None
    return _number(main, national, main.kind(national))


def _all_digits(text: str) -> bool:
    """But for a plus sign before them."""
    digits = text[1:] if text[:1] == "+" else text
    return digits.isdigit() and digits.isascii()


def _plan_of_international(digits: str) -> Plan | None:
    return plan_of(digits[:2]) or plan_of(digits[:1]) or plan_of(digits[:3])


def _number(plan: Plan, national: str, kind: str) -> Number | None:
    digits = plan.country_code + national
    if not 6 <= len(digits) <= 15:
        return None
    return Number("+" + digits, plan.zones(digits, kind), kind != "", kind in ("mobile", "fixed_or_mobile"))


def parse_by_library(text: str, region: str) -> Number | BadNumber:
    """The reference: phonenumbers itself."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        return BadNumber(_BAD_PARSE.get(error.error_type, "not_a_number"))
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != ValidationResult.IS_POSSIBLE:
        return BadNumber(_BAD_LENGTH.get(possible, "not_a_number"))
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not _E164.fullmatch(e164):
        return BadNumber("wrong_length")
    zones = tuple(zone for zone in time_zones_for_number(number) if zone != UNKNOWN_ZONE)
    kind = phonenumbers.number_type(number)
    return Number(e164, zones, phonenumbers.is_valid_number(number), kind in _MOBILE)


@cache
def known_region(region: str) -> bool:
    return PhoneMetadata.metadata_for_region(region, None) is not None


# Forms carriers still send: Mexico's mobile prefixes 1, 01, 044 and 045 (gone since 2019), and Brazilian
# mobiles without their ninth digit (added 2012 to 2016).
_MEXICO_ABROAD = re.compile(r"(?:\+|00)521(\d{10})")
_MEXICO_AT_HOME = re.compile(r"(?:044|045|01|1)(\d{10})")
_BRAZIL_OLD = re.compile(r"\+55([1-9][1-9])([6-9]\d{7})")


def _without_old_prefix(text: str, region: str) -> str:
    compact = text.translate(_NOT_DIGITS_BUT_PLUS)
    match = _MEXICO_ABROAD.fullmatch(compact)
    if match is None and region == "MX":
        match = _MEXICO_AT_HOME.fullmatch(compact)
    return f"+52{match[1]}" if match else text


def _with_ninth_digit(e164: str) -> str:
    match = _BRAZIL_OLD.fullmatch(e164)
    return f"+55{match[1]}9{match[2]}" if match else e164


def fold_inbound(text: str, region: str) -> str | None:
    """A caller's number as a carrier sent it (national, international, with or without +), in the form
    phones are kept in; None when it is hidden or unreadable."""
    found = parse(text, region)
    if isinstance(found, Number):
        return found.e164
    if text.strip().isdigit():  # many carriers send E.164 without its plus sign
        found = parse("+" + text.strip(), region)
    return found.e164 if isinstance(found, Number) else None
