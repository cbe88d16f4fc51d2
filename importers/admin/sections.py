"""The tabs of an ingestion's page: each gathers its own figures, and only its own."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest

from importers.admin import contracts, page
from importers.admin.changes import counted, described
from importers.admin.lineage import previewed
from importers.models import Ingestion
from importers.pipeline.left_out import CORRECTION_LACKS
from importers.record_types import RecordType
from importers.services.changes_of import changes_of
from importers.values import Severity, Status

PER_PAGE = 50
MOST_LACKING = 20
MOST_COUNTED = 100_000
"""Rows of a file up to which its changes are counted by kind on each view."""
SEVERITIES = {
    Severity.ERROR.value: "Error: row held out",
    Severity.WARNING.value: "Warning: row passes",
    Severity.BREACH.value: "Breach: a manager must look",
}
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
FORMATS = {
    "csv": "Text with separated values (CSV)",
    "xlsx": "Excel workbook",
    "xlsm": "Excel workbook with macros",
    "xlsb": "Excel binary workbook",
    "xls": "Excel 97–2003 workbook",
    "ods": "OpenDocument spreadsheet",
    "jsonl": "JSON lines",
}


def said(code: str) -> str:
    """A stable issue code as words: ``bad_date`` is "Bad date"."""
    return code.replace("_", " ").capitalize()


def issue_kinds(ingestion: Ingestion) -> list[dict[str, Any]]:
    """Kinds of issues with their counts, the most frequent first."""
    severities = dict(
        ingestion.issues.order_by().values_list("code", "severity").distinct()
    )
    counts = ingestion.issue_counts.get("by_code", {})
    return [
        {
            "code": code,
            "label": said(code),
            "severity": severities.get(code, Severity.ERROR.value),
            "count": count,
        }
        for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def summary(
    request: HttpRequest, ingestion: Ingestion, kind: RecordType
) -> dict[str, Any]:
    """Counts, control totals, kinds of issues, the first changes."""
    user = page.user_of(request)
    ends = ingestion.status in {Status.READY, Status.APPROVED, Status.LOADING}
    return {
        "tiles": page.tiles(ingestion),
        "totals": page.totals(ingestion, kind),
        "kinds": issue_kinds(ingestion),
        "ignored": ignored(ingestion),
        "constants": constants(ingestion, kind),
        "moves": page.moves(ingestion),
        "is_done": ingestion.status in {Status.LOADED, Status.UNDOING, Status.UNDONE},
        "lacks": lacking(ingestion),
        "lacks_code": CORRECTION_LACKS,
        "preview": previewed(ingestion, kind, user)[:10] if ends else [],
    }


def lacking(ingestion: Ingestion) -> list[str]:
    """The first sentences of what a correction leaves out."""
    if not ingestion.issue_counts.get("by_code", {}).get(CORRECTION_LACKS):
        return []
    rows = ingestion.issues.filter(code=CORRECTION_LACKS).order_by("-pk")
    return list(rows.values_list("message", flat=True)[:MOST_LACKING])


def issues(
    request: HttpRequest, ingestion: Ingestion, kind: RecordType
) -> dict[str, Any]:
    """Issues by row: filtered by severity and kind, searched, 50 a page."""
    severity = request.GET.get("severity", "")
    code = request.GET.get("code", "")
    words = request.GET.get("q", "").replace("\0", "").strip()
    rows = ingestion.issues.order_by("row", "pk")
    listed = rows.count()
    if severity in SEVERITIES:
        rows = rows.filter(severity=severity)
    if code:
        rows = rows.filter(code=code.replace("\0", ""))
    if words:
        rows = rows.filter(
            Q(column__icontains=words)
            | Q(value__icontains=words)
            | Q(message__icontains=words)
        )
    counts = ingestion.issue_counts
    return {
        "rows": _paged(request, rows),
        "kinds": issue_kinds(ingestion),
        "severities": [
            (name, label, counts.get(name, 0)) for name, label in SEVERITIES.items()
        ],
        "severity": severity,
        "code": code,
        "words": words,
        "listed": listed,
        "counted": sum(counts.get(name, 0) for name in SEVERITIES),
    }


def changes(
    request: HttpRequest, ingestion: Ingestion, kind: RecordType
) -> dict[str, Any]:
    """What the load changed, paged; before it, what it would change."""
    user = page.user_of(request)
    if ingestion.status not in {Status.LOADED, Status.UNDOING, Status.UNDONE}:
        return {"preview": previewed(ingestion, kind, user)}
    lines = changes_of(ingestion)
    rows = _paged(request, lines.order_by("row", "pk"))
    return {
        "rows": rows,
        "changes": described(rows.object_list, user),
        "made": counted(lines) if ingestion.rows_read <= MOST_COUNTED else [],
    }


def file(
    request: HttpRequest, ingestion: Ingestion, kind: RecordType
) -> dict[str, Any]:
    """How the file was read and what its headers were taken for."""
    table = ingestion.table
    header_rows = ", ".join(str(number + 1) for number in table.get("header_rows", ()))
    delimiter = table.get("delimiter") or ""
    read = [
        ("Format", FORMATS.get(table.get("format", ""), table.get("format", ""))),
        ("Characters", (table.get("encoding") or "").upper()),
        ("Separated by", DELIMITERS.get(delimiter, delimiter)),
        ("Sheet", table.get("sheet") or ""),
        ("Sheets in the file", ", ".join(table.get("sheets", ()))),
        ("Header in line", header_rows),
        ("Rows of data", f"{table['rows']:,}" if "rows" in table else ""),
        ("Size", f"{ingestion.file_size:,} bytes"),
        ("Fingerprint (SHA-256)", ingestion.sha256),
    ]
    return {
        "sync": ingestion.syncs.select_related("feed").order_by("-pk").first(),
        "read": [(label, value) for label, value in read if value],
        "skipped": table.get("skipped", []),
        "skipped_count": table.get("skipped_count", 0),
        "repairs": table.get("repairs", []),
        "matched": matched(ingestion, kind),
        "constants": constants(ingestion, kind),
    }


def constants(ingestion: Ingestion, kind: RecordType) -> list[tuple[str, str]]:
    """What has the same text in every row as no column brings it: label and text."""
    read = ingestion.matches.get("columns", {}).values()
    used = {match["field"] for match in read if match["decision"] == "auto"}
    return [
        (str(kind.columns[name].column_name), text)
        for name, text in ingestion.matches.get("constants", {}).items()
        if name in kind.columns and name not in used
    ]


def matched(ingestion: Ingestion, kind: RecordType) -> list[dict[str, Any]]:
    """Each header of the file, in its order, and what it was taken for."""
    known = ingestion.matches.get("columns", {})
    found = []
    for header in ingestion.table.get("header", ()):
        match = known.get(header)
        if match is None:
            continue
        column = kind.columns.get(match["field"] or "")
        decision = match["decision"]
        found.append(
            {
                "header": header,
                "field": str(column.column_name)
                if column and decision != "ignore"
                else "",
                "decision": decision,
                "percent": match.get("percent", False),
            }
        )
    return found


def ignored(ingestion: Ingestion) -> list[str]:
    """Headers of columns that are not used, in the order of the file."""
    known = ingestion.matches.get("columns", {})
    return [
        header
        for header in ingestion.table.get("header", ())
        if header in known and known[header]["decision"] == "ignore"
    ]


def history(
    request: HttpRequest, ingestion: Ingestion, kind: RecordType
) -> dict[str, Any]:
    """The story so far; what only helps programmers is for superusers."""
    return {
        "events": ingestion.events.select_related("user").order_by("pk"),
        "shows_details": request.user.is_superuser,
    }


def _paged(request: HttpRequest, rows: Any) -> Any:
    return Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))


SECTIONS = {
    "summary": summary,
    "issues": issues,
    "contracts": contracts.section,
    "changes": changes,
    "file": file,
    "history": history,
}
