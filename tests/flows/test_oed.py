"""Open Exposure Data: every treaty file we have loads by the shipped mappings.

What is in the books afterwards is compared, cell by cell, with the file as Python's
own csv module reads it.
"""

import csv
import datetime
import io
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from importers.models import Ingestion, Issue, RowChange
from importers.pipeline import storage
from importers.readers import precheck, spilling
from importers.readers.limits import Limits
from importers.readers.sandbox import Spilled
from importers.services import ingestions, work
from reinsurance.models import Layer, Treaty, TreatyScope
from tests.conftest import SHARED_DATA

pytestmark = pytest.mark.django_db

OED = SHARED_DATA / "oed"
PAIRS = sorted(
    {
        str(path.parent.relative_to(OED))
        for path in OED.rglob("*.csv")
        if path.parent.name != "spec"
    }
)

HELD_OUT = {
    # Both rows are the same contract; they differ in TreatyShare alone, the line of a
    # reinsurer who is not named, and that column is not kept.
    ("ReinsuranceTestTool/ftest_fm37", "treaties"): [(3, "duplicate_row")],
}
"""Rows that are not loaded, and why; all others of all files are."""
NO_ROWS = "ReinsuranceTestTool/ftest_fm10"
NO_CURRENCY = (
    "OasisLMF/validation_reinsurance2_units_todo_"
    "ri_multiple_cxl_at_different_inuring_levels"
)

LAYER = {
    "CededPercent": "ceded_share",
    "RiskLimit": "risk_limit",
    "RiskAttachment": "risk_attachment",
    "RiskAttachmentPoint": "risk_attachment",
    "OccLimit": "occurrence_limit",
    "OccAttachment": "occurrence_attachment",
    "OccurenceAttachmentPoint": "occurrence_attachment",
    "AggregateLimit": "aggregate_limit",
    "AggregateAttachmentPoint": "aggregate_attachment",
    "PlacedPercent": "placed_share",
    "PlacementPercent": "placed_share",
    "InuringPriority": "inuring_priority",
    "ReinstatementNumber": "reinstatements",
    "ReinstatementCharge": "reinstatement_charges",
    "ReinsPremium": "deposit_premium",
    "RiskLevel": "risk_level",
}
TREATY = {
    "ReinsName": "name",
    "ReinsPeril": "perils",
    "ReinsPerilCode": "perils",
    "ReinsCurrency": "currency_id",
    "ReinsType": "treaty_type",
    "AttachmentBasis": "basis",
    "ReinsInceptionDate": "inception",
    "ReinsExpiryDate": "expiry",
}
SCOPE = {
    "PortNumber": "portfolio",
    "PortfolioNumber": "portfolio",
    "AccNumber": "account",
    "AccountNumber": "account",
    "PolNumber": "policy",
    "PolicyNumber": "policy",
    "LocGroup": "location_group",
    "LocationGroup": "location_group",
    "LocNumber": "location",
    "LocationNumber": "location",
    "CedantName": "cedant_name",
    "ProducerName": "producer_name",
    "LOB": "line_of_business",
    "CountryCode": "country_code",
    "ReinsTag": "tag",
    "ReinsuranceTag": "tag",
    "CededPercent": "ceded_share",
    "RiskLevel": "risk_level",
}
NOT_KEPT = {
    "ReinsNumber",
    "ReinsLayerNumber",
    "OEDVersion",
    "TreatyShare",
    "TreatyPercent",
    "UseReinsDates",
    "ReinsFXrate",
    "ReinsHoursClause",
    "DeemedPercentPlaced",
    "OccurenceFranchiseDed",
    "OccurenceReverseFranchise",
}
DEFAULTS = {"CededPercent": "1"}
RISK_LEVELS = {"Selection": "SEL", "Location": "LOC"}


