"""An undo does what was said before it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from reinsurance.ledger import books, claim_undo
from reinsurance.ledger.descriptions import FIELDS, model_field
from reinsurance.models import Claim, ClaimPosition, Load
from tests.reinsurance.ledger.comparing import filled


@contextmanager
def as_foretold(number: int) -> Iterator[None]:
    """Around the undo of a load of claims, by its number."""
    load = Load.objects.get(number=number, user=None)
    with transaction.atomic(), connection.cursor() as cursor:
        Load.objects.filter(pk=load.pk).update(undone_at=timezone.now())
        foretold = claim_undo.without(cursor, load.pk)
        transaction.set_rollback(True)
    before, claims = _positions(), _claims()
    yield
    after, now = _positions(), _claims()
    told = {
        row["position"]: (row["stays"], row["differs"])
        for row in foretold.positions.iter_rows(named=True)
    }
    for key in before.keys() | after.keys():
        stays, differs = told.get(key, (key in after and key in before, False))
        assert stays == (key in after), key
        if key in before and key in after:
            assert differs == (before[key] != after[key]), key
    staying = claims.keys() & now.keys()
    assert {key for key in staying if claims[key] != now[key]} == (
        set(foretold.claims) & staying
    )


def _positions() -> dict[int, list[Any]]:
    """Positions that stand, with what holds at the end of each period."""
    keys = list(ClaimPosition.objects.values_list("pk", flat=True))
    found: dict[int, list[Any]] = {key: [] for key in keys}
    for line in books.history(keys):
        held = (line.period_end, line.status, filled(line.amounts))
        found[line.position].append(held)
    return found


def _claims() -> dict[int, tuple[Any, ...]]:
    """Claims that stand, with what describes them."""
    fields = [model_field(name).attname for name in FIELDS]
    rows = Claim.objects.values_list("pk", *fields, "status_id", "details")
    return {key: tuple(told) for key, *told in rows}
