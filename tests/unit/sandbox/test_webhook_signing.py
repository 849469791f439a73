"""Signatures: the published vectors, and HubSpot's own helper as the judge."""

import pytest
from hubspot.utils.signature import Signature

from hubspot_retention.sandbox.webhook_signing import decoded, signature_v1, signature_v3, signed_headers

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
URI = "https://www.example.com/webhook_uri"
AT = 1693657560000


@pytest.mark.parametrize(
    ("uri", "body", "expected"),
    [
        (URI, "{'example_field':'example_value'}", "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="),
        (URI, '{"example_field":"example_value"}', "oaA3M5dEtt6kFsseJD/Hv/x+JNl1vsoxFj4oxmwP6Go="),
        (
            "https://www.example.com/hook?to=a%40b.c%2Fd%20e&q=x%2Cy",
            "[]",
            "47GlrW4HNQms/GuV5+e+8hnHBvmjdYAICm8S5QwMvFc=",
        ),
        (URI, '{"propertyValue":"Zoë ☂"}', "hKSkp87RWxNYCWva7DjahBdKeaObavyrLs4tTwst56o="),
    ],
)
def test_version_3_is_what_hubspot_publishes(uri: str, body: str, expected: str) -> None:
    assert signature_v3(SECRET, "POST", uri, body.encode(), AT) == expected


def test_version_1_is_what_hubspot_publishes() -> None:
    body = (
        '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
        '"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM",'
        '"changeFlag":"NEW","appId":54321}]'
    )
    found = signature_v1(SECRET, body.encode())
    assert found == "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"


def test_twelve_escapes_are_decoded_once_and_no_others() -> None:
    assert decoded("%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B") == ":/?@!$'()*,;"
    assert decoded("a%20b%2Bc%25d%26e%3Df%23%2f%253A%") == "a%20b%2Bc%25d%26e%3Df%23%2f%253A%"


def test_hubspots_helper_agrees_on_an_address_without_escapes() -> None:
    body = '[{"propertyValue":"Zoë"}]'
    headers = signed_headers(SECRET, URI, body.encode(), AT)
    v3 = Signature.get_signature(SECRET, body, "v3", URI, "POST", headers["X-HubSpot-Request-Timestamp"])
    assert headers["X-HubSpot-Signature-v3"] == v3
    assert headers["X-HubSpot-Signature"] == Signature.get_signature(SECRET, body, "v1")
    assert headers["X-HubSpot-Signature-Version"] == "v1"