def expected(attribute: str, text: str) -> Any:
    """A cell's value by the specification: blank and 0 limits are unlimited, shares
    fractions, days come before months."""
    if attribute.endswith("_limit"):
        return Decimal(text or 0) or None
    if attribute.endswith(("_share", "_attachment", "_premium")):
        return Decimal(text) if text else None
    if attribute in {"inuring_priority", "reinstatements"}:
        return int(text) if text else None
    if attribute in {"inception", "expiry"}:
        if "/" not in text:
            return datetime.date.fromisoformat(text) if text else None
        day, month, year = map(int, text.split("/"))
        return datetime.date(year, month, day)
    if attribute == "reinstatement_charges" and "100" in text:  # per cent
        return ";".join(f"{Decimal(n) / 100:f}" for n in text.split(";"))
    if attribute == "risk_level":
        return RISK_LEVELS.get(text, text)
    return "CXL" if text == "CAT XL" else text


def rows_of(content: bytes) -> list[dict[str, str]]:
    text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    return [
        {name.strip(): cell.strip() for name, cell in row.items()}
        for row in csv.DictReader(io.StringIO(text))
    ]


@pytest.fixture
def without_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader in this process: the child of the sandbox costs half a second."""

    def read(key: str, folder: Path, *, name: str, sheet: str = "") -> Spilled:
        with storage.local(key) as path:
            kind = precheck.check(path, name, Limits())
            spilling.spill(path, kind, folder, sheet or None, Limits())
        return Spilled.load(folder)

    monkeypatch.setattr(work, "read", read)


def received(content: bytes, slug: str, name: str = "file.csv") -> Ingestion:
    """A checked ingestion of the bytes."""
    ingestion = ingestions.submit(
        blocks=[content],
        file_name=name,
        record_type=slug,
        source=ingestions.source_of(None),
        door="test",
        enqueue=False,
    )
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    return ingestion


def load(ingestion: Ingestion) -> Ingestion:
    assert ingestion.status == "ready", (ingestion.status, ingestion.message)
    ingestions.approve(ingestion.pk, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "loaded"
    assert ingestion.rows_read == (
        ingestion.rows_created
        + ingestion.rows_updated
        + ingestion.rows_unchanged
        + ingestion.rows_rejected
    )
    return ingestion


def held_out(ingestion: Ingestion) -> list[tuple[int, str]]:
    errors = Issue.objects.filter(ingestion=ingestion, severity="error")
    return list(errors.values_list("row", "code"))


def file_of(pair: str, what: str) -> Path:
    return next(p for p in (OED / pair).iterdir() if what in p.name.lower())


def assert_books_hold_treaties(rows: list[dict[str, str]]) -> None:
    assert set(rows[0]) <= {*TREATY, *LAYER, *NOT_KEPT}
    for row in rows:
        number = int(row.get("ReinsLayerNumber") or 1)
        layer = Layer.objects.select_related("treaty").get(
            treaty__reference=row["ReinsNumber"], number=number
        )
        for record, names in ((layer.treaty, TREATY), (layer, LAYER)):
            for header, attribute in names.items():
                if header in row:
                    value = getattr(record, attribute)
                    wanted = expected(
                        attribute, row[header] or DEFAULTS.get(header, "")
                    )
                    assert value == wanted, (header, row)


def assert_books_hold_scope(rows: list[dict[str, str]]) -> None:
    assert set(rows[0]) <= {*SCOPE, *NOT_KEPT}
    names = sorted({*SCOPE.values()})
    found = Counter(
        TreatyScope.objects.values_list("treaty__reference", *names, named=False)
    )
    wanted = Counter()
    for row in rows:
        values = {
            attribute: expected(attribute, row[header])
            for header, attribute in SCOPE.items()
            if header in row
        }
        blank = [None if n == "ceded_share" else "" for n in names]
        wanted[
            row["ReinsNumber"],
            *(values.get(n, b) for n, b in zip(names, blank, strict=True)),
        ] += 1
    assert found == wanted


@pytest.mark.shared_data
@pytest.mark.parametrize("pair", [p for p in PAIRS if p not in {NO_ROWS, NO_CURRENCY}])
def test_a_pair_of_oed_files_loads_unasked(pair: str, without_child: None) -> None:
    for slug, what, mapping in (
        ("treaties", "info", "OED ReinsInfo"),
        ("treaty-scope", "scope", "OED ReinsScope"),
    ):
        path = file_of(pair, what)
        rows = rows_of(path.read_bytes())
        ingestion = load(received(path.read_bytes(), slug, path.name))
        expected_out = HELD_OUT.get((pair, slug), [])
        assert ingestion.mapping.name == mapping
        assert held_out(ingestion) == expected_out
        assert (
            ingestion.rows_read,
            ingestion.rows_created,
            ingestion.rows_rejected,
        ) == (len(rows), len(rows) - len(expected_out), len(expected_out))
        out = {number for number, _ in expected_out}
        rows = [row for number, row in enumerate(rows, start=2) if number not in out]
        if slug == "treaties":
            assert_books_hold_treaties(rows)
        else:
            assert_books_hold_scope(rows)


@pytest.mark.shared_data
def test_all_pairs_are_here() -> None:
    """The two that have tests of their own and 83 more."""
    assert len(PAIRS) == 85
    assert {NO_ROWS, NO_CURRENCY, *(pair for pair, _ in HELD_OUT)} < set(PAIRS)


@pytest.mark.shared_data
@pytest.mark.parametrize(("slug", "what"), [("treaties", "info"), ("scope", "scope")])
def test_the_pair_without_rows_is_rejected(slug: str, what: str) -> None:
    path = file_of(NO_ROWS, what)
    ingestion = received(path.read_bytes(), slug, path.name)
    assert ingestion.status == "rejected"
    assert ingestion.issue_counts["by_code"] == {"no_rows": 1}


@pytest.mark.shared_data
def test_the_pair_without_currency_asks_for_that_alone() -> None:
    """ReinsCurrency is required by OED; this file of theirs has none."""
    path = file_of(NO_CURRENCY, "info")
    ingestion = received(path.read_bytes(), "treaties", path.name)
    assert ingestion.status == "needs mapping"
    assert ingestion.message == "No column was found for “Currency”."
    ingestions.confirm_mapping(
        ingestion.pk,
        columns={
            header: {"field": said["field"] or "", "percent": said["percent"]}
            for header, said in ingestion.matches["columns"].items()
        },
        constants={"currency": "USD"},
        user=None,
        enqueue=False,
    )
    work.check(ingestion.pk)
    ingestion.refresh_from_db()
    assert load(ingestion).rows_created == 2
    assert set(Treaty.objects.values_list("currency", flat=True)) == {"USD"}
    rows = rows_of(path.read_bytes())
    assert_books_hold_treaties(rows)
    scope = file_of(NO_CURRENCY, "scope")
    assert load(received(scope.read_bytes(), "treaty-scope")).rows_created == 2
    assert_books_hold_scope(rows_of(scope.read_bytes()))


# ---------------------------------------------------------- files of our own making
INFO = (
    "ReinsNumber,ReinsLayerNumber,ReinsName,ReinsPeril,ReinsInceptionDate,"
    "ReinsExpiryDate,CededPercent,RiskLimit,RiskAttachment,OccLimit,OccAttachment,"
    "InuringPriority,ReinsType,PlacedPercent,TreatyShare,ReinsCurrency,UseReinsDates",
    "7,1,Made-up QS,WW1,01/02/2026,31/01/2027,.25,0,0,,0,1,QS,1.0,1,GBP,N",
    "8,1,Cover XL,AA1,1/2/2026,31/1/2027,1,0,,5000000,2500000.50,2,CAT XL,0.8,,USD,Yes",
    "8,2,Cover XL,AA1,1/2/2026,31/1/2027,1,0,0,0.0,7500000,2,CAT XL,.9500,1,USD,Yes",
    "9,1,Made-up PR,WW1,2026-02-01,2027-01-31,,1e6,250000,0,0,3,PR,50%,1,EUR,No",
)
SCOPES = (
    "ReinsNumber,PortNumber,AccNumber,PolNumber,LocNumber,LOB,RiskLevel,CededPercent",
    "7,P1,00012,,,COM,,",
    "7,P1,00013,,,,LOC,0.2",
    "8,P1,,,,,Selection,1",
    "9,P1,1.0,1_1,10002082047,,ACC,",
)


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_oed_files_of_our_own(line_end: str, without_child: None) -> None:
    ingestion = load(received(line_end.join(INFO).encode(), "treaties", "ri_info.csv"))
    assert ingestion.mapping.name == "OED ReinsInfo"
    assert held_out(ingestion) == []
    assert (ingestion.rows_read, ingestion.rows_created) == (4, 4)
    treaties = Treaty.objects.values_list(
        "reference", "name", "treaty_type", "basis", "inception", "expiry", "currency"
    )
    begin, end = datetime.date(2026, 2, 1), datetime.date(2027, 1, 31)
    assert list(treaties) == [
        ("7", "Made-up QS", "QS", "", begin, end, "GBP"),
        ("8", "Cover XL", "CXL", "", begin, end, "USD"),
        ("9", "Made-up PR", "PR", "", begin, end, "EUR"),
    ]
    layers = Layer.objects.order_by("treaty__reference", "number").values_list(
        "treaty__reference",
        "number",
        "ceded_share",
        "risk_limit",
        "risk_attachment",
        "occurrence_limit",
        "occurrence_attachment",
        "placed_share",
        "inuring_priority",
    )
    one, zero = Decimal(1), Decimal(0)
    assert list(layers) == [
        ("7", 1, Decimal("0.25"), None, zero, None, zero, one, 1),
        ("8", 1, one, None, None, 5_000_000, Decimal("2500000.5"), Decimal("0.8"), 2),
        ("8", 2, one, None, zero, None, 7_500_000, Decimal("0.95"), 2),
        ("9", 1, one, 1_000_000, 250_000, None, zero, Decimal("0.5"), 3),
    ]
    scope = load(received(line_end.join(SCOPES).encode(), "scope", "ri_scope.csv"))
    assert scope.mapping.name == "OED ReinsScope"
    assert (scope.rows_read, scope.rows_created) == (4, 4)
    assert_books_hold_scope(rows_of(line_end.join(SCOPES).encode()))
    models = RowChange.objects.values_list("model", flat=True)
    assert Counter(models) == {"treaty": 3, "layer": 4, "treatyscope": 4}


def test_the_same_oed_files_again_change_nothing(without_child: None) -> None:
    for turn, counts in (("\n", (4, 0)), ("\r", (0, 4))):
        for lines, slug in ((INFO, "treaties"), (SCOPES, "treaty-scope")):
            ingestion = load(received(turn.join(lines).encode(), slug))
            assert (ingestion.rows_created, ingestion.rows_unchanged) == counts


def test_the_scope_of_an_unknown_treaty_is_held_out(without_child: None) -> None:
    ingestion = received("\n".join(SCOPES).encode(), "treaty-scope")
    assert ingestion.status == "rejected"
    assert held_out(ingestion) == [(row, "unknown_treaty") for row in (2, 3, 4, 5)]
    assert (ingestion.rows_read, ingestion.rows_rejected) == (4, 4)
    assert not TreatyScope.objects.exists()


def test_shares_in_per_cent_are_not_taken_for_fractions(without_child: None) -> None:
    """OED's shares are fractions: 80 is no share, and the row is held out."""
    lines = [INFO[0], INFO[1].replace(".25", "25"), INFO[2]]
    ingestion = load(received("\n".join(lines).encode(), "treaties"))
    assert held_out(ingestion) == [(2, "bad_share")]
    assert list(Treaty.objects.values_list("reference", flat=True)) == ["8"]
