"""compose.yaml: hardened, with its secrets in files, and nothing of the service on the internet but by the proxy."""

import re
from datetime import timedelta
from typing import Any

import yaml

from hubspot_retention.settings import read_settings
from tests.unit.deploy.exposition import ROOT
from tests.unit.deploy.known import IMAGE, UID, is_read

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICE, PROXY = DOCUMENT["services"]["retention"], DOCUMENT["services"]["proxy"]


def test_neither_service_can_do_more_than_it_must() -> None:
    for service in (SERVICE, PROXY):
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert {"mem_limit", "pids_limit"} <= service.keys()
    assert SERVICE["user"] == f"{UID}:{UID}"
    assert "cap_add" not in SERVICE
    assert PROXY["cap_add"] == ["NET_BIND_SERVICE"]


def test_the_webhook_port_is_for_the_proxy_alone_and_the_other_for_this_machine() -> None:
    assert SERVICE["ports"] == ["127.0.0.1:9090:9090"]
    shared = set(SERVICE["networks"]) & set(PROXY["networks"])
    assert [DOCUMENT["networks"][name]["internal"] for name in shared] == [True]
    assert PROXY["environment"]["RETENTION_WEBHOOKS"] == "retention:8080"


def test_every_secret_is_a_file_and_every_file_is_named_to_the_program() -> None:
    named = {value for name, value in SERVICE["environment"].items() if name.endswith("_FILE")}
    assert named == {f"/run/secrets/{name}" for name in SERVICE["secrets"]}
    assert set(SERVICE["secrets"]) == DOCUMENT["secrets"].keys()
    assert all(set(secret) == {"file"} for secret in DOCUMENT["secrets"].values())


def test_the_program_reads_every_variable() -> None:
    assert [name for name in SERVICE["environment"] if not is_read(name)] == []


def test_by_default_nothing_is_carried_out() -> None:
    assert SERVICE["environment"]["RETENTION_MODE"] == "${RETENTION_MODE:-observe}"
    assert SERVICE["environment"]["RETENTION_ALLOW_ERASE"] == "${RETENTION_ALLOW_ERASE:-false}"


def test_the_engine_waits_longer_than_the_service_needs_to_stop() -> None:
    seconds = re.fullmatch(r"(\d+)s", SERVICE["stop_grace_period"])
    assert seconds is not None
    assert timedelta(seconds=int(seconds[1])) > read_settings("", "none", {}).service.stop_within


def test_the_image_is_of_this_version() -> None:
    assert SERVICE["image"] == IMAGE


def test_the_proxy_lets_one_path_and_one_method_through_with_the_services_own_limit() -> None:
    lines = [line.strip() for line in (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8").splitlines()]
    matcher = lines.index("@webhook {")
    assert lines[matcher + 1 : matcher + 4] == ["method POST", "path /webhooks/hubspot", "}"]
    assert lines.index("handle @webhook {") < lines.index("max_size 1MiB") < lines.index("handle {")
    assert "respond 404" in lines[lines.index("handle {") :]
