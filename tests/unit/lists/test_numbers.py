"""Numbers as typed."""

import random
from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import available_timezones

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers.geodata import GEOCODE_DATA

from lists.numbers import BadNumber, Number, fold_inbound, parse, parse_by_library, parse_fast
from lists.zone_overrides import OVERLAYS, ZONES

REGIONS = [
    "FR",
    "US",
    "CA",
    "ES",
    "GB",
    "DE",
    "IT",
    "AR",
    "MX",
    "BR",
    "CO",
    "CL",
    "PE",
    "UY",
    "KZ",
    "RU",
    "JM",
    "AU",
]


@st.composite
def shaped(draw: st.DrawFn) -> str:
    """Near-numbers of some country: digits of an example with a few of them changed, in an everyday shape."""
    country = draw(st.sampled_from(REGIONS))
    code = phonenumbers.country_code_for_region(country)
    kind = draw(st.sampled_from([0, 1, 3, 6]))
    sample = phonenumbers.example_number_for_type(country, kind) or phonenumbers.example_number(country)
    assert sample is not None
    digits = list(phonenumbers.national_significant_number(sample))
    for _ in range(draw(st.integers(0, 4))):
        digits[draw(st.integers(0, len(digits) - 1))] = str(draw(st.integers(0, 9)))
    national = "".join(digits)[: draw(st.integers(5, 12))] + draw(st.sampled_from(["", "", "7"]))
    prefix = draw(
        st.sampled_from(["", "0", "1", "8", "00", f"+{code}", f"{code}", f"00{code}", f"+{code} 0", "+"])
    )
    gap = draw(st.sampled_from(["", " ", "-", ".", ") "]))
    return prefix + national[:3] + gap + national[3:]


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(
    text=st.one_of(shaped(), st.text("0123456789+ -().", min_size=3, max_size=18)),
    region=st.sampled_from(REGIONS),
)
@example("310-1234", "CA")
@example("0261915305", "FR")
@example("33261915305", "FR")
@example("+33 0 6 39 98 00 11", "FR")
def test_the_fast_path_answers_what_the_library_answers(text: str, region: str) -> None:
    fast = parse_fast(text, region)

    assert fast is None or fast == parse_by_library(text, region)


@pytest.mark.parametrize("typed", ["0261915305", "+33 2 61 91 53 05", "+13035550152", "06 39 98 00 11"])
def test_everyday_numbers_take_the_fast_path(typed: str) -> None:
    assert parse_fast(typed, "FR") is not None


def test_a_number_knows_every_zone_its_prefix_may_lie_in() -> None:
    found = parse("+18505550162", "US")

    assert isinstance(found, Number)
    assert found.zones == ("America/Chicago", "America/New_York")


def test_a_possible_number_in_no_known_range_is_taken_without_a_zone() -> None:
    assert parse("06 39 98 00 11", "FR") == Number("+33639980011", (), valid=False, mobile=False)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("no tiene", "not_a_number"),
        ("=1+1", "not_a_number"),
        ("555", "too_short"),
        ("+33 1 99 00", "too_short"),
        ("0261915305 0261915306", "too_long"),
        ("+999 12345678", "unknown_country"),
        ("3,36123E+10", "scientific_notation"),
        ("3.36123456e+10", "scientific_notation"),
    ],
)
def test_what_is_no_number_says_why(typed: str, reason: str) -> None:
    assert parse(typed, "FR") == BadNumber(reason)


def test_a_number_a_spreadsheet_made_a_fraction_is_read_without_it() -> None:
    found = parse("261915305.0", "FR")

    assert isinstance(found, Number)
    assert found.e164 == "+33261915305"


@pytest.mark.parametrize(
    ("typed", "region", "e164"),
    [
        ("+5215512345678", "MX", "+525512345678"),
        ("55 1234 5678", "MX", "+525512345678"),
        ("+55 11 8765-4321", "BR", "+5511987654321"),
        ("(11) 98765-4321", "BR", "+5511987654321"),
        ("011 15 2345-6789", "AR", "+5491123456789"),
        ("0261915305", "FR", "+33261915305"),
        ("33261915305", "FR", "+33261915305"),
        ("+33261915305", "FR", "+33261915305"),
        ("13035550152", "FR", "+13035550152"),
        ("anonymous", "FR", None),
        ("", "FR", None),
    ],
)
def test_inbound_numbers_are_folded_to_the_form_phones_are_kept_in(
    typed: str, region: str, e164: str | None
) -> None:
    assert fold_inbound(typed, region) == e164


