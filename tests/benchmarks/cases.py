"""What is measured: each case times itself in a process of its own, seconds in JSON.

Every case starts from the same books (fifty treaties, no claims) and ends with the
claims of the bordereau in the same table, but for dlt, whose table is bare.
"""

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import tablib
from django.core.management import call_command
from django.db import connection, transaction
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import ForeignKeyWidget

from reinsurance.models import Claim, ClaimStatus, Country, Currency, Treaty
from tests.benchmarks import generate

FIELDS = (
    "treaty",
    "reference",
    "policy_reference",
    "certificate_reference",
    "insured_name",
    "cause",
    "description",
    "country",
    "date_of_loss",
    "date_notified",
    "policy_inception",
    "policy_expiry",
    "status",
    "currency",
    "paid_indemnity",
    "paid_fees",
    "reserve_indemnity",
    "reserve_fees",
)
"""The generated columns as a plain Resource calls them."""

COUNTRY = {"France": "FR", "Italy": "IT"}
"""Countries that the generated file names, for those who know codes alone."""

TABLE_COLUMNS = (
    "treaty_id, reference, policy_reference, certificate_reference, insured_name, "
    "cause, description, country_id, date_of_loss, date_notified, policy_inception, "
    "policy_expiry, status_id, currency_id, paid_indemnity, paid_fees, "
    "reserve_indemnity, reserve_fees"
)


def empty_books() -> None:
    """Fifty treaties, no claims, nothing waiting to be written by the server."""
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE reinsurance_claim, reinsurance_claimmovement, "
            "importers_rowchange, importers_issue, importers_event, "
            "importers_ingestion RESTART IDENTITY CASCADE"
        )
    for number in range(generate.TREATIES):
        Treaty.objects.get_or_create(
            reference=f"BENCH{number:03d}",
            defaults={
                "treaty_type": "QS",
                "currency_id": "GBP",
                "inception": "2026-01-01",
                "expiry": "2026-12-31",
            },
        )
    settle()


def settle() -> None:
    """Let the server finish what earlier cases left to do."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def raw_copy(path: Path) -> float:
    """COPY of rows made ready beforehand, into the claims table as it is."""
    ready = _ready_rows(path)
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor, ready.open("rb") as rows:
        cursor.copy_expert(
            f"COPY reinsurance_claim ({TABLE_COLUMNS}) FROM STDIN WITH (FORMAT csv)",
            rows,
        )
    return time.perf_counter() - began


def _ready_rows(path: Path) -> Path:
    ready = path.with_suffix(".ready")
    treaties = dict(Treaty.objects.values_list("reference", "pk"))
    status = {"Open": "OPEN", "Closed": "CLOSED", "Re-opened": "REOPENED"}
    with path.open(newline="") as source, ready.open("w", newline="") as out:
        rows = csv.reader(source)
        next(rows)
        writer = csv.writer(out)
        for row in rows:
            row[0] = str(treaties[row[0]])
            row[7] = COUNTRY.get(row[7], row[7])
            row[12] = status[row[12]]
            writer.writerow(row[: len(FIELDS)])
    return ready


def pipeline(path: Path) -> float:
    """Ours: from the bytes to loaded records with lineage and ledger."""
    began = time.perf_counter()
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(
            "ingest", path, record_type="claims", approve=True, stdout=out, stderr=err
        )
    except SystemExit as done:
        if done.code:
            raise RuntimeError(out.getvalue() + err.getvalue()) from done
    return time.perf_counter() - began


def _dataset(path: Path) -> tablib.Dataset:
    with path.open(newline="") as source:
        rows = csv.reader(source)
        next(rows)
        dataset = tablib.Dataset(headers=FIELDS)
        for row in rows:
            row[7] = COUNTRY.get(row[7], row[7])
            dataset.append(row[: len(FIELDS)])
    return dataset


class StockClaimResource(ModelResource):
    """The same columns as import-export itself would have them declared."""

    treaty = Field("treaty", "treaty", ForeignKeyWidget(Treaty, "reference"))
    country = Field("country", "country", ForeignKeyWidget(Country, "code"))
    status = Field("status", "status", ForeignKeyWidget(ClaimStatus, "name"))
    currency = Field("currency", "currency", ForeignKeyWidget(Currency, "code"))

    class Meta:
        model = Claim
        import_id_fields = ("treaty", "reference")
        fields = FIELDS
        clean_model_instances = True


class BulkClaimResource(StockClaimResource):
    """The same in import-export's bulk mode."""

    class Meta(StockClaimResource.Meta):
        use_bulk = True
        batch_size = 1000
        skip_diff = True


def stock(path: Path) -> float:
    """Stock import-export: its own widgets, its own loop."""
    return _import_data(StockClaimResource(), path)


def stock_bulk(path: Path) -> float:
    """Stock import-export in bulk mode."""
    return _import_data(BulkClaimResource(), path)


def _import_data(resource: ModelResource, path: Path) -> float:
    dataset = _dataset(path)
    began = time.perf_counter()
    result = resource.import_data(dataset, use_transactions=True, raise_errors=True)
    return _checked(result.totals["new"], len(dataset), began)


def _checked(new: int, expected: int, began: float) -> float:
    seconds = time.perf_counter() - began
    if new != expected:
        raise RuntimeError(f"{new} of {expected} rows were created")
    return seconds


def dlt_merge(path: Path) -> float:
    """dlt's arrow merge into a bare table: no checks, no lineage."""
    import dlt  # noqa: PLC0415 - only bench.txt has it
    import pyarrow.csv  # noqa: PLC0415

    from tests.benchmarks.dlt_target import destination  # noqa: PLC0415

    def table() -> object:
        yield pyarrow.csv.read_csv(path)

    resource = dlt.resource(
        table,
        name="claims",
        primary_key=("umr", "claim_reference_number"),
        write_disposition="merge",
    )
    runner = dlt.pipeline("bench", destination=destination(), dataset_name="bench_dlt")
    runner.drop()
    began = time.perf_counter()
    runner.run(resource)
    return time.perf_counter() - began


def openpyxl_alone(path: Path) -> float:
    """openpyxl reading the workbook's cells, and nothing else."""
    began = time.perf_counter()
    book = openpyxl.load_workbook(path, read_only=True)
    for _row in book.active.iter_rows(values_only=True):
        pass
    return time.perf_counter() - began


CASES: dict[str, Callable[[Path], float]] = {
    "raw COPY": raw_copy,
    "our pipeline": pipeline,
    "our pipeline, nothing new": pipeline,
    "our pipeline, xlsx": pipeline,
    "stock import-export": stock,
    "import-export bulk mode": stock_bulk,
    "dlt arrow merge, bare table": dlt_merge,
    "openpyxl alone, xlsx": openpyxl_alone,
}
