"""Pipelines and their stages: the portal has HubSpot's default ones."""

from typing import Any

from hubspot_retention.sandbox.calls import Call, Reply, answer, not_found

_SINCE = "2020-01-01T00:00:00Z"

_DEAL_STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)
_CLOSED = ("closedwon", "closedlost")
_TICKET_STAGES = (("1", "New"), ("2", "Waiting on contact"), ("3", "Waiting on us"), ("4", "Closed"))


def _stage(stage: tuple[str, str], order: int, metadata: dict[str, str]) -> dict[str, Any]:
    return {
        "id": stage[0],
        "label": stage[1],
        "displayOrder": order,
        "metadata": metadata,
        "createdAt": _SINCE,
        "updatedAt": _SINCE,
        "archived": False,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


def _pipelines(object_type: str) -> list[dict[str, Any]]:
    if object_type == "deals":
        pipeline_id, label = "default", "Sales Pipeline"
        stages = [
            _stage((name, title), order, {"isClosed": str(name in _CLOSED).lower(), "probability": probability})
            for order, (name, title, probability) in enumerate(_DEAL_STAGES)
        ]
    elif object_type == "tickets":
        pipeline_id, label = "0", "Support Pipeline"
        stages = [
            _stage(stage, order, {"ticketState": "CLOSED" if stage[0] == "4" else "OPEN"})
            for order, stage in enumerate(_TICKET_STAGES)
        ]
    else:
        return []
    return [
        {
            "id": pipeline_id,
            "label": label,
            "displayOrder": 0,
            "stages": stages,
            "createdAt": _SINCE,
            "updatedAt": _SINCE,
            "archived": False,
        }
    ]


def stage_flags(stage: str) -> dict[str, str]:
    """What HubSpot calculates for a deal in that stage of the default pipeline."""
    closed, won = stage in _CLOSED, stage == "closedwon"
    return {
        "hs_is_closed": str(closed).lower(),
        "hs_is_closed_won": str(won).lower(),
        "hs_is_closed_lost": str(closed and not won).lower(),
    }


def list_pipelines(call: Call) -> Reply:
    """GET /crm/pipelines/{type}."""
    return answer({"results": _pipelines(call.kind().name)})


def _pipeline(call: Call) -> dict[str, Any]:
    for pipeline in _pipelines(call.kind().name):
        if pipeline["id"] == call.args[1]:
            return pipeline
    raise not_found(f"Pipeline {call.args[1][:40]} does not exist")


def read_pipeline(call: Call) -> Reply:
    """GET /crm/pipelines/{type}/{id}."""
    return answer(_pipeline(call))


def list_stages(call: Call) -> Reply:
    """GET /crm/pipelines/{type}/{id}/stages."""
    return answer({"results": _pipeline(call)["stages"]})
