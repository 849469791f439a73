from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hubspot_retention.errors import UsageError
from hubspot_retention.web.secrets import CurrentSecrets


def of_file(path: Path) -> CurrentSecrets:
    return CurrentSecrets({"HUBSPOT_WEBHOOK_SECRETS_FILE": str(path)})


def replaced(path: Path, text: str) -> None:
    """As container secrets are replaced: another file takes the name."""
    other = path.with_suffix(".new")
    other.write_text(text)
    other.replace(path)


def test_the_secrets_of_the_environment_are_always_the_same() -> None:
    current = CurrentSecrets({"HUBSPOT_WEBHOOK_SECRETS": "one,two"})
    assert current() == ("one", "two")
    assert current() == ("one", "two")


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text("one\n")
    current = of_file(path)
    assert current() == ("one",)
    replaced(path, "one\ntwo\n")
    assert current() == ("one", "two")
    replaced(path, "two\n")
    assert current() == ("two",)


def test_a_link_that_points_to_another_file_is_a_change(tmp_path: Path) -> None:
    for name in ("first", "other"):
        (tmp_path / name).write_text(name)
    link = tmp_path / "secrets"
    link.symlink_to("first")
    current = of_file(link)
    other = tmp_path / "link"
    other.symlink_to("other")
    other.replace(link)
    assert current() == ("other",)


def test_a_file_that_did_not_change_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secrets"
    path.write_text("one")
    current = of_file(path)

    def forbidden(*_: object, **__: object) -> str:
        raise AssertionError("read again")

    monkeypatch.setattr(Path, "read_text", forbidden)
    assert current() == ("one",)


@pytest.mark.parametrize("text", ["", "\n \n", "a secret with spaces"])
def test_while_a_file_is_no_good_the_last_good_secrets_stay(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secrets"
    path.write_text("one")
    current = of_file(path)
    replaced(path, text)
    with capture_logs() as logs:
        assert current() == ("one",)
        assert current() == ("one",)
    assert [entry["event"] for entry in logs] == ["webhook_secrets.unreadable"]
    replaced(path, "two")
    assert current() == ("two",)


def test_a_file_that_is_written_anew_with_the_same_secrets_is_no_change(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text("one")
    current = of_file(path)
    replaced(path, "one\n")
    with capture_logs() as logs:
        assert current() == ("one",)
    assert logs == []


def test_a_file_that_is_gone_for_a_moment_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text("one")
    current = of_file(path)
    path.unlink()
    assert current() == ("one",)
    path.write_text("two")
    assert current() == ("two",)


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    path.write_text("hush-hush")
    current = of_file(path)
    with capture_logs() as logs:
        replaced(path, "other-hush")
        current()
    assert "hush" not in str(logs)


def test_without_any_secret_nothing_begins(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="HUBSPOT_WEBHOOK_SECRETS"):
        CurrentSecrets({})
    with pytest.raises(UsageError):
        of_file(tmp_path / "missing")
