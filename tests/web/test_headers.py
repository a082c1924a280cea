"""What every answer carries, whatever is asked."""

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from portal import settings as product
from portal.logs import redacted
from portal.middleware import source_ip

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@pytest.mark.parametrize("path", ["/healthz", "/not-there"])
def test_every_answer_is_closed_to_other_pages(client: Client, path: str) -> None:
    answer = client.get(path)
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE
    assert "camera=()" in answer.headers["Permissions-Policy"]


def test_the_content_policy_is_strict(client: Client) -> None:
    policy = client.get("/healthz").headers["Content-Security-Policy"]
    directives = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == directives["style-src"] == ["'self'"]
    assert directives["frame-ancestors"] == directives["base-uri"] == ["'none'"]
    assert "unsafe" not in policy


def test_a_request_gets_an_id_or_keeps_a_harmless_one(client: Client) -> None:
    assert client.get("/healthz").headers["X-Request-Id"].startswith("req_")
    kept = client.get("/healthz", headers={"X-Request-Id": "trace-12345678"})
    assert kept.headers["X-Request-Id"] == "trace-12345678"
    refused = client.get("/healthz", headers={"X-Request-Id": "<script>alert(1)</script>"})
    assert refused.headers["X-Request-Id"].startswith("req_")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "10.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1"),
    ],
)
def test_only_our_own_proxies_are_believed(proxies: int, forwarded: str, expected: str) -> None:
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="10.0.0.1")
    assert source_ip(request, proxies) == expected


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abc.def", "abc.def"),
        ("token rdk_ab12cd34_secret made", "ab12cd34"),
        ("Bad Request: /invitations/rdi_ab12cd34_secret_crc", "ab12cd34"),
        ("'SecretAccessKey': 'wJalr/XUt'", "wJalr"),
        ("password=hunter2&x=1", "hunter2"),
        ("key " + "AKIA" + "ABCDEFGHIJKLMNOP" + " used", "ABCDEFGHIJKLMNOP"),
    ],
)
def test_secrets_never_reach_the_log(text: str, secret: str) -> None:
    assert secret not in redacted(text)


def test_the_product_hashes_passwords_with_argon2_and_hides_its_cookies() -> None:
    assert product.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.CSRF_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == "Lax"
    assert product.STORAGES["staticfiles"]["BACKEND"].endswith("ManifestStaticFilesStorage")
