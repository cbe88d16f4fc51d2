"""Which contract a register's row means, and when it is asked instead of guessed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from importers import record_types
from reinsurance.models import Layer, Party, Treaty
from reinsurance.resources.conventions import Conventions
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db

Y25, Y26 = date(2025, 1, 1), date(2026, 1, 1)
HOUSE = Conventions()


@pytest.fixture(autouse=True)
def parties() -> None:
    for code in ("CED1", "CED2", "BRK1"):
        Party.objects.create(code=code, name=code)
    treaty("K", cedant="CED1", broker="BRK1", inception=Y25)


def party(code: str | None) -> Party | None:
    return Party.objects.get(code=code) if code else None


def treaty(reference: str, **told: Any) -> Treaty:
    roles = {role: party(told.pop(role, None)) for role in ("cedant", "broker")}
    fixed = {"treaty_type": "QS", "currency_id": "GBP", "reference": reference}
    return Treaty.objects.create(**fixed, **roles, **told)


def sender(code: str, **options: Any) -> Conventions:
    return Conventions(party=Party.objects.get(code=code).pk, is_house=False, **options)


def hand_in(conventions: Conventions, **cells: str) -> list[tuple[str, str, str]]:
    """Load one row about X; code, severity and message of its issues."""
    row = {"UMR": "X", "Treaty type": "QS", "Ccy": "GBP", **cells}
    table = Table(tuple(row), [list(row.values())])
    treaties = record_types.get("treaties")
    examined = run(table, treaties, conventions=conventions)[0]
    columns = examined.issues.select("code", "severity", "message")
    return list(columns.iter_rows())


def books() -> list[tuple]:
    """Cedant, broker, inception and name of each contract X."""
    fields = ("cedant__code", "broker__code", "inception", "name")
    found = Treaty.objects.filter(reference="X").order_by("pk")
    return list(found.values_list(*fields))


# ---------------------------------------------------------------- contracts of others
OF_OTHERS = (
    "Contract “X” of the books is not the sender's, and the row does not tell whose it "
    "means: {}. Tell the cedant, and the inception if this is another contract."
)
NOT_THE_SENDERS = (
    "not_the_senders_contract",
    "breach",
    "The sender is neither cedant nor broker of contract “X”. Correct the row, or have "
    "somebody look at it.",
)


@pytest.mark.parametrize("inception", ["", "2025-01-01", "2026-01-01"])
def test_a_broker_that_names_no_cedant_makes_no_second_contract(
    inception: str,
) -> None:
    treaty("X", cedant="CED1", inception=Y25)
    assert hand_in(sender("BRK1"), Inception=inception, Commission="35%") == [
        ("several_treaties", "error", OF_OTHERS.format("2025-01-01 (CED1)"))
    ]
    assert books() == [("CED1", None, Y25, "")]


def test_a_broker_that_names_no_cedant_of_a_number_of_two() -> None:
    treaty("X", cedant="CED1", inception=Y25)
    treaty("X", cedant="CED2", inception=Y25)
    assert hand_in(sender("BRK1")) == [
        (
            "several_treaties",
            "error",
            OF_OTHERS.format("2025-01-01 (CED1), 2025-01-01 (CED2)"),
        )
    ]
    assert Treaty.objects.filter(reference="X").count() == 2


def test_a_broker_that_names_the_whole_key_tells_of_a_new_contract() -> None:
    treaty("X", cedant="CED1", inception=Y25)
    cells = {"Cedant": "CED2", "Broker": "BRK1", "Inception": "2026-01-01"}
    assert hand_in(sender("BRK1"), **cells) == []
    assert books() == [("CED1", None, Y25, ""), ("CED2", "BRK1", Y26, "")]


def test_a_broker_that_names_no_cedant_tells_of_a_number_that_nobody_has() -> None:
    assert hand_in(sender("BRK1")) == []
    assert books() == [(None, "BRK1", None, "")]


def test_a_cedant_that_names_none_has_a_contract_of_its_own() -> None:
    treaty("X", cedant="CED1", inception=Y25)
    assert hand_in(sender("CED2")) == []
    assert books() == [("CED1", None, Y25, ""), ("CED2", None, None, "")]


@pytest.mark.parametrize("policy", ["breach", "hold out"])
def test_a_cedant_fills_in_what_its_broker_did_not_tell(policy: str) -> None:
    treaty("X", broker="BRK1")
    told = sender("CED1", other_contracts=policy)
    code, _, message = NOT_THE_SENDERS
    severity = "breach" if policy == "breach" else "error"
    assert hand_in(told, Cedant="CED1", Inception="2025-01-01") == [
        (code, severity, message)
    ]
    filled = [("CED1", "BRK1", Y25, "")]
    assert books() == (filled if policy == "breach" else [(None, "BRK1", None, "")])


def test_a_cedant_that_names_none_is_asked_about_a_contract_of_a_broker() -> None:
    treaty("X", broker="BRK1")
    assert hand_in(sender("CED1"), Inception="2025-01-01") == [
        ("several_treaties", "error", OF_OTHERS.format("no known inception"))
    ]
    assert books() == [(None, "BRK1", None, "")]


def test_a_file_without_a_broker_column_speaks_of_its_brokers_contract() -> None:
    treaty("X", cedant="CED1", broker="BRK1", inception=Y25)
    name = {"Treaty name": "Motor"}
    assert hand_in(sender("BRK1"), **name) == []
    assert hand_in(sender("BRK1"), Cedant="CED1", **name) == []
    assert books() == [("CED1", "BRK1", Y25, "Motor")]
    assert hand_in(sender("CED2"), Cedant="CED1", **name) == [NOT_THE_SENDERS]
    held = sender("BRK1", other_contracts="hold out")
    assert hand_in(held, Cedant="CED1", **name) == []


# -------------------------------------------------------- an untold part is no value
SEVERAL = (
    "Several contracts “X” are in the books and fit the row: {}. Tell the cedant and "
    "the inception."
)


def test_a_contract_that_tells_nothing_is_not_meant_by_a_row_that_does_not() -> None:
    treaty("X", cedant="CED1", inception=Y25)
    treaty("X", cedant="CED2", inception=Y25)
    treaty("X")
    said = SEVERAL.format("2025-01-01 (CED1), 2025-01-01 (CED2), no known inception")
    cells = {"Treaty name": "Motor", "Commission": "36%"}
    assert hand_in(HOUSE, **cells) == [("several_treaties", "error", said)]
    assert [name for *_, name in books()] == ["", "", ""]


@pytest.mark.parametrize(
    ("bare", "cells", "called"),
    [
        ({"cedant": "CED1"}, {"Cedant": "CED1"}, "no known inception (CED1)"),
        ({"inception": Y25}, {"Inception": "2025-01-01"}, "2025-01-01"),
    ],
)
def test_half_a_key_is_not_meant_by_the_same_half(
    bare: dict[str, Any], cells: dict[str, str], called: str
) -> None:
    treaty("X", cedant="CED1", inception=Y25)
    treaty("X", **bare)
    said = SEVERAL.format(f"2025-01-01 (CED1), {called}")
    found = hand_in(HOUSE, **cells, **{"Treaty name": "Motor"})
    assert found == [("several_treaties", "error", said)]
    assert [name for *_, name in books()] == ["", ""]


def test_the_whole_key_is_told_beside_contracts_that_tell_less() -> None:
    treaty("X", cedant="CED1", inception=Y25)
    treaty("X", cedant="CED1")
    treaty("X")
    cells = {"Cedant": "CED1", "Inception": "2025-01-01", "Treaty name": "Motor"}
    assert hand_in(HOUSE, **cells) == []
    assert [name for *_, name in books()] == ["Motor", "", ""]


# ------------------------------------------------------------------ a year of account
OTHER_YEARS = (
    "The row says year {}; the contracts “X” of the books have others: {}. It may be "
    "a renewal: tell the cedant and the inception, or correct the year."
)


@pytest.fixture
def renewals() -> None:
    treaty("X", cedant="CED1", inception=Y25, year_of_account=2025)
    treaty("X", cedant="CED1", inception=Y26, year_of_account=2026)


@pytest.mark.usefixtures("renewals")
@pytest.mark.parametrize("cedant", ["", "CED1"])
def test_the_renewal_of_the_told_year_is_meant(cedant: str) -> None:
    cells = {"Cedant": cedant, "YOA": "2026", "Treaty name": "Motor"}
    assert hand_in(HOUSE, **cells, Commission="35%") == []
    assert books() == [("CED1", None, Y25, ""), ("CED1", None, Y26, "Motor")]
    assert list(Layer.objects.values_list("treaty__inception", "commission")) == [
        (Y26, Decimal("0.35"))
    ]


@pytest.mark.usefixtures("renewals")
@pytest.mark.parametrize("cedant", ["", "CED1"])
def test_a_year_that_no_renewal_has_is_asked_about(cedant: str) -> None:
    said = OTHER_YEARS.format(2027, "2025-01-01 (CED1), 2026-01-01 (CED1)")
    assert hand_in(sender("CED1"), Cedant=cedant, YOA="2027") == [
        ("contract_unclear", "error", said)
    ]
    assert [name for *_, name in books()] == ["", ""]


@pytest.mark.usefixtures("renewals")
def test_rows_of_two_years_mean_two_renewals() -> None:
    row = ["X", "QS", "GBP", "CED1"]
    header = ("UMR", "Treaty type", "Ccy", "Cedant", "YOA", "Treaty name")
    rows = [[*row, "2025", "Old"], [*row, "2026", "New"], [*row, "2027", "Next"]]
    treaties = record_types.get("treaties")
    examined = run(Table(header, rows), treaties)[0]
    codes = examined.issues.select("row", "column", "value", "code")
    assert codes.rows() == [(4, "YOA", "2027", "contract_unclear")]
    assert [name for *_, name in books()] == ["Old", "New"]


@pytest.mark.parametrize(
    ("second", "called"),
    [
        ({"cedant": "CED1", "inception": Y26}, "2026-01-01 (CED1)"),
        (
            {"cedant": "CED2", "inception": Y26, "year_of_account": 2026},
            "2026-01-01 (CED2)",
        ),
        ({"cedant": "CED1", "year_of_account": 2026}, "no known inception (CED1)"),
    ],
)
def test_a_year_does_not_choose_where_another_may_be_meant(
    second: dict[str, Any], called: str
) -> None:
    treaty("X", cedant="CED1", inception=Y25, year_of_account=2025)
    treaty("X", **second)
    said = SEVERAL.format(f"2025-01-01 (CED1), {called}")
    found = hand_in(HOUSE, YOA="2026", **{"Treaty name": "Motor"})
    assert found == [("several_treaties", "error", said)]
    assert [name for *_, name in books()] == ["", ""]


@pytest.mark.usefixtures("renewals")
def test_two_contracts_of_the_told_year_are_asked_about() -> None:
    july = date(2026, 7, 1)
    treaty("X", cedant="CED1", inception=july, year_of_account=2026)
    said = SEVERAL.format("2026-01-01 (CED1), 2026-07-01 (CED1)")
    assert hand_in(HOUSE, YOA="2026") == [("several_treaties", "error", said)]


@pytest.mark.usefixtures("renewals")
def test_a_told_inception_comes_before_the_year() -> None:
    told = {"Cedant": "CED1", "Inception": "2027-01-01", "YOA": "2027"}
    assert hand_in(HOUSE, **told) == []
    assert [inception for _, _, inception, _ in books()] == [Y25, Y26, date(2027, 1, 1)]
