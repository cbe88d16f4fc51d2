"""Claims and premium of a contract that its period, filled in or changed, shuts out.

The dates are those of the rules for rows: of loss and effect (losses occurring), or the
policy's inception (risks attaching).  Where the basis is not known, what is outside by
each date that is told.
"""

from typing import Any

import polars as pl
from django.db import connection
from django.utils.formats import date_format

from reinsurance.models import Treaty
from reinsurance.resources.issues import ROW, issues_at, no_issues

PERIOD = ("inception", "expiry", "basis")

_SAID = (
    "Contract “{}”: {} of its claims and premiums {} outside the period from {} to {}, "
    "the first {} of {}. "
)
_ADVICE = (
    "If the row is a renewal, tell the inception of the contract that is in the books "
    "first and hand it in again; else correct the period."
)

_QUERY = """
    WITH k AS (
        SELECT * FROM unnest(%(treaty)s::bigint[],
            %(inception)s::date[], %(expiry)s::date[], %(basis)s::text[],
            %(was_inception)s::date[], %(was_expiry)s::date[], %(was_basis)s::text[]
        ) AS k (treaty, since, until, basis, was_since, was_until, was_basis)
    ), dated AS (
        SELECT c.treaty_id AS treaty, 'claim ' || c.reference AS name,
            c.date_of_loss AS day, c.policy_inception AS policy
        FROM k JOIN reinsurance_claim c ON c.treaty_id = k.treaty
        JOIN reinsurance_load l ON l.id = c.load_id AND l.undone_at IS NULL
        LEFT JOIN reinsurance_load g ON g.id = c.lacked_by_id AND g.undone_at IS NULL
        WHERE g.id IS NULL
        UNION ALL
        SELECT e.treaty_id, 'premium of policy ' || e.policy_reference,
            e.effective_date, e.risk_inception
        FROM k JOIN reinsurance_premiumentry e ON e.treaty_id = k.treaty
        LEFT JOIN reinsurance_load l ON l.id = e.load_id
        LEFT JOIN reinsurance_load g ON g.id = e.replaced_by_id AND g.undone_at IS NULL
        WHERE g.id IS NULL AND l.undone_at IS NULL
    ), judged AS (
        SELECT d.treaty, d.name,
            CASE k.basis WHEN 'RA' THEN d.policy ELSE d.day END AS day,
            {now} AS is_out, {was} AS was_out
        FROM k JOIN dated d ON d.treaty = k.treaty
    )
    SELECT treaty, count(*), (array_agg(name ORDER BY day, name))[1],
        (array_agg(day ORDER BY day, name))[1]
    FROM judged WHERE is_out AND NOT was_out GROUP BY treaty
"""


def _outside(before: str) -> str:
    """SQL: whether the dates of a record are outside the contract's period."""

    def one(day: str) -> str:
        return (
            f"(coalesce({day} < k.{before}since, false) "
            f"OR coalesce({day} > k.{before}until, false))"
        )

    return (
        f"CASE k.{before}basis WHEN 'LO' THEN {one('d.day')} WHEN 'RA' THEN "
        f"{one('d.policy')} ELSE {one('d.day')} AND (d.policy IS NULL "
        f"OR {one('d.policy')}) END"
    )


def shut_out(compared: pl.DataFrame) -> pl.DataFrame:
    """Breaches ``money_outside_period`` of contracts whose period or basis changes.

    ``compared`` as of :func:`treaty_rules.terms_changed`; what was not known and is
    filled in is a change here.  Each contract once, at its first row.
    """
    names = [n for n in PERIOD if {n, f"was.{n}"} <= set(compared.columns)]
    if not names:
        return no_issues()
    is_other = [pl.col(n).ne_missing(pl.col(f"was.{n}")) for n in names]
    tells = [pl.col(n).cast(pl.String).fill_null("") != "" for n in names]
    rows = compared.filter(
        pl.col("__id").is_not_null(),
        pl.any_horizontal(a & b for a, b in zip(is_other, tells, strict=True)),
    ).sort(ROW)
    rows = rows.unique("__id", keep="first", maintain_order=True)
    if not rows.height:
        return no_issues()
    books = {
        key: dict(zip(PERIOD, told, strict=True))
        for key, *told in Treaty.objects.filter(
            pk__in=rows["__id"].to_list()
        ).values_list("pk", *PERIOD)
    }
    terms = []
    for row in rows.iter_rows(named=True):
        was = {
            n: row[f"was.{n}"] if n in names else books[row["__id"]][n] for n in PERIOD
        }
        now = {n: row[n] if n in names and row[n] else was[n] for n in PERIOD}
        terms.append({"treaty": row["__id"], "was": was, "now": now})
    said = sentences(terms, dict(rows.select("__id", "treaty_reference").iter_rows()))
    shown = names[0]
    found = rows.filter(pl.col("__id").is_in(list(said)))
    return issues_at(
        found.with_columns(said=pl.col("__id").replace_strict(said, default="")),
        column=shown,
        value=pl.col(shown),
        code="money_outside_period",
        severity="breach",
        message=pl.col("said"),
    )


def sentences(
    terms: list[dict[str, Any]], names: dict[int, str], *, advice: str = _ADVICE
) -> dict[int, str]:
    """For each contract of which something is outside its period: what and how many.

    ``terms``: ``treaty`` (key), and ``was`` and ``now``: inception, expiry, basis.
    What was outside before is not counted.
    """
    columns: dict[str, list[Any]] = {"treaty": [each["treaty"] for each in terms]}
    for name in PERIOD:
        columns[name] = [each["now"][name] for each in terms]
        columns[f"was_{name}"] = [each["was"][name] for each in terms]
    query = _QUERY.replace("{now}", _outside("")).replace("{was}", _outside("was_"))
    with connection.cursor() as cursor:
        cursor.execute(query, columns)
        found = cursor.fetchall()
    of = {each["treaty"]: each["now"] for each in terms}
    return {
        treaty: _SAID.format(
            names[treaty],
            f"{count:,}",
            "is" if count == 1 else "are",
            of[treaty]["inception"] or "…",
            of[treaty]["expiry"] or "…",
            name,
            date_format(day, "j F Y"),
        )
        + advice
        for treaty, count, name, day in found
    }
