"""What programs that follow changes are told where a contract, or a claim's, changes.

What lies under a contract says in the API which contract that is, so it counts as
changed with it.  Who is limited to the cedant that it leaves does not see it any more:
to them it is deleted (``reinsurance.api.deletions``).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction

from reinsurance.models import Treaty

_SHOWN = "reference, inception, year_of_account, cedant_id"
_BEFORE = f"""
    DROP TABLE IF EXISTS contract_before;
    CREATE TEMPORARY TABLE contract_before ON COMMIT DROP AS
    SELECT id, {_SHOWN} FROM reinsurance_treaty
    WHERE %(treaty)s::bigint IS NULL OR id = %(treaty)s
"""  # noqa: S608 our names
_CHANGED = """
    SELECT t.id, b.cedant_id, t.cedant_id IS DISTINCT FROM b.cedant_id
    FROM contract_before b JOIN reinsurance_treaty t ON t.id = b.id
    WHERE (t.reference, t.inception, t.year_of_account, t.cedant_id)
        IS DISTINCT FROM (b.reference, b.inception, b.year_of_account, b.cedant_id)
"""
_UNDER = {
    "reinsurance_treaty": "x.id = ANY(%(treaties)s)",
    "reinsurance_layer": "x.treaty_id = ANY(%(treaties)s)",
    "reinsurance_participation": "x.layer_id IN (SELECT y.id FROM reinsurance_layer y "
    "WHERE y.treaty_id = ANY(%(treaties)s))",
    "reinsurance_treatyscope": "x.treaty_id = ANY(%(treaties)s)",
    "reinsurance_claim": "x.treaty_id = ANY(%(treaties)s)",
    "reinsurance_premiumentry": "x.treaty_id = ANY(%(treaties)s)",
}
_LEAVES = """
    INSERT INTO reinsurance_deletion (model, object_id, reference, cedant_id)
    SELECT model, id, left(reference, 200), %(cedant)s FROM (
"""
_STANDS = """
    LEFT JOIN reinsurance_load l ON l.id = x.load_id
    LEFT JOIN reinsurance_load g ON g.id = x.{gone}
    WHERE l.undone_at IS NULL AND (x.{gone} IS NULL OR g.undone_at IS NOT NULL)
"""
_CLAIMS = f"""
    SELECT 'claim' AS model, x.id, x.reference FROM reinsurance_claim x
    {_STANDS.format(gone="lacked_by_id")} AND {{which}}
    UNION ALL
    SELECT 'claimposition', x.id, c.reference FROM reinsurance_claimposition x
    JOIN reinsurance_claim c ON c.id = x.claim_id
    {_STANDS.format(gone="lacked_by_id")} AND {{of_position}}
"""  # noqa: S608 our names
_CONTRACT = f"""
    SELECT 'treaty' AS model, x.id, x.reference FROM reinsurance_treaty x
    WHERE x.id = %(treaty)s
    UNION ALL
    SELECT 'layer', x.id, t.reference || ' layer ' || x.number
    FROM reinsurance_layer x JOIN reinsurance_treaty t ON t.id = x.treaty_id
    WHERE t.id = %(treaty)s
    UNION ALL
    SELECT 'participation', x.id,
        p.name || ' on ' || t.reference || ' layer ' || y.number
    FROM reinsurance_participation x JOIN reinsurance_layer y ON y.id = x.layer_id
    JOIN reinsurance_treaty t ON t.id = y.treaty_id
    JOIN reinsurance_party p ON p.id = x.reinsurer_id WHERE t.id = %(treaty)s
    UNION ALL
    SELECT 'treatyscope', x.id, t.reference FROM reinsurance_treatyscope x
    JOIN reinsurance_treaty t ON t.id = x.treaty_id WHERE t.id = %(treaty)s
    UNION ALL
    {
    _CLAIMS.format(
        which="x.treaty_id = %(treaty)s", of_position="c.treaty_id = %(treaty)s"
    )
}
    UNION ALL
    SELECT 'premiumentry', x.id, x.policy_reference FROM reinsurance_premiumentry x
    {_STANDS.format(gone="replaced_by_id")} AND x.treaty_id = %(treaty)s
"""  # noqa: S608 our names


@contextmanager
def followed(treaty: int | None = None) -> Iterator[None]:
    """What becomes of the contract (None: of any) in here is told; in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, {"treaty": treaty})
        yield
        cursor.execute(_CHANGED)
        changed = cursor.fetchall()
        if not changed:
            return
        for key, cedant, moves in changed:
            if moves and cedant is not None:
                told = {"treaty": key, "cedant": cedant}
                cursor.execute(f"{_LEAVES} {_CONTRACT}) AS gone", told)
        _touch(cursor, [key for key, *_ in changed])


def _touch(cursor: Any, treaties: list[int]) -> None:
    """What shows something of the contracts is changed with them; locked in order."""
    for table, which in _UNDER.items():
        cursor.execute(
            f"WITH k AS (SELECT x.id FROM {table} x WHERE {which} "  # noqa: S608
            "ORDER BY x.id FOR NO KEY UPDATE) "
            f"UPDATE {table} u SET updated_at = now() FROM k WHERE u.id = k.id",
            {"treaties": treaties},
        )


def save(record: models.Model) -> None:
    """Save what a person changed; of a contract it is told."""
    if not isinstance(record, Treaty) or record.pk is None:
        record.save()
        return
    with transaction.atomic(), followed(record.pk):
        record.save()


def claim_leaves(cursor: Any, claim: int, cedant: int | None) -> None:
    """A claim that is there for its new cedant is gone for this one."""
    if cedant is None:
        return
    rows = _CLAIMS.format(which="x.id = %(claim)s", of_position="c.id = %(claim)s")
    told = {"claim": claim, "cedant": cedant}
    cursor.execute(f"{_LEAVES} {rows}) AS gone", told)
