"""The services' own problems, as answers of the API."""

from typing import Any

from django.core.exceptions import (
    ObjectDoesNotExist,
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from rest_framework.response import Response

from importers.exceptions import ImporterError
from reinsurance.api import problems
from reinsurance.api.problems import PROBLEMS, Problem

PROBLEMS.update(
    {
        "unknown_record_type": Problem(
            400, "No such kind of record", "Use one of those named."
        ),
        "unknown_source": Problem(400, "No such sender", "Use one of those named."),
        "unknown_mapping": Problem(400, "No such mapping", "Use one of those named."),
        "bad_mapping": Problem(
            400, "The mapping does not hold together", "Correct the columns named."
        ),
        "state_problem": Problem(
            409, "Not possible as it stands", "Look where it stands, then go on there."
        ),
        "stale_approval": Problem(
            409,
            "It would do something else by now",
            "Ask for the ingestion anew, look at it, and approve that.",
        ),
        "duplicate_file": Problem(
            409, "The file is on its way already", "Go on with the one named."
        ),
        "cleared": Problem(
            410, "No longer kept", "The detail says what is still there."
        ),
        "load_conflict": Problem(
            409,
            "The books stand in the way",
            "The detail names what was changed since; set that back first.",
        ),
        "sync_running": Problem(
            409, "The feed is being synced already", "Wait for the sync named."
        ),
        "key_reused": Problem(
            422, "The key was used for another request", "Take a new key."
        ),
        "still_working": Problem(
            409, "The first request is not answered yet", "Send the same again later."
        ),
        "too_many_files": Problem(
            429, "Enough for now", "Go on later, or ask for a higher limit."
        ),
        "upload_too_large": Problem(
            413, "Too large", "Split the file, or ask for a higher limit."
        ),
        "wrong_file_kind": Problem(
            415, "No file of a kind that can be read", "Send CSV, Excel or JSON lines."
        ),
        "store_problem": Problem(
            503, "The file store does not answer", "Send the same again later."
        ),
        "importer_error": Problem(
            409, "It cannot be done", "The detail says what to do."
        ),
    }
)


def handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's exception handler, with what the services raise."""
    if isinstance(exc, ImporterError):
        return _of_service(exc)
    if isinstance(exc, RequestDataTooBig):
        said = "The request holds too much beside the file."
        return problems.answer("upload_too_large", said)
    if isinstance(exc, TooManyFieldsSent | TooManyFilesSent):
        said = "The request holds too many fields or files."
        return problems.answer("unreadable_body", said)
    if isinstance(exc, ObjectDoesNotExist):
        return problems.answer("not_found", "There is nothing here that you may see.")
    return problems.handler(exc, context)


def _of_service(exc: ImporterError) -> Response:
    code = exc.code if exc.code in PROBLEMS else "importer_error"
    more = {
        name: number
        for name in ("ingestion", "sync")
        if (number := getattr(exc, name, None)) is not None
    }
    waits = {"still_working": "5", "store_problem": "60", "too_many_files": "600"}
    headers = {"Retry-After": waits[code]} if code in waits else None
    return problems.answer(code, exc.message, headers=headers, **more)
