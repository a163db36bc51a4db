"""`marcador migrate`, `user` and the settings all commands share."""

from pathlib import Path

import pytest

from tests.integration.marcador.command import marcador


def test_migrating_twice_does_nothing_the_second_time(tmp_path: Path, data_dir: Path) -> None:
    settings = {"MARCADOR_DATA_DIR": str(data_dir)}

    first = marcador("migrate", "--json", cwd=tmp_path, **settings)
    again = marcador("migrate", "--json", cwd=tmp_path, **settings)

    assert first.code == again.code == 0
    assert first.json["applied"][0].startswith("0001_")
    assert again.json == {"applied": []}
    assert marcador("migrate", cwd=tmp_path, **settings).out == "up to date\n"


def test_a_user_gets_a_password_that_is_printed_once_and_can_be_given_anew(
    tmp_path: Path, database_dsn: str
) -> None:
    def user(*arguments: str) -> tuple[int, str, str]:
        ran = marcador("user", *arguments, cwd=tmp_path, DATABASE_URL=database_dsn)
        return ran.code, ran.out, ran.err

    code, out, err = user("add", "ana", "--name", "Ana Ibáñez")
    login, password = out.split()
    assert (code, login) == (0, "ana")
    assert len(password) >= 16
    assert password not in err

    assert user("list") == (0, "ana\tadmin\tAna Ibáñez\n", "")

    code, out, _ = user("password", "ana")
    assert code == 0
    assert out.split()[1] != password

    code, out, err = user("add", "ana")
    assert (code, out) == (2, "")
    assert "there is a user of that login already" in err

    code, _, err = user("password", "bruno")
    assert code == 2
    assert "there is no user 'bruno'" in err

    for login in ("", "josé", "a b"):
        code, _, err = user("add", login)
        assert code == 2
        assert "a login has 1 to 80 letters" in err

    code, _, err = user("add", "carla", "--role", "agent")
    assert code == 2
    assert "an agent has a line, too" in err


@pytest.mark.parametrize(
    ("command", "settings", "said"),
    [
        (["run"], {}, "set MARCADOR_AMI"),
        (["api"], {"REDIS_URL": "redis://127.0.0.1:1"}, "set DATABASE_URL and REDIS_URL"),
        (["dialer"], {"DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "set DATABASE_URL and REDIS_URL"),
        (["user", "list"], {"DATABASE_URL": "mysql://a@b/c"}, "look at DATABASE_URL"),
        (["doctor"], {"REDIS_URL": "localhost"}, "REDIS_URL reads redis://"),
        (["doctor"], {"MARCADOR_AMI": "ami://u:s@h:99999"}, "reads ami://"),
        (["doctor"], {"MARCADOR_HTTP_PORT": "web"}, "MARCADOR_HTTP_PORT: "),
        (["demo", "--agent-phone", "PJSIP/{name}"], {}, "--agent-phone knows {code} alone"),
        (["demo", "--trunk", "PJSIP/x"], {}, "--trunk is a dial string with {number}"),
        (["demo", "--list", "."], {}, "is a folder, not a file"),
        (["simulate", "--chart", "nowhere/x.svg"], {}, "there is no folder nowhere"),
        (["run", "--simulated"], {"MARCADOR_AMI": "ami://u:s@h"}, "unset it, or leave out --simulated"),
        (["run"], {"MARCADOR_AMI": "ami://u:s@a ami://u:s@b"}, "two Asterisk servers have one name"),
        (["run"], {"MARCADOR_AMI": "http://u:s@a"}, "ami://user:secret@host:port"),
        (["doctor"], {"MARCADOR_HTTP_PORT": "99999"}, "MARCADOR_HTTP_PORT"),
        (["migrate"], {"MARCADOR_DATABASE_POOL": "many"}, "MARCADOR_DATABASE_POOL"),
        (["doctor"], {"MARCADOR_SPOOL_DIR": "nowhere"}, "there is no folder nowhere"),
        (["doctor"], {"MARCADOR_EXPORTS_AT_ONCE": "0"}, "MARCADOR_EXPORTS_AT_ONCE"),
        (["doctor"], {"MARCADOR_EXPORTS_AT_ONCE": "10"}, "MARCADOR_DATABASE_POOL=10 connections"),
        (
            ["load", "x.csv", "--map", "phone=tel"],
            {"MARCADOR_AMI": "nonsense"},
            "ami://user:secret@host:port",
        ),
        (["demo", "--asterisk", "127.0.0.1:5038"], {}, "MARCADOR_AMI_SECRET"),
        (["demo", "--list", "nada.csv"], {}, "there is no file nada.csv"),
        (["demo", "--list", __file__, "--map", "telephone=x"], {}, "no role 'telephone'"),
    ],
)
def test_settings_that_contradict_or_cannot_be_used_are_refused_with_one_sentence(
    tmp_path: Path, command: list[str], settings: dict[str, str], said: str
) -> None:
    ran = marcador(*command, cwd=tmp_path, **settings)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.sentence()
