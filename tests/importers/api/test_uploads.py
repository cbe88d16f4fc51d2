"""What may come in: size and kind are looked at while a file arrives."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from importers.models import Ingestion, Source
from tests.importers.api.conftest import GOOD, INGESTIONS

Post = Callable[..., HttpResponse]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("claims.exe", GOOD),
        ("claims", GOOD),
        ("claims.pdf", b"%PDF-1.7"),
        ("claims.csv", b"MZ\x90\x00"),
        ("claims.csv", b"\x7fELF\x02"),
        ("claims.xlsx", GOOD),
        ("claims.xls", GOOD),
    ],
)
def test_what_is_no_table_is_refused(
    post_file: Post, name: str, content: bytes
) -> None:
    answer = post_file(content, name)
    assert answer.status_code == 415
    assert answer.json()["code"] == "wrong_file_kind"
    assert f"“{name}”" in answer.json()["detail"]
    assert not Ingestion.objects.exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_kept(
    post_file: Post, settings: Settings, storage_dir: Path
) -> None:
    settings.MAX_UPLOAD_MB = 1
    announced = post_file(b"a,b\n" * (800 << 10))
    assert announced.status_code == 413
    assert announced.json()["detail"] == (
        "At most 1 MB can be handed in. Split the file."
    )
    counted = post_file(b"a,b\n" * (300 << 10))
    assert counted.status_code == 413
    assert not storage_dir.exists()
    assert post_file().status_code == 202


def test_other_bodies_are_small(ready: Ingestion, as_manager: Client) -> None:
    body = b'{"reason": "' + b"x" * (3 << 20) + b'"}'
    answer = as_manager.post(
        f"{INGESTIONS}{ready.pk}/reject/", body, content_type="application/json"
    )
    assert answer.status_code == 413
    assert answer.json()["code"] == "upload_too_large"


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{}", "application/json", 415, "wrong_media_type"),
        (b"nonsense", "multipart/form-data; boundary=x", 400, "invalid"),
        (b"x", "multipart/form-data", 400, "unreadable_body"),
    ],
)
def test_what_is_no_form_is_refused(
    andes: Source, as_system: Client, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = as_system.generic("POST", INGESTIONS, body, content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_json_that_is_none_is_refused(ready: Ingestion, as_manager: Client) -> None:
    for body in (b"{", b"\xff\xfe", b'{"reason": NaN}'):
        answer = as_manager.post(
            f"{INGESTIONS}{ready.pk}/reject/", body, content_type="application/json"
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "unreadable_body")
    for listed in (b"[]", b'"x"', b"1"):
        answer = as_manager.post(
            f"{INGESTIONS}{ready.pk}/reject/", listed, content_type="application/json"
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
