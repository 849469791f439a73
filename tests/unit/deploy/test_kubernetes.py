"""The examples for Kubernetes: one writer, no rights, probes that exist."""

from datetime import timedelta
from typing import Any

import pytest
import yaml

from hubspot_retention.settings import read_settings
from tests.unit.deploy.exposition import ROOT
from tests.unit.deploy.known import IMAGE, UID, is_read

FILES = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
OBJECTS: dict[str, dict[str, Any]] = {
    found["kind"]: found for path in FILES for found in yaml.safe_load_all(path.read_text(encoding="utf-8"))
}
DEPLOYMENT, CRON = OBJECTS["Deployment"], OBJECTS["CronJob"]
PODS = {
    "serve": DEPLOYMENT["spec"]["template"]["spec"],
    "reconcile": CRON["spec"]["jobTemplate"]["spec"]["template"]["spec"],
}
each_pod = pytest.mark.parametrize("pod", PODS.values(), ids=PODS.keys())


def test_there_is_one_pod_and_never_a_second_beside_it() -> None:
    assert DEPLOYMENT["spec"]["replicas"] == 1
    assert DEPLOYMENT["spec"]["strategy"] == {"type": "Recreate"}
    assert CRON["spec"]["concurrencyPolicy"] == "Forbid"


@each_pod
def test_a_pod_can_do_no_more_than_it_must(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    assert container["image"] == IMAGE
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert {pod["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {UID}
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]


@each_pod
def test_every_mount_has_its_volume_and_the_secrets_lie_where_the_settings_say(pod: dict[str, Any]) -> None:
    (container,) = pod["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts.keys() == {volume["name"] for volume in pod["volumes"]}
    files = [value for name, value in OBJECTS["ConfigMap"]["data"].items() if name.endswith("_FILE")]
    assert len(files) == 3
    assert all(file.startswith(f"{mounts['secrets']}/") for file in files)
    claims = [volume["persistentVolumeClaim"]["claimName"] for volume in pod["volumes"] if volume["name"] == "data"]
    assert claims == [OBJECTS["PersistentVolumeClaim"]["metadata"]["name"]]


@each_pod
def test_a_pod_is_given_longer_than_the_service_needs_to_stop(pod: dict[str, Any]) -> None:
    given = timedelta(seconds=pod["terminationGracePeriodSeconds"])
    assert given > read_settings("", "none", {}).service.stop_within


def test_it_is_restarted_when_it_is_dead_and_not_when_hubspot_is() -> None:
    (container,) = PODS["serve"]["containers"]
    probed = {probe: container[probe]["httpGet"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert probed == {
        "startupProbe": {"path": "/health/live", "port": "operations"},
        "livenessProbe": {"path": "/health/live", "port": "operations"},
        "readinessProbe": {"path": "/health/ready", "port": "operations"},
    }
    assert {port["name"]: port["containerPort"] for port in container["ports"]} == {
        "webhooks": 8080,
        "operations": 9090,
    }


def test_webhooks_are_taken_in_while_it_is_not_ready_and_the_internet_sees_nothing_else() -> None:
    assert OBJECTS["Service"]["spec"]["publishNotReadyAddresses"] is True
    assert [port["name"] for port in OBJECTS["Service"]["spec"]["ports"]] == ["webhooks"]
    ((path,),) = [rule["http"]["paths"] for rule in OBJECTS["Ingress"]["spec"]["rules"]]
    assert (path["path"], path["pathType"]) == ("/webhooks/hubspot", "Exact")


def test_no_secret_is_in_a_file() -> None:
    assert "Secret" not in OBJECTS


def test_the_program_reads_every_variable_and_carries_nothing_out_by_default() -> None:
    data = OBJECTS["ConfigMap"]["data"]
    assert [name for name in data if not is_read(name)] == []
    assert all(isinstance(value, str) for value in data.values())
    assert (data["RETENTION_MODE"], data["RETENTION_ALLOW_ERASE"]) == ("observe", "false")
