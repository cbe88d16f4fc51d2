"""Changes of the period that senders tell beside the amounts (CR0132, CR0133)."""

import pytest

from reinsurance.models import ClaimPosition
from reinsurance.resources.conventions import Conventions
from tests.reinsurance.ledger.test_between_periods import codes, treaty
from tests.reinsurance.ledger.test_claims import FEBRUARY, JANUARY, MARCH, send

pytestmark = pytest.mark.django_db
__all__ = ["treaty"]
CHANGE, OF_FEES = "Change this month - Indemnity", "Change this month - Fees"
DIFFERS, ALONE = [("change_differs", "warning")], [("change_alone", "warning")]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"Reserve": "300", CHANGE: "50"}, DIFFERS),
        ({"Reserve": "300", CHANGE: "0"}, DIFFERS),
        ({"Reserve": "300", CHANGE: "-100"}, []),
        ({"Reserve": "300", "Paid this month": "70", CHANGE: "-100"}, []),
        ({"Reserve": "300", "Paid this month": "70", CHANGE: "-30"}, []),
        ({"Reserve": "300", "Paid this month": "70", CHANGE: "30"}, DIFFERS),
        ({CHANGE: "-50"}, ALONE),
        ({CHANGE: "0"}, []),
        ({"Paid this month": "70", CHANGE: "70"}, []),
        ({"Paid this month": "70", CHANGE: "-70"}, ALONE),
        ({"Fees reserve": "10", OF_FEES: "10"}, []),
        ({"Fees reserve": "10", OF_FEES: "20"}, DIFFERS),
        ({OF_FEES: "20"}, ALONE),
    ],
)
def test_a_change_is_held_against_what_it_is_the_change_of(
    told: dict[str, str], said: list[tuple[str, str]]
) -> None:
    send({"Reserve": "400"}, period=JANUARY)
    february, _ = send(told, period=FEBRUARY)
    assert codes(february) == said


def test_what_a_change_says_and_what_the_books_do() -> None:
    send({"Reserve": "400"}, period=JANUARY)
    february, _ = send({"Reserve": "300", CHANGE: "50"}, period=FEBRUARY)
    assert february.issues["message"].to_list() == [
        "The row tells a change of 50.00 in the period (indemnity); in the books the "
        "reserve goes from 400.00 to 300.00, a change of -100.00, and incurred changes "
        "by -100.00. The reserve and what is paid count: if they are wrong, have them "
        "corrected."
    ]
    march, _ = send({CHANGE: "-50"}, period=MARCH)
    assert march.issues["message"].to_list() == [
        "The row tells a change of -50.00 in the period (indemnity), and not the "
        "reserve itself. The change moves nothing: the reserve is 300.00. If it is "
        "another one, tell the reserve."
    ]
    assert ClaimPosition.objects.get().reserve_indemnity == 300


def test_a_change_where_the_period_before_is_not_told() -> None:
    first, _ = send({"Reserve": "400", CHANGE: "50"}, period=JANUARY)
    assert codes(first) == []
    march, _ = send({"Reserve": "300", CHANGE: "50"}, period=MARCH)
    assert codes(march) == []


def test_an_empty_change_of_a_sender_whose_blanks_are_nil() -> None:
    nil = Conventions(blank_is_zero=True)
    send({"Reserve": "400", CHANGE: ""}, period=JANUARY, conventions=nil)
    february, _ = send({"Reserve": "300", CHANGE: ""}, period=FEBRUARY, conventions=nil)
    assert codes(february) == []
