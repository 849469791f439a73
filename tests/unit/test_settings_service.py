"""Settings of the long-running service, and what stands in no file of settings."""

from datetime import time, timedelta
from pathlib import Path

import pytest

from hubspot_retention.bootstrap import Options, application
from hubspot_retention.credentials import read_alarm_urls, read_token, read_webhook_secrets
from hubspot_retention.errors import UsageError
from hubspot_retention.settings import Settings, read_settings

SHIPPED = Path(__file__).parents[2] / "config" / "service.toml"


def settings(text: str = "", **environment: str) -> Settings:
    """Settings of a text, with an environment over it."""
    return read_settings(text, "service.toml", environment)


def problems(text: str = "", **environment: str) -> str:
    """What is wrong with them."""
    with pytest.raises(UsageError) as raised:
        settings(text, **environment)
    return str(raised.value)


def test_the_shipped_file_says_the_defaults() -> None:
    assert settings(SHIPPED.read_text(encoding="utf-8")) == settings()


def test_without_a_public_url_there_are_no_webhooks_and_operations_stay_on_this_machine() -> None:
    service = settings().service
    assert service.public_url == ""
    assert service.operations_host == "127.0.0.1"
    assert service.grace == timedelta(hours=24)
    assert service.full_at == time(3)


def test_the_environment_goes_before_the_file() -> None:
    text = '[service]\npublic_url = "https://a.example.dk/webhooks/hubspot"\nwebhook_port = 1\ngrace_hours = 12\n'
    service = settings(
        text,
        RETENTION_PUBLIC_URL="https://b.example.dk/webhooks/hubspot",
        RETENTION_WEBHOOK_PORT="2",
        RETENTION_OPERATIONS_HOST="0.0.0.0",
        RETENTION_OPERATIONS_PORT="3",
        RETENTION_GRACE_HOURS="0",
        RETENTION_DUE_SECONDS="0.5",
        RETENTION_HOT_MINUTES="1",
        RETENTION_FULL_HOURS="12",
        RETENTION_HEARTBEAT_URL="https://beat.example.dk/1",
    ).service
    assert service.public_url == "https://b.example.dk/webhooks/hubspot"
    assert (service.webhook_port, service.operations_host, service.operations_port) == (2, "0.0.0.0", 3)
    assert (service.grace, service.due_every) == (timedelta(0), timedelta(seconds=0.5))
    assert (service.hot_every, service.full_every) == (timedelta(minutes=1), timedelta(hours=12))
    assert service.heartbeat_url == "https://beat.example.dk/1"


@pytest.mark.parametrize("written", ['"04:30"', "04:30:00"])
def test_a_time_of_day_is_a_text_or_a_time(written: str) -> None:
    assert settings(f"[service]\nfull_at = {written}\n").service.full_at == time(4, 30)


@pytest.mark.parametrize("written", ["3", '"3"', '"25:00"', '"03:00+01:00"', '"3 o\'clock"'])
def test_anything_else_is_none(written: str) -> None:
    assert "[service] full_at" in problems(f"[service]\nfull_at = {written}\n")


@pytest.mark.parametrize(
    "url",
    ["http://a.example.dk/", "ftp://a.example.dk", "https://", "https://a.example.dk/?key=1", "//a.example.dk", "x"],
)
def test_a_public_url_must_be_one_that_hubspot_can_sign(url: str) -> None:
    assert "public_url: expected an https:// URL" in problems(f'[service]\npublic_url = "{url}"\n')


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/webhooks/hubspot", "http://localhost/w", "https://a.dk"])
def test_on_this_machine_itself_it_may_be_plain(url: str) -> None:
    assert settings(RETENTION_PUBLIC_URL=url).service.public_url == url


def test_every_error_is_told_at_once() -> None:
    told = problems(
        "[service]\nwebhook_port = 70000\ndue_seconds = 0\nhot_minutes = nan\nfull_hours = 169\nself_check_hours = -1\n"
        "grace_hours = -1\ngrace_seconds_to_stop = 0\nnonsense = 1\n[alarms]\nfractions = [0.5, 0.4]\n"
        "rejected_share = 0\n",
        RETENTION_OPERATIONS_PORT="none",
    )
    for name in (
        *("webhook_port", "due_seconds", "hot_minutes", "full_hours", "self_check_hours", "grace_hours"),
        *("grace_seconds_to_stop", "nonsense", "fractions", "rejected_share", "RETENTION_OPERATIONS_PORT"),
    ):
        assert name in told


@pytest.mark.parametrize("fractions", ["[]", "[0.5, 0.5]", "[0.0]", "[1.0]", "[0.2, 1.2]"])
def test_fractions_rise_and_lie_between_nothing_and_the_whole(fractions: str) -> None:
    assert "fractions" in problems(f"[alarms]\nfractions = {fractions}\n")


def test_what_is_a_password_is_never_shown() -> None:
    told = problems(
        '[alarms]\nurls = "mailto://anna:hemmelig@example.dk"\n', RETENTION_HEARTBEAT_URL="hemmelig://example.dk"
    )
    assert "hemmelig" not in told
    assert "urls" in told
    assert "RETENTION_HEARTBEAT_URL" in told
    good = settings('[alarms]\nurls = ["mailto://anna:hemmelig@example.dk"]\n', RETENTION_HEARTBEAT_URL="https://a/h")
    assert good.alarms.urls == ("mailto://anna:hemmelig@example.dk",)
    assert "hemmelig" not in repr(good)
    assert "https://a/h" not in repr(good)