def test_the_corrected_zones_are_known_zones_and_only_add_candidates() -> None:
    for prefix, zones in ZONES.items():
        assert set(zones) <= available_timezones()
        plain = parse_by_library(f"+{prefix}5550123", "US")
        assert isinstance(plain, Number)
        assert set(plain.zones) <= set(zones), prefix


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+18504340123", ("America/Chicago", "America/New_York")),  # Pensacola, as the library knows
        ("+18502220123", ("America/Chicago", "America/New_York")),  # Tallahassee
        ("+14485550123", ("America/Chicago", "America/New_York")),  # laid over 850
        ("+17015550123", ("America/Chicago", "America/Denver", "America/North_Dakota/Center")),
        ("+12125550123", ("America/New_York",)),
    ],
)
def test_a_number_of_an_area_code_on_a_zones_border_may_lie_on_either_side(
    number: str, zones: tuple[str, ...]
) -> None:
    found = parse(number, "US")
    assert isinstance(found, Number)
    assert found.zones == zones


def test_an_overlay_lies_where_the_code_it_is_laid_over_does() -> None:
    """As far as the library knows: in the same state or province."""
    for code, over in OVERLAYS.items():
        state = GEOCODE_DATA[code]["en"]
        assert GEOCODE_DATA[over]["en"] == state, code
        assert ZONES[code] == ZONES[over]


USERS = ("ES", "MX", "AR", "CO", "CL", "PE", "UY", "PY", "BO", "EC", "VE", "DO", "CR", "BR", "PT", "FR", "IT",
         "DE", "GB", "US", "CA")  # fmt: skip
"""Where those who use it call."""
STRANGE = (
    "+",
    "++",
    "\uff10",
    "\u0663",
    "ext 5",
    ";ext=5",
    "x",
    "e5",
    "\u200b",
    "tel:",
    "*",
    "#",
    "/",
    ",0",
    ".0",
)


def typed_numbers(
    seed: int, count: int, regions: Sequence[str] = (), strange: float = 0.0
) -> Iterator[tuple[str, str]]:
    """Numbers of these regions, or every one: right, changed, cut, lengthened, wrongly prefixed, and sheer
    digits. `strange`: the share of them with something in it that is no digit of ours."""
    dice = random.Random(seed)
    regions = regions or sorted(phonenumbers.SUPPORTED_REGIONS)
    samples = {region: _samples(region) for region in regions}
    for _ in range(count):
        region = dice.choice(regions)
        code = phonenumbers.country_code_for_region(region)
        digits = list(dice.choice(samples[region]))
        for _ in range(dice.randrange(5)):
            digits[dice.randrange(len(digits))] = dice.choice("0123456789")
        if dice.random() < 0.15:
            digits = dice.choices("0123456789", k=dice.randrange(2, 14))
        national = "".join(digits)[: len(digits) - (dice.random() < 0.1)] + "7" * (dice.random() < 0.1)
        abroad = [f"{code}", f"+{code}", f"+{code} 0", f"00{code}", f"0{code}"]
        prefix = dice.choice(["", "", "", "0", "1", "8", "9", "15", "00", "011", "+", *abroad])
        gap = dice.choice(["", "", "", " ", "-", ".", ") ", "\u00a0"])
        typed = prefix + national[:3] + gap + national[3:]
        if dice.random() < strange:
            place = dice.randrange(len(typed) + 1)
            typed = typed[:place] + dice.choice(STRANGE) + typed[place:]
        yield typed, region


def _samples(region: str) -> list[str]:
    examples = (phonenumbers.example_number_for_type(region, kind) for kind in range(11))
    found = [phonenumbers.national_significant_number(example) for example in examples if example]
    return found or ["123456789"]


def fast_answers(numbers: Iterable[tuple[str, str]]) -> int:
    """How many the fast path answered; every one of them as the library does."""
    answered = 0
    for typed, region in numbers:
        fast = parse_fast(typed, region)
        if fast is not None:
            answered += 1
            assert fast == parse_by_library(typed, region), (typed, region)
    return answered


@pytest.mark.slow
def test_the_fast_path_agrees_with_the_library_in_every_region() -> None:
    assert fast_answers(typed_numbers(1, 4_000)) > 1_000


def test_the_fast_path_agrees_with_the_library_where_its_users_call() -> None:
    assert fast_answers(typed_numbers(3, 4_000, USERS, strange=0.1)) > 1_000


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_fast_path_agrees_with_the_library_on_a_million_numbers() -> None:
    """Half of them of the regions of its users, a tenth of these adversarial; half of anywhere."""
    everywhere = fast_answers(typed_numbers(2, 500_000))
    where_used = fast_answers(typed_numbers(4, 500_000, USERS, strange=0.1))
    print(f"the fast path answered {everywhere:,} and {where_used:,} of 500,000 each")
    assert everywhere > 125_000
    assert where_used > 125_000
