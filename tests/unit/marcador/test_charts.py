"""The picture of a forecast: well-formed, every scenario in it, bars within their panels."""

from xml.etree import ElementTree

from dialer.simulate import Estimate, Forecast
from marcador.charts import BAR, PANEL, PANELS, chart

SVG = "{http://www.w3.org/2000/svg}"


def found(occupancy: float, lines: int = 60) -> Forecast:
    return Forecast(
        occupancy=Estimate(occupancy, occupancy - 0.02, occupancy + 0.02),
        abandonment=Estimate(0.028, 0.026, 0.03),
        contacts_per_hour=Estimate(700, 690, 710),
        calls_per_hour=Estimate(2800, 2700, 2900),
        lines=lines,
        shifts=6,
    )


def bars(drawn: ElementTree.Element) -> list[float]:
    """Widths, panel after panel, in each the scenarios in order."""
    return [float(bar.get("width", "0")) for bar in drawn.iter(f"{SVG}rect") if bar.get("fill") == BAR]


def test_every_scenario_and_every_figure_is_drawn() -> None:
    drawn = ElementTree.fromstring(chart("30 <agents>", [("as it is", found(0.91)), ("a & b", found(0.95))]))
    texts = [text.text for text in drawn.iter(f"{SVG}text")]
    assert {"30 <agents>", "as it is", "a & b", "91.0%", "95.0%", "2.80%", "700", "60"} <= set(texts)
    assert len(bars(drawn)) == 2 * len(PANELS)
    assert all(0 < width <= PANEL for width in bars(drawn))


def test_bars_of_one_figure_share_their_scale() -> None:
    drawn = ElementTree.fromstring(chart("", [("few", found(0.9, 30)), ("many", found(0.9, 60))]))
    assert bars(drawn)[2 * len(PANELS) - 2 :] == [PANEL / 2, PANEL]


def test_a_floor_where_nothing_happens_can_be_drawn() -> None:
    nothing = Estimate(0.0, 0.0, 0.0)
    idle = Forecast(nothing, nothing, nothing, nothing, lines=0, shifts=1)
    assert ElementTree.fromstring(chart("idle", [("as it is", idle)])) is not None
