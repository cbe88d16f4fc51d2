"""Premiums whose load is undone: what they replaced counts again, unless others do."""

from typing import Any

from reinsurance.ledger.premiums import KEY, field_of

_SAME = " AND ".join(
    f"o.{field_of(name).column} IS NOT DISTINCT FROM e.{field_of(name).column}"
    for name in KEY
    if name not in {"treaty_reference", "policy_reference"}
)


def undo_premiums(cursor: Any, load: int) -> None:
    """After the load was marked as undone; in the caller's transaction.

    Entries that another file repeated are that file's from now on.  Entries that the
    load replaced are replaced by the next file that told them again, or left them out
    as a correction; the others count again by themselves.
    """
    cursor.execute(
        """
        UPDATE reinsurance_premiumentry e
        SET load_id = r.load_id, row = r.first_row + (e.id - r.first_id),
            updated_at = now()
        FROM reinsurance_lineagerange r
        JOIN reinsurance_load l ON l.id = r.load_id AND l.undone_at IS NULL
        WHERE e.load_id = %s AND r.model = 'premiumentry' AND r.action = 'repeated'
            AND e.id BETWEEN r.first_id AND r.last_id
        """,
        [load],
    )
    cursor.execute(
        f"""
        UPDATE reinsurance_premiumentry e SET updated_at = now(), replaced_by_id =
            coalesce((
                SELECT o.load_id FROM reinsurance_premiumentry o
                JOIN reinsurance_load l ON l.id = o.load_id AND l.undone_at IS NULL
                WHERE o.treaty_id = e.treaty_id AND o.id <> e.id
                    AND o.policy_reference = e.policy_reference
                    AND o.period_end IS NOT DISTINCT FROM e.period_end
                    AND {_SAME} AND l.number > own.number
                ORDER BY l.number LIMIT 1
            ), (
                SELECT c.id FROM reinsurance_load c
                JOIN reinsurance_loadperiod p ON p.load_id = c.id
                WHERE c.is_correction AND c.undone_at IS NULL
                    AND c.record_type = 'premiums' AND c.number > own.number
                    AND c.sender IS NOT DISTINCT FROM own.sender
                    AND p.treaty_id = e.treaty_id AND p.period_end = e.period_end
                ORDER BY c.number LIMIT 1
            ))
        FROM reinsurance_load own
        WHERE e.replaced_by_id = %s AND own.id = e.load_id
        """,  # noqa: S608 our names
        [load],
    )
