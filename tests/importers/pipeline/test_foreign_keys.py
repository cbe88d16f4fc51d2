"""Foreign keys of a load: checked as sets where triggers may rest, else by them."""

from collections.abc import Iterator

import polars as pl
import pytest
from django.core.checks import Warning, run_checks
from django.db import IntegrityError, connection

from importers import record_types
from importers.pipeline import foreign_keys
from reinsurance.ledger.triggers import may_rest
from reinsurance.models import Claim, ClaimPosition, ClaimStatement, Treaty
from tests.importers.pipeline.tables import Table, run

pytestmark = pytest.mark.django_db
CLAIMS = record_types.get("claims")
HEADER = ("UMR", "Claim Ref", "Date of Loss", "Currency", "Status", "Paid to date")
ROWS = [
    ["T1", "C1", "2026-02-01", "GBP", "Open", "100"],
    ["T1", "C2", "2026-02-01", "USD", "Closed", "50"],
]
ROLE = "plain_loader"


def forget() -> None:
    """Ask again what the role may."""
    if hasattr(connection, "_triggers_may_rest"):
        del connection._triggers_may_rest


@pytest.fixture(autouse=True)
def treaty() -> Iterator[Treaty]:
    forget()
    yield Treaty.objects.create(reference="T1", treaty_type="QS", currency_id="GBP")
    forget()


@pytest.fixture
def plain_role() -> Iterator[None]:
    """The tables are used as a role that is no superuser; all is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE ROLE {ROLE}; GRANT USAGE, CREATE ON SCHEMA public TO {ROLE}; "
            f"GRANT TEMPORARY ON DATABASE {connection.settings_dict['NAME']} TO {ROLE};"
            f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE}; "
            f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {ROLE}; SET ROLE {ROLE}"
        )
        forget()
        yield
        cursor.execute("RESET ROLE")


def counts() -> tuple[int, int, int]:
    return (
        Claim.objects.count(),
        ClaimPosition.objects.count(),
        ClaimStatement.objects.count(),
    )


def test_a_superuser_may_have_triggers_rest() -> None:
    assert may_rest()
    run(Table(HEADER, ROWS), CLAIMS)
    assert counts() == (2, 2, 2)


def test_without_the_right_the_triggers_work(plain_role: None) -> None:
    assert not may_rest()
    run(Table(HEADER, ROWS), CLAIMS)
    assert counts() == (2, 2, 2)


def test_the_right_can_be_granted(plain_role: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"RESET ROLE; GRANT SET ON PARAMETER session_replication_role TO {ROLE}; "
            f"SET ROLE {ROLE}"
        )
    assert may_rest()
    run(Table(HEADER, ROWS), CLAIMS)
    assert counts() == (2, 2, 2)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('session_replication_role'); RESET ROLE; "
        )
        cursor.execute(
            f"REVOKE SET ON PARAMETER session_replication_role FROM {ROLE}; "
            f"SET ROLE {ROLE}"
        )


def test_triggers_work_again_after_the_load() -> None:
    run(Table(HEADER, ROWS), CLAIMS)
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)


def test_a_parent_that_is_gone_stops_the_load(treaty: Treaty) -> None:
    rows = pl.DataFrame({"treaty_reference": [treaty.pk, treaty.pk + 1]})
    with connection.cursor() as cursor:
        with pytest.raises(IntegrityError, match="A treaty that rows name is gone"):
            foreign_keys.hold_parents(cursor, CLAIMS, rows)
        foreign_keys.hold_parents(cursor, CLAIMS, rows.head(1))


def test_the_check_says_how_to_get_the_right(plain_role: None) -> None:
    found = [m for m in run_checks(databases=["default"]) if m.id == "importers.W001"]
    assert [type(message) for message in found] == [Warning]
    assert "GRANT SET ON PARAMETER session_replication_role" in found[0].hint


def test_the_check_is_silent_where_there_is_nothing_to_say() -> None:
    assert not [
        m for m in run_checks(databases=["default"]) if m.id == "importers.W001"
    ]
