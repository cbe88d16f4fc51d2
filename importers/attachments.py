"""Stored files that leave as attachments: for every door alike.

From a folder they are streamed; a bucket hands them out itself, by an address that is
good for a minute or two.  Whoever calls has asked before whether the user may.
"""

from collections.abc import Sequence

from django.core.files.storage import default_storage
from django.http import (
    FileResponse,
    Http404,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from importers.models import Ingestion
from importers.pipeline import storage
from importers.services import retention
from importers.services.parts import blocks_of

CSV = "text/csv; charset=utf-8"


def stored(key: str, name: str, content_type: str) -> HttpResponseBase:
    """A stored file as an attachment; Http404 where it is gone."""
    shown = "".join(c for c in name if c.isprintable()) or "file"
    try:
        if address := storage.link(key, shown):
            return _elsewhere(address)
        stream = default_storage.open(key)
    except FileNotFoundError as error:
        raise Http404("The file is no longer in storage.") from error
    response = FileResponse(
        stream,
        as_attachment=True,
        filename=shown,
        content_type=content_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _elsewhere(address: str) -> HttpResponseRedirect:
    """On to the bucket; the address is nobody else's and is kept nowhere."""
    response = HttpResponseRedirect(address)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def joined(keys: Sequence[str], name: str, content_type: str) -> HttpResponseBase:
    """Stored pieces as one attachment, streamed; Http404 where one is gone."""
    if not all(default_storage.exists(key) for key in keys):
        raise Http404("The file is no longer in storage.")
    response = StreamingHttpResponse(blocks_of(keys), content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=name
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


def original(ingestion: Ingestion) -> HttpResponseBase:
    """The file as it was received; raises Cleared where it is no longer kept."""
    retention.require_original(ingestion)
    kind = "application/octet-stream"  # the sender's word for it is not taken
    return stored(ingestion.original, ingestion.file_name, kind)


def rejected_rows(ingestion: Ingestion) -> HttpResponseBase:
    """The rows held out, as the sender wrote them, with what is wrong.

    Raises Cleared where they are no longer kept.
    """
    retention.require_rows(ingestion)
    if not ingestion.rejected:
        raise Http404("No rows of this file were held out.")
    stem = ingestion.file_name.rpartition(".")[0] or ingestion.file_name
    return stored(ingestion.rejected, f"{stem} - rejected rows.csv", CSV)
