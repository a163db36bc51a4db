"""Pacing in words, Spanish and English: sentences a supervisor reads beside the figures."""

from collections.abc import Mapping
from typing import Any

from dialer.chance import Level, Standing
from dialer.live import Bound

ES, EN = "es", "en"

_SENTENCES = {
    "expected": {
        ES: "En los próximos {within:.0f} s se esperan {answers:.1f} respuestas y {free:.1f} agentes libres.",
        EN: "Within {within:.0f} s, {answers:.1f} answers and {free:.1f} free agents are expected.",
    },
    "free": {
        ES: "{idle} agentes libres, {in_flight} llamadas en curso, {waiting} clientes esperando.",
        EN: "{idle} free agents, {in_flight} calls in flight, {waiting} customers waiting.",
    },
    "price": {
        ES: "Se llama mientras el riesgo de no encontrar agente no pase de {price:.1%}.",
        EN: "A call is placed while its risk of finding no agent is at most {price:.1%}.",
    },
    "budget": {
        ES: "Aún pueden abandonarse {left:.0f} llamadas sin pasar del {target:.1%}.",
        EN: "{left:.0f} more calls may be abandoned within the {target:.1%}.",
    },
    "spent": {
        ES: "Ni una llamada más puede abandonarse sin pasar del {target:.1%}: se llama con mucha cautela.",
        EN: "Not one more call may be abandoned within the {target:.1%}: it dials with great care.",
    },
    "cold": {
        ES: "Acaba de empezar: poco más de una llamada por agente libre hasta conocer la tasa de respuesta.",
        EN: "It has just started: hardly more than one call for each free agent, until the rate is known.",
    },
    Bound.CHANNELS: {
        ES: "Lo limitan los canales de la campaña.",
        EN: "The campaign's channels hold it back.",
    },
    Bound.TRUNKS: {
        ES: "Lo limitan los troncales: sus canales o sus llamadas por segundo.",
        EN: "The trunks hold it back: their channels, or their calls a second.",
    },
    Standing.OFF: {
        ES: "La campaña no usa la probabilidad de respuesta de cada contacto.",
        EN: "The campaign does not use each contact's own chance of an answer.",
    },
    Standing.TOO_LITTLE: {
        ES: "Aún no se usa: {calls} llamadas son pocas para saber quién responde.",
        EN: "Not used yet: {calls} calls are too few to know who answers.",
    },
    Standing.NO_BETTER: {
        ES: "No se usa: tras {calls} llamadas no acierta más que el promedio.",
        EN: "Not used: after {calls} calls it tells no more than the average.",
    },
    Standing.USED: {
        ES: "Se usa: en {calls} llamadas acierta más que el promedio ({gain:.3f} nats por llamada).",
        EN: "Used: over {calls} calls it tells more than the average ({gain:.3f} nats a call).",
    },
    "likelier": {
        ES: "{what}: respuesta por {odds:.2f} (de {low:.2f} a {high:.2f}; {calls} llamadas).",
        EN: "{what}: the odds of an answer times {odds:.2f} ({low:.2f} to {high:.2f}; {calls} calls).",
    },
    "unsure": {
        ES: "{what}: no se distingue del promedio ({calls} llamadas).",
        EN: "{what}: not told from the average ({calls} calls).",
    },
}
_FEATURES = {
    "hour": {ES: "A las {level} h", EN: "At {level}:00"},
    "weekday": {ES: "Los {day}", EN: "On {day}"},
    "attempts": {ES: "Tras {level} intentos", EN: "After {level} attempts"},
    "phone": {ES: "Teléfono {word}", EN: "{word} phone"},
    "number": {ES: "Número {word}", EN: "{word} number"},
    "past": {ES: "Antes: {word}", EN: "Before: {word}"},
}
_DAYS = {
    ES: ("lunes", "martes", "miércoles", "jueves", "viernes", "sábados", "domingos"),
    EN: ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"),
}
_WORDS = {
    "mobile": {ES: "móvil", EN: "mobile"},
    "fixed": {ES: "fijo", EN: "fixed"},
    "work": {ES: "del trabajo", EN: "work"},
    "home": {ES: "de casa", EN: "home"},
    "unknown": {ES: "desconocido", EN: "unknown"},
    "main": {ES: "principal", EN: "main"},
    "alternative": {ES: "alternativo", EN: "alternative"},
    "talked": {ES: "habló con nosotros", EN: "talked with us"},
    "no_answer": {ES: "no respondió", EN: "no answer"},
    "busy": {ES: "ocupado", EN: "busy"},
    "machine": {ES: "contestador", EN: "answering machine"},
    "abandoned": {ES: "abandonada", EN: "abandoned"},
    "gone": {ES: "colgó al responder", EN: "hung up at once"},
    "declined": {ES: "rechazó la llamada", EN: "declined"},
    "unreachable": {ES: "ilocalizable", EN: "unreachable"},
    "congestion": {ES: "congestión", EN: "congestion"},
}


def pacing(figures: Mapping[str, Any], language: str) -> list[str]:
    """Why it dials what it dials now: one sentence for each reason."""
    said = []
    if figures.get("expected_answers") is not None:
        said.append(
            _say(
                "expected",
                language,
                within=figures["within"],
                answers=figures["expected_answers"],
                free=figures["expected_free"],
            )
        )
    elif "idle" in figures:
        said.append(_say("free", language, **{k: figures[k] for k in ("idle", "in_flight", "waiting")}))
    if figures.get("price") is not None:
        left, target = figures["budget_left"], figures["target"]
        said.append(_say("price", language, price=figures["price"]))
        said.append(_say("budget" if left >= 1 else "spent", language, left=left, target=target))
    if figures.get("cold"):
        said.append(_say("cold", language))
    if (bound := Bound(figures["bound"])) is not Bound.PACER:
        said.append(_say(bound, language))
    return said


def standing(found: Standing, calls: int, gain: float, language: str) -> str:
    return _say(found, language, calls=calls, gain=gain)


def level(feature: str, value: str, found: Level, language: str) -> str:
    key = "likelier" if found.low > 1 or found.high < 1 else "unsure"
    what = _what(feature, value, language)
    return _say(key, language, what=what, odds=found.odds, low=found.low, high=found.high, calls=found.calls)


def _what(feature: str, value: str, language: str) -> str:
    if feature not in _FEATURES:
        return f"{feature} {value}"
    known = _WORDS.get(value, {})
    day = _DAYS[_known(language)][(int(value) - 1) % 7] if feature == "weekday" else ""
    text = _in(_FEATURES[feature], language).format(level=value, day=day, word=_in(known, language) or value)
    return text[:1].upper() + text[1:]


def _say(key: str, language: str, **values: Any) -> str:
    return _in(_SENTENCES[key], language).format(**values)


def _in(words: Mapping[str, str], language: str) -> str:
    return words.get(_known(language), "")


def _known(language: str) -> str:
    return EN if language == EN else ES
