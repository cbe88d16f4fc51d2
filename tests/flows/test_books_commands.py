"""``books``, ``sources`` and ``undo``: their output is an interface."""

import datetime
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from importers.management import book_rows
from importers.models import Ingestion, Source
from reinsurance.ledger.premium_standing import COLUMNS
from reinsurance.models import (
    Claim,
    ClaimPosition,
    ClaimStatement,
    Layer,
    Load,
    Participation,
    Party,
    PremiumEntry,
    Treaty,
)

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 9, 1, 12, tzinfo=datetime.UTC)


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=err)
    except SystemExit as done:
        return int(done.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def books(*arguments: str) -> list[dict[str, Any]]:
    code, out, err = run("books", *arguments, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert isinstance(found, list)
    return found


def a_load(number: int, at: str, undone_at: str | None = None) -> Load:
    return Load.objects.create(
        number=number,
        record_type="claims",
        loaded_at=f"{at}T00:00Z",
        undone_at=f"{undone_at}T00:00Z" if undone_at else None,
    )


@pytest.fixture
def treaty() -> Treaty:
    """A contract of two layers, the first with a panel of two."""
    cedant = Party.objects.create(code="CED1", name="Northfield Mutual")
    broker = Party.objects.create(code="BRK1", name="Quayside")
    alpine = Party.objects.create(code="RE2", name="Alpine Re")
    straits = Party.objects.create(code="RE1", name="Straits Re")
    treaty = Treaty.objects.create(
        reference="T1",
        name="Cat 2026",
        cedant=cedant,
        broker=broker,
        treaty_type="CXL",
        basis="LO",
        inception="2026-01-01",
        expiry="2026-12-31",
        currency_id="GBP",
        year_of_account=2026,
    )
    first = Layer.objects.create(
        treaty=treaty,
        number=1,
        name="First",
        ceded_share="0.6",
        occurrence_limit="20000000",
        occurrence_attachment="10000000.125",
        reinstatements=2,
        reinstatement_charges="0;1",
        commission="0.275",
    )
    Layer.objects.create(treaty=treaty, number=2)
    Participation.objects.create(
        layer=first, reinsurer=straits, written_line="0.5", signed_line="0.4"
    )
    Participation.objects.create(
        layer=first, reinsurer=alpine, signed_line="0.6", is_lead=True
    )
    return treaty


@pytest.fixture
def position(treaty: Treaty) -> ClaimPosition:
    """C1: 100 paid and 400 in reserve at the end of June, 150 and 380 of July.

    June came on 5 July as number 1, July on 5 August as number 2.
    """
    june, july = a_load(1, "2026-07-05"), a_load(2, "2026-08-05")
    claim = Claim.objects.create(
        treaty=treaty,
        reference="C1",
        load=june,
        policy_reference="P1",
        insured_name="Acme Ltd",
        status_id="OPEN",
    )
    position = ClaimPosition.objects.create(
        claim=claim,
        section="A",
        risk_code="B2",
        currency_id="GBP",
        load=june,
        status_id="OPEN",
        period_end="2026-07-31",
        paid_indemnity="150",
        paid_fees="10.5",
        reserve_indemnity="380",
        recovered="0.1234",
    )
    told(position, june, 3, 6, paid_indemnity_to_date=100, reserve_indemnity=400)
    told(
        position,
        july,
        5,
        7,
        paid_indemnity_to_date=150,
        paid_fees_to_date="10.5",
        reserve_indemnity=380,
        recovered_to_date="0.1234",
        status_id="OPEN",
    )
    return position


def told(
    position: ClaimPosition, load: Load, row: int, month: int, **amounts: Any
) -> None:
    start = datetime.date(2026, month, 1)
    end = datetime.date(2026, month + 1, 1) - datetime.timedelta(days=1)
    ClaimStatement.objects.create(
        position=position,
        load=load,
        row=row,
        period_start=start,
        period_end=end,
        **amounts,
    )


def another(position: ClaimPosition, reference: str, load: Load) -> ClaimPosition:
    claim = Claim.objects.create(
        treaty=position.claim.treaty, reference=reference, load=load, status_id="OPEN"
    )
    return ClaimPosition.objects.create(claim=claim, currency_id="GBP", load=load)


KEY = {
    "treaty": "T1",
    "cedant": "CED1",
    "year_of_account": 2026,
    "claim": "C1",
    "section": "A",
    "risk_code": "B2",
    "currency": "GBP",
}
TODAY = {
    **KEY,
    "status": "OPEN",
    "insured": "Acme Ltd",
    "paid_indemnity": "150.00",
    "paid_fees": "10.50",
    "reserve_indemnity": "380.00",
    "reserve_fees": "0.00",
    "recovered": "0.1234",
    "incurred": "540.50",
    "period_end": "2026-07-31",
}
IN_JUNE = {
    **TODAY,
    "status": None,
    "paid_indemnity": "100.00",
    "paid_fees": "0.00",
    "reserve_indemnity": "400.00",
    "recovered": "0.00",
    "incurred": "500.00",
    "period_end": "2026-06-30",
}
MOVED_IN_JUNE = {
    **KEY,
    "paid_indemnity": "100.00",
    "paid_fees": "0.00",
    "reserve_indemnity": "400.00",
    "reserve_fees": "0.00",
    "recovered": "0.00",
    "incurred": "500.00",
    "period_end": "2026-06-30",
    "ingestion": 1,
    "row": 3,
    "status": None,
}
MOVED_IN_JULY = {
    **KEY,
    "paid_indemnity": "50.00",
    "paid_fees": "10.50",
    "reserve_indemnity": "-20.00",
    "reserve_fees": "0.00",
    "recovered": "0.1234",
    "incurred": "40.50",
    "period_end": "2026-07-31",
    "ingestion": 2,
    "row": 5,
    "status": "OPEN",
}


# ------------------------------------------------------------------------ claims
def test_claims_as_they_stand(position: ClaimPosition) -> None:
    assert books("claims") == [TODAY]


def test_claims_are_derived_the_same(position: ClaimPosition) -> None:
    assert books("claims", "--as-at", "2026-07-31") == [TODAY]
    assert books("claims", "--known-at", "2026-08-05T00:00Z") == [TODAY]


def test_claims_as_at_the_end_of_a_period(position: ClaimPosition) -> None:
    assert books("claims", "--as-at", "2026-06-30") == [IN_JUNE]
    assert books("claims", "--as-at", "2026-06-29") == []


def test_claims_as_they_were_known(position: ClaimPosition) -> None:
    assert books("claims", "--known-at", "2026-08-04") == [IN_JUNE]
    assert books("claims", "--known-at", "2026-08-04T23:59:59Z") == [IN_JUNE]
    assert books("claims", "--known-at", "2026-08-05") == [TODAY]
    assert books("claims", "--known-at", "2026-07-04") == []


def test_both_together(position: ClaimPosition) -> None:
    told(position, a_load(3, "2026-08-20"), 9, 6, paid_indemnity_to_date=111)
    late = {**IN_JUNE, "paid_indemnity": "111.00", "incurred": "511.00"}
    assert books("claims", "--as-at", "2026-06-30") == [late]
    before = ("--as-at", "2026-06-30", "--known-at", "2026-08-19")
    assert books("claims", *before) == [IN_JUNE]


def test_what_was_undone_since_was_known(position: ClaimPosition) -> None:
    undone = a_load(3, "2026-08-10", undone_at="2026-08-20")
    gone = another(position, "C2", undone)
    told(gone, undone, 2, 7, paid_indemnity_to_date=7)
    assert [row["claim"] for row in books("claims")] == ["C1"]
    assert [row["claim"] for row in books("claims", "--as-at", "2026-07-31")] == ["C1"]
    found = books("claims", "--known-at", "2026-08-15")
    assert [(row["claim"], row["paid_indemnity"]) for row in found] == [
        ("C1", "150.00"),
        ("C2", "7.00"),
    ]
    found = books("claims", "--known-at", "2026-08-21")
    assert [row["claim"] for row in found] == ["C1"]


@pytest.mark.parametrize("kind", ["claims", "movements"])
def test_claims_are_narrowed(position: ClaimPosition, kind: str) -> None:
    for option, one, other in (
        ("--claim", "C1", "C"),
        ("--treaty", "T1", "T2"),
        ("--policy", "P1", "P"),
    ):
        assert {row["claim"] for row in books(kind, option, one)} == {"C1"}
        assert books(kind, option, other) == []


def test_amounts_have_the_digits_of_their_currency(position: ClaimPosition) -> None:
    for currency, amount in (("JPY", "1200"), ("KWD", "1.5"), ("USD", "0.055")):
        ClaimPosition.objects.create(
            claim=position.claim,
            currency_id=currency,
            paid_indemnity=amount,
            load=position.load,
        )
    found = books("claims", "--claim", "C1")
    assert [(row["currency"], row["paid_indemnity"]) for row in found] == [
        ("JPY", "1200"),
        ("KWD", "1.500"),
        ("USD", "0.055"),
        ("GBP", "150.00"),
    ]
    assert [row["reserve_fees"] for row in found] == ["0", "0.000", "0.00", "0.00"]
    assert found[0] == {
        **KEY,
        "section": "",
        "risk_code": "",
        "currency": "JPY",
        "status": None,
        "insured": "Acme Ltd",
        "paid_indemnity": "1200",
        "paid_fees": "0",
        "reserve_indemnity": "0",
        "reserve_fees": "0",
        "recovered": "0",
        "incurred": "1200",
        "period_end": None,
    }


def test_many_claims_come_in_portions(
    position: ClaimPosition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_rows, "PORTION", 2)
    for number in range(2, 6):
        found = another(position, f"C{number}", position.load)
        told(found, position.load, number, 7, paid_indemnity_to_date=number)
    names = ["C1", "C2", "C3", "C4", "C5"]
    assert [row["claim"] for row in books("claims")] == names
    assert [row["claim"] for row in books("claims", "--as-at", "2026-07-31")] == names
    assert [row["claim"] for row in books("movements")] == ["C1", *names]


# --------------------------------------------------------------------- movements
def test_movements(position: ClaimPosition) -> None:
    assert books("movements") == [MOVED_IN_JUNE, MOVED_IN_JULY]
    assert books("movements", "--as-at", "2026-06-30") == [MOVED_IN_JUNE]
    assert books("movements", "--known-at", "2026-08-04") == [MOVED_IN_JUNE]


def test_movements_that_move_nothing_are_left_out(position: ClaimPosition) -> None:
    load = a_load(3, "2026-09-05")
    told(position, load, 2, 8, paid_indemnity_to_date=150, status_id="CLOSED")
    assert books("movements") == [MOVED_IN_JUNE, MOVED_IN_JULY]
    nil = another(position, "C2", load)
    told(nil, load, 3, 8, paid_indemnity_to_date=0)
    (row,) = books("movements", "--claim", "C2")
    assert (row["paid_indemnity"], row["incurred"]) == ("0.00", "0.00")
    assert (row["period_end"], row["ingestion"]) == ("2026-08-31", 3)


def test_movements_of_no_period(position: ClaimPosition) -> None:
    load = a_load(3, "2026-09-05")
    found = another(position, "C2", load)
    ClaimStatement.objects.create(
        position=found, load=load, row=2, paid_indemnity_to_date=9
    )
    (row,) = books("movements", "--claim", "C2")
    assert (row["period_end"], row["paid_indemnity"]) == (None, "9.00")
    (row,) = books("movements", "--claim", "C2", "--as-at", "2020-01-31")
    assert row["period_end"] is None


# ---------------------------------------------------------------------- premiums
def premium(treaty: Treaty, **values: Any) -> PremiumEntry:
    return PremiumEntry.all_objects.create(
        **{
            "treaty": treaty,
            "policy_reference": "P1",
            "effective_date": "2026-01-05",
            "currency_id": "GBP",
            "gross_premium": "100.5",
            "told": (1 << len(COLUMNS)) - 1,
            **values,
        }
    )


PREMIUM = {
    "treaty": "T1",
    "cedant": "CED1",
    "policy": "P1",
    "certificate": "",
    "section": "",
    "risk_code": "",
    "transaction_type": "ORIGINAL",
    "effective_date": "2026-01-05",
    "period_end": None,
    "currency": "GBP",
    "amounts_are": "",
    "gross_premium": "100.50",
    "commission": None,
    "brokerage": None,
    "taxes": None,
    "net_premium": None,
}


def test_premiums(treaty: Treaty) -> None:
    premium(treaty)
    full = {
        "certificate_reference": "K",
        "section": "S",
        "risk_code": "R",
        "transaction_type": "RETURN",
        "period_end": "2026-06-30",
        "currency_id": "KWD",
        "amounts_are": "ours",
        "gross_premium": "-100.555",
        "commission": "-20",
        "brokerage": "-1.5",
        "taxes": "0",
        "net_premium": "-79.055",
    }
    premium(treaty, policy_reference="P2", **full)
    assert books("premiums") == [
        PREMIUM,
        {
            **PREMIUM,
            "policy": "P2",
            "certificate": "K",
            "section": "S",
            "risk_code": "R",
            "transaction_type": "RETURN",
            "period_end": "2026-06-30",
            "currency": "KWD",
            "amounts_are": "ours",
            "gross_premium": "-100.555",
            "commission": "-20.000",
            "brokerage": "-1.500",
            "taxes": "0.000",
            "net_premium": "-79.055",
        },
    ]
    assert [row["policy"] for row in books("premiums", "--policy", "P2")] == ["P2"]
    assert books("premiums", "--treaty", "T2") == []
    assert len(books("premiums", "--treaty", "T1")) == 2


def test_premiums_as_at_the_end_of_a_period(treaty: Treaty) -> None:
    premium(treaty)
    premium(treaty, policy_reference="P2", period_end="2026-06-30")
    premium(treaty, policy_reference="P3", period_end="2026-07-31")
    found = books("premiums", "--as-at", "2026-06-30")
    assert [row["policy"] for row in found] == ["P1", "P2"]
    assert books("premiums", "--as-at", "2026-01-04") == []


@pytest.mark.django_db(transaction=True)
def test_premiums_of_lists_as_at_the_end_of_a_period(treaty: Treaty) -> None:
    Source.objects.create(code="ytd", name="Lists", premium_lists="year")
    premium(treaty, period_end="2026-06-30")
    assert len(books("premiums", "--as-at", "2026-06-30")) == 1


def test_premiums_as_they_were_known(treaty: Treaty) -> None:
    first, second = a_load(1, "2026-07-05"), a_load(2, "2026-07-15", "2026-07-25")
    premium(treaty, load=first, replaced_by=second)
    premium(treaty, load=second, gross_premium="120")

    def amounts(*options: str) -> list[str]:
        return [row["gross_premium"] for row in books("premiums", *options)]

    assert amounts("--known-at", "2026-07-04") == []
    assert amounts("--known-at", "2026-07-14") == ["100.50"]
    assert amounts("--known-at", "2026-07-15") == ["120.00"]
    assert amounts("--known-at", "2026-07-25") == ["100.50"]
    assert amounts() == ["100.50"]
    by_hand = premium(treaty, policy_reference="P2", gross_premium="5")
    assert by_hand.load is None
    assert amounts("--known-at", "2026-07-25") == ["100.50"]
    tomorrow = timezone.now() + datetime.timedelta(days=1)
    assert amounts("--known-at", tomorrow.isoformat()) == ["100.50", "5.00"]


# ---------------------------------------------------------------------- treaties
def test_treaties(treaty: Treaty) -> None:
    Treaty.objects.create(reference="T2", treaty_type="QS", currency_id="JPY")
    nothing = {
        "risk_limit": None,
        "risk_attachment": None,
        "aggregate_limit": None,
        "aggregate_attachment": None,
        "deposit_premium": None,
        "rate": None,
        "brokerage": None,
        "placed_share": "1",
        "risk_level": "",
        "aggregate_period_days": None,
        "inuring_priority": 1,
    }
    first, second = books("treaties")
    assert first == {
        "reference": "T1",
        "name": "Cat 2026",
        "cedant": "CED1",
        "broker": "BRK1",
        "inception": "2026-01-01",
        "expiry": "2026-12-31",
        "year_of_account": 2026,
        "type": "CXL",
        "basis": "LO",
        "currency": "GBP",
        "layers": [
            {
                **nothing,
                "number": 1,
                "name": "First",
                "ceded_share": "0.6",
                "occurrence_limit": "20000000.00",
                "occurrence_attachment": "10000000.125",
                "reinstatements": 2,
                "reinstatement_charges": "0;1",
                "commission": "0.275",
                "participations": [
                    {
                        "reinsurer": "RE2",
                        "written_line": None,
                        "signed_line": "0.6",
                        "is_lead": True,
                    },
                    {
                        "reinsurer": "RE1",
                        "written_line": "0.5",
                        "signed_line": "0.4",
                        "is_lead": False,
                    },
                ],
            },
            {
                **nothing,
                "number": 2,
                "name": "",
                "ceded_share": "1",
                "occurrence_limit": None,
                "occurrence_attachment": None,
                "reinstatements": None,
                "reinstatement_charges": "",
                "commission": None,
                "participations": [],
            },
        ],
    }
    assert second == {
        "reference": "T2",
        "name": "",
        "cedant": None,
        "broker": None,
        "inception": None,
        "expiry": None,
        "year_of_account": None,
        "type": "QS",
        "basis": "",
        "currency": "JPY",
        "layers": [],
    }
    assert books("treaties", "--treaty", "T2") == [second]


# --------------------------------------------------------------------- as a table
def test_a_table_for_people(position: ClaimPosition) -> None:
    code, out, err = run("books", "claims", "--as-at", "2026-06-30")
    assert (code, err) == (0, "")
    assert out == (
        "treaty  cedant  year_of_account  claim  section  risk_code  currency  status"
        "  insured   paid_indemnity  paid_fees  reserve_indemnity  reserve_fees"
        "  recovered  incurred  period_end\n"
        "T1      CED1    2026             C1     A        B2         GBP             "
        "  Acme Ltd  100.00          0.00       400.00             0.00        "
        "  0.00       500.00    2026-06-30\n"
    )
    _, out, _ = run("books", "treaties")
    assert out.endswith("GBP       1: RE2 0.6, RE1 0.4; 2: nobody\n")
    assert run("books", "premiums") == (0, "The books have nothing of the kind.\n", "")


# --------------------------------------------------------------------- bad usage
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("losses",),
            "The books have no “losses”. Known: claims, movements, premiums, treaties.",
        ),
        (("claims", "--as-at", "June"), "“June” is not a date like 2026-06-30."),
        (
            ("claims", "--as-at", "2026-06-31"),
            "“2026-06-31” is not a date like 2026-06-30.",
        ),
        (
            ("claims", "--known-at", "2026-06-30T25:00"),
            "“2026-06-30T25:00” is no moment like 2026-07-05 or 2026-07-05T12:00.",
        ),
        (
            ("premiums", "--claim", "C1"),
            "--claim does not narrow premiums. Leave it out.",
        ),
        (
            ("treaties", "--as-at", "2026-06-30"),
            "--as-at does not narrow treaties. Leave it out.",
        ),
    ],
)
def test_bad_usage_of_books(arguments: tuple[str, ...], message: str) -> None:
    assert run("books", *arguments, "--json") == (2, "", f"{message}\n")


