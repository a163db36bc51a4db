"""Asterisk's configuration: whole, secret by default, closed to values that would open sections."""

import io
import re
import stat
import wave
from dataclasses import replace
from pathlib import Path

import pytest

from marcador.asterisk_config import (
    AgentPhone,
    AsteriskConfig,
    AsteriskConfigError,
    Trunk,
    render,
    tone,
    write,
    write_sounds,
)

CONFIG = AsteriskConfig(
    trunks=(Trunk("carrier", "192.0.2.10", 5070),),
    agents=(AgentPhone("101"), AgentPhone("102")),
)


def test_every_placeholder_is_filled() -> None:
    for name, text in render(CONFIG).items():
        if name != "extensions.conf":
            assert not re.search(r"\$\{?[a-z_]+", text), name


def test_the_dialplan_is_copied_as_it_is_with_its_own_variables() -> None:
    assert "${MARCADOR_ATTEMPT}" in render(CONFIG)["extensions.conf"]


def test_every_module_is_named_and_none_is_loaded_by_itself() -> None:
    assert "autoload=no" in render(CONFIG)["modules.conf"]


def test_trunks_and_phones_become_endpoints() -> None:
    pjsip = render(CONFIG)["pjsip.conf"]
    assert "[carrier](trunk)" in pjsip
    assert "match=192.0.2.10:5070" in pjsip
    assert "[101](agent)" in pjsip
    assert "set_var=MARCADOR_AGENT=102" in pjsip


def test_a_trunk_with_an_account_authenticates_and_registers_when_it_is_told_to() -> None:
    account = Trunk("carrier", "192.0.2.10", username="me", secret="s3cret")
    pjsip = render(replace(CONFIG, trunks=(account,)))["pjsip.conf"]
    assert "outbound_auth=carrier" in pjsip
    assert "password=s3cret" in pjsip
    assert "type=registration" not in pjsip
    registered = render(replace(CONFIG, trunks=(replace(account, register=True),)))["pjsip.conf"]
    assert "client_uri=sip:me@192.0.2.10:5060" in registered


def test_a_registration_without_an_account_is_refused() -> None:
    with pytest.raises(AsteriskConfigError, match="username"):
        render(replace(CONFIG, trunks=(Trunk("carrier", "192.0.2.10", secret="x", register=True),)))


def test_no_secret_is_like_another_and_none_is_shown() -> None:
    secrets = [AsteriskConfig().ami_secret, AsteriskConfig().ami_secret, *(a.secret for a in CONFIG.agents)]
    assert len(set(secrets)) == 4
    assert all(len(secret) >= 24 for secret in secrets)
    assert CONFIG.ami_secret not in repr(CONFIG)
    assert CONFIG.agents[0].secret not in repr(CONFIG)


def test_the_manager_listens_to_this_machine_only_and_tells_what_is_needed_only() -> None:
    manager = render(CONFIG)["manager.conf"]
    assert "bindaddr = 127.0.0.1" in manager
    assert "deny = 0.0.0.0/0.0.0.0" in manager
    assert "name(VarSet)" not in manager
    assert "eventfilter(action(include),name(Hangup)) =" in manager


@pytest.mark.parametrize("value", ["a\nb", "a]b", "a;b", "a b", "", "a\r"])
def test_a_value_that_could_open_a_section_is_refused(value: str) -> None:
    with pytest.raises(AsteriskConfigError):
        render(replace(CONFIG, ami_secret=value))
    with pytest.raises(AsteriskConfigError):
        render(replace(CONFIG, trunks=(Trunk("carrier", value),)))
    with pytest.raises(AsteriskConfigError):
        render(replace(CONFIG, trunks=(Trunk("carrier", "192.0.2.10", username="me", secret=value),)))
    with pytest.raises(AsteriskConfigError):
        render(replace(CONFIG, agents=(AgentPhone(value),)))


def test_two_endpoints_of_one_name_are_refused() -> None:
    with pytest.raises(AsteriskConfigError, match="carrier"):
        render(replace(CONFIG, agents=(AgentPhone("carrier"),)))


def test_the_files_are_closed_to_others(tmp_path: Path) -> None:
    write(CONFIG, tmp_path / "etc")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "etc").iterdir()}
    assert modes == {0o640}


def test_a_tone_is_telephone_sound() -> None:
    with wave.open(io.BytesIO(tone([(400, 0.5), (0, 0.5)]))) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (8000, 2, 1)
        assert sound.getnframes() == 8000


def test_the_operators_own_recording_is_kept(tmp_path: Path) -> None:
    own = tmp_path / "sounds" / "es" / "marcador" / "closed.ulaw"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"recorded")

    write_sounds(tmp_path, ("en", "es"))

    assert [path.name for path in own.parent.glob("closed.*")] == ["closed.ulaw"]
    assert (tmp_path / "sounds" / "en" / "marcador" / "closed.wav").exists()