def test_a_grace_that_leaves_less_than_half_of_the_shortest_right_is_refused() -> None:
    house = application(Options(environment={"RETENTION_GRACE_HOURS": "60"}))
    assert house.grace() == timedelta(hours=60)
    with pytest.raises(UsageError, match=r"grace_hours: found 60\.5, expected at most 60: .* 120 hours"):
        application(Options(environment={"RETENTION_GRACE_HOURS": "60.5"})).grace()


def test_settings_are_read_once_in_the_life_of_a_command(tmp_path: Path) -> None:
    path = tmp_path / "service.toml"
    path.write_text("[service]\ngrace_hours = 1\n")
    house = application(Options(settings=path, environment={}))
    assert house.grace() == timedelta(hours=1)
    path.write_text("[service]\ngrace_hours = 2\n")
    assert house.grace() == timedelta(hours=1)


def test_who_has_no_name_on_this_machine_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr("getpass.getuser", nobody)
    with pytest.raises(UsageError, match="RETENTION_ACTOR"):
        _ = application(Options(environment={})).actor
    assert application(Options(environment={"RETENTION_ACTOR": "anna"})).actor == "anna"


# What stands in no file of settings.


def test_secrets_of_webhooks_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text("en\n\n  to  \n")
    assert read_webhook_secrets({}) == ()
    assert read_webhook_secrets({"HUBSPOT_WEBHOOK_SECRETS": "en, to,"}) == ("en", "to")
    assert read_webhook_secrets({"HUBSPOT_WEBHOOK_SECRETS_FILE": str(path)}) == ("en", "to")
    both = {"HUBSPOT_WEBHOOK_SECRETS": "tre", "HUBSPOT_WEBHOOK_SECRETS_FILE": str(path)}
    assert read_webhook_secrets(both) == ("tre",)


@pytest.mark.parametrize("secret", ["hemme lig", "hemmelig\x07", "hæmmelig"])
def test_a_secret_that_was_copied_wrongly_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_webhook_secrets({"HUBSPOT_WEBHOOK_SECRETS": secret})
    assert "lig" not in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    with pytest.raises(UsageError, match=r"HUBSPOT_WEBHOOK_SECRETS_FILE=.*gone: No such file"):
        read_webhook_secrets({"HUBSPOT_WEBHOOK_SECRETS_FILE": gone})
    with pytest.raises(UsageError, match=r"HUBSPOT_ACCESS_TOKEN_FILE=.*gone: No such file"):
        read_token({"HUBSPOT_ACCESS_TOKEN_FILE": gone})
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(UsageError, match="no UTF-8 text"):
        read_alarm_urls({"RETENTION_ALARM_URLS_FILE": str(tmp_path / "bytes")})


def test_addresses_of_alarms_stand_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "alarms"
    path.write_text("# who is on duty\nmailto://a:b@example.dk\n\njson://example.dk/x\n")
    assert read_alarm_urls({"RETENTION_ALARM_URLS_FILE": str(path)}) == (
        "mailto://a:b@example.dk",
        "json://example.dk/x",
    )
    assert read_alarm_urls({}) == ()


ANCHORED = "[anchors]\nkey = 'log.key'\nfile = '/volume/anchor.jsonl'\n"


def test_no_anchor_is_set_unless_it_is_named() -> None:
    assert not settings().anchors.guard
    named = settings(
        ANCHORED, RETENTION_WITNESS_URL="https://witness.example.dk", RETENTION_WITNESS_KEY="w+1+A"
    ).anchors
    assert named.guard
    assert (str(named.key), str(named.file)) == ("log.key", "/volume/anchor.jsonl")
    assert named.witness == ("https://witness.example.dk", "w+1+A")
    assert (named.warn_after, named.stop_after) == (timedelta(hours=24), timedelta(hours=72))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[anchors]\nkey = 'log.key'\n", "a key without an anchor"),
        ("[anchors]\nfile = 'anchor.jsonl'\n", "an anchor without a key"),
        (ANCHORED + "witness_url = 'https://witness.example.dk'\n", "one of witness_url and witness_key"),
        (ANCHORED + "witness_url = 'witness'\nwitness_key = 'w'\n", "witness_url"),
        (ANCHORED + "warn_hours = 72\n", "fewer than stop_hours"),
        (ANCHORED + "timestamp_url = 'http://time.example.dk'\n", "else no token can be verified"),
    ],
)
def test_anchors_that_cannot_be_are_refused(text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        settings(text)


def test_who_is_told_only_guards_nothing() -> None:
    told = settings(
        "[anchors]\nkey = 'log.key'\ntimestamp_hours = 6\n",
        RETENTION_TIMESTAMP_URL="https://anna:secret@time.example.dk/tsr",
        RETENTION_TIMESTAMP_ROOTS="roots.pem",
    ).anchors
    assert [kind.value for kind in told.kinds] == ["timestamp"]
    assert not told.guard
    assert told.timestamp_every == timedelta(hours=6)
    assert told.limits == {"timestamp": timedelta(hours=6 + 24)}
    assert "secret" not in repr(told)


def test_the_url_of_an_authority_may_hold_a_password_and_is_not_repeated() -> None:
    with pytest.raises(UsageError) as told:
        settings("[anchors]\nkey = 'k'\ntimestamp_roots = 'r'\ntimestamp_url = 'ftp://anna:secret@example.dk'\n")
    assert "secret" not in str(told.value)


def test_old_time_stamps_can_be_verified_without_asking_for_new_ones() -> None:
    assert settings("[anchors]\ntimestamp_roots = 'roots.pem'\n").anchors.kinds == ()