# ----------------------------------------------------------------------- sources
def test_sources_are_applied_and_exported(tmp_path: Path) -> None:
    Party.objects.create(code="CED1", name="Northfield Mutual")
    path, other = tmp_path / "sources.yaml", tmp_path / "export.yaml"
    path.write_text("sources: [{code: bx, name: Bureau, party: CED1}]")
    assert run("sources", "apply", str(path)) == (0, "bx: created\n", "")
    assert run("sources", "apply", str(path)) == (0, "bx: unchanged\n", "")
    path.write_text("sources: [{code: bx, name: The bureau, party: null}]")
    code, out, err = run("sources", "apply", str(path), "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == [
        {"code": "bx", "outcome": "updated", "changed": ["name", "party"]}
    ]
    assert run("sources", "export", str(other)) == (0, "", "")
    assert run("sources", "export") == (0, other.read_text("utf-8"), "")
    assert run("sources", "apply", str(other)) == (0, "bx: unchanged\n", "")


def test_sources_that_are_wrong(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text("sources:\n- {code: a, name: A}\n- {code: b, name: B, party: X}\n")
    for options in ((), ("--json",)):
        assert run("sources", "apply", str(path), *options) == (
            2,
            "",
            f"{path}:3: There is no party “X”.\n",
        )
    assert not Source.objects.exists()
    path.write_bytes("sources: [{code: a, name: Ä}]".encode("latin-1"))
    assert run("sources", "apply", str(path)) == (
        2,
        "",
        f"{path} is no UTF-8 text. Save it as UTF-8.\n",
    )
    missing = tmp_path / "missing" / "sources.yaml"
    assert run("sources", "apply", str(missing)) == (
        2,
        "",
        f"{missing} cannot be read: No such file or directory.\n",
    )
    assert run("sources", "export", str(missing)) == (
        2,
        "",
        f"{missing} cannot be written: No such file or directory.\n",
    )


# -------------------------------------------------------------------------- undo
@pytest.fixture
def loaded(tmp_path: Path) -> int:
    """Number of a file of one party that is loaded."""
    path = tmp_path / "parties.csv"
    path.write_text("Party code,Party name,Country\nCED1,Northfield Mutual,GB\n")
    code, out, _ = run("ingest", str(path), "--type", "parties", "--approve", "--json")
    assert code == 0
    return json.loads(out)["ingestion"]


def test_a_load_is_undone(loaded: int) -> None:
    assert Party.objects.filter(code="CED1").exists()
    code, out, err = run("undo", str(loaded), "--reason", "By mistake.", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert list(told) == ["ingestion", "message", "status"]
    assert told["ingestion"] == loaded
    assert told["message"].startswith("Undone")
    assert told["status"] == "undone"
    assert not Party.objects.filter(code="CED1").exists()
    events = Ingestion.objects.get(pk=loaded).events
    assert events.filter(message__contains="By mistake.").count() == 1


def test_an_undo_that_was_left_over_goes_on(loaded: int) -> None:
    Ingestion.objects.filter(pk=loaded).update(status="undoing", attempts=0)
    code, out, _ = run("undo", str(loaded), "--reason", "By mistake.", "--json")
    assert (code, json.loads(out)["status"]) == (0, "undone")
    assert not Party.objects.filter(code="CED1").exists()


def test_only_a_load_is_undone(loaded: int) -> None:
    run("undo", str(loaded), "--reason", "By mistake.")
    code, out, err = run("undo", str(loaded), "--reason", "Again.", "--json")
    assert (code, err) == (1, "")
    told = json.loads(out)
    assert told["status"] == "undone"
    assert "only a load is undone" in told["message"]


def test_a_load_in_use_is_not_undone(loaded: int) -> None:
    Treaty.objects.create(
        reference="T1",
        treaty_type="QS",
        currency_id="GBP",
        cedant=Party.objects.get(code="CED1"),
    )
    code, out, err = run("undo", str(loaded), "--reason", "By mistake.")
    assert (code, out) == (1, "")
    assert err.startswith(f"Ingestion {loaded}: loaded. Not undone: ")
    assert Party.objects.filter(code="CED1").exists()


def test_bad_usage_of_undo(loaded: int) -> None:
    assert run("undo", "999999", "--reason", "x", "--json") == (
        2,
        "",
        "There is no ingestion 999999.\n",
    )
    code, out, _ = run("undo", str(loaded), "--reason", "  ", "--json")
    assert code == 1
    assert json.loads(out)["message"].startswith("Say why")
