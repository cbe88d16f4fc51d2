"""Empty files of each kind to fill in."""

import csv
import io
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from importers import record_types
from importers.attachments import CSV
from importers.exceptions import UnknownRecordType
from importers.record_types import RecordType
from reinsurance.resources import lookups, widgets
from reinsurance.resources.base import Column
from reinsurance.resources.charges import ChargesWidget

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEANINGS: tuple[tuple[type[widgets.CellWidget], str], ...] = (
    (widgets.LeiWidget, "LEI: 20 letters and digits"),
    (widgets.DateWidget, "Date, such as 2026-04-30"),
    (widgets.LimitWidget, "Amount, such as 1234.56, or unlimited"),
    (widgets.AmountWidget, "Amount, such as 1234.56"),
    (widgets.RateWidget, "Rate of exchange, such as 1.0842"),
    (widgets.ShareWidget, "Share of the whole, such as 0.3 or 30%"),
    (ChargesWidget, "A share for each, such as 0;0.5;1"),
    (widgets.DecimalWidget, "Number, such as 1234.56"),
    (widgets.IntegerWidget, "Whole number"),
    (widgets.YesNoWidget, "Yes or No"),
)


def template(slug: str, extension: str) -> HttpResponse:
    """An empty file of a kind: its header, and in Excel what each column means."""
    try:
        kind = record_types.get(slug)
    except UnknownRecordType as problem:
        raise Http404(str(problem)) from problem
    if extension == "csv":
        content, content_type = _csv(kind), CSV
    elif extension == "xlsx":
        content, content_type = _xlsx(kind), XLSX
    else:
        raise Http404("Templates are CSV or Excel files.")
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{kind.slug} template.{extension}"
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _header(kind: RecordType) -> list[str]:
    return [str(column.column_name) for column in kind.columns.values()]


def _csv(kind: RecordType) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(_header(kind))
    return text.getvalue().encode("utf-8-sig")


def _xlsx(kind: RecordType) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = kind.label
    sheet.append(_header(kind))
    fields = book.create_sheet("Fields")
    fields.append(["Column", "Required", "What to write", "Explanation"])
    for column in kind.columns.values():
        required = "Yes" if column.required else "No"
        fields.append(
            [str(column.column_name), required, meaning(column), column.explanation]
        )
    for page in (sheet, fields):
        page.freeze_panes = "A2"
        for cell in page[1]:
            cell.font = Font(bold=True)
            width = max(14, len(str(cell.value)) + 2)
            page.column_dimensions[get_column_letter(cell.column)].width = width
    for letter, width in (("A", 34), ("C", 70), ("D", 60)):
        fields.column_dimensions[letter].width = width
    for row in fields.iter_rows(min_row=2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def meaning(column: Column) -> str:
    """What a cell of the column holds, for who fills the file in."""
    widget: Any = column.widget
    if isinstance(widget, widgets.ChoiceWidget):
        return f"One of: {', '.join(widget.labels)}"
    if isinstance(widget, lookups.CodeWidget):
        return f"Code or name of a {widget.what}"
    if isinstance(widget, lookups.ReferenceWidget):
        texts = [*widget.lookups, *widget.names]
        label = str(widget.model._meta.verbose_name).capitalize()
        return f"{label} that is in the books, by {' or '.join(texts)}"
    for kind, said in MEANINGS:
        if isinstance(widget, kind):
            return said
    limit = getattr(widget, "max_length", None)
    return f"Text of at most {limit} characters" if limit else "Text"
