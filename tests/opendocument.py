"""OpenDocument workbooks written by hand: the same bytes every time."""

import io
import zipfile
from collections.abc import Iterable
from xml.sax.saxutils import escape

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "manifest")
)


def content_of(rows: Iterable[Iterable[str]]) -> str:
    """content.xml of one sheet of texts."""
    lines = "".join(
        f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in rows
    )
    return (
        f'<?xml version="1.0"?><office:document-content {NAMES}><office:body>'
        f'<office:spreadsheet><table:table table:name="Sheet">{lines}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )


def _cell(text: str) -> str:
    return (
        '<table:table-cell office:value-type="string">'
        f"<text:p>{escape(text)}</text:p></table:table-cell>"
    )


def packed(content: str, *, name: str = "content.xml", entry: str = "") -> bytes:
    """The workbook; the manifest says `entry` of the content, called `name`."""
    manifest = (
        f"<manifest:manifest {NAMES}>"
        f'<manifest:file-entry manifest:full-path="{name}">{entry}'
        "</manifest:file-entry></manifest:manifest>"
    )
    parts = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        name: content,
        "META-INF/manifest.xml": manifest,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for each, part in parts.items():
            archive.writestr(zipfile.ZipInfo(each), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()
