"""What must not be true of a contract as a whole: its layers, its terms.

All are breaches: they pass, and a manager looks at them.  The frames hold what stands
after the load; ``row`` is the row of the file that told a record, null where none did.
An issue is shown at the first row of the file that speaks of the contract.
"""

import polars as pl
from django.db.models import Exists, OuterRef

from reinsurance.choices import AttachmentBasis, TreatyType
from reinsurance.models import Claim, Party, PremiumEntry, Treaty
from reinsurance.resources.issues import ROW, issues_at, no_issues
from reinsurance.resources.rules import Rule

TERMS = {
    "currency": "currency",
    "treaty_type": "type",
    "basis": "basis",
    "inception": "inception",
    "expiry": "expiry",
    "cedant": "cedant",
}
"""Terms that claims and premiums rest on, and what they are called."""

FAR_DATES = (
    Rule(
        "date_in_future",
        "warning",
        "inception",
        "An inception on {inception} is more than two years ahead. Is its year right?",
        pl.col("inception") > pl.col("today").dt.offset_by("2y"),
    ),
    Rule(
        "date_in_future",
        "warning",
        "expiry",
        "An expiry on {expiry} is more than seven years ahead. Is its year right?",
        pl.col("expiry") > pl.col("today").dt.offset_by("7y"),
    ),
    Rule(
        "long_period",
        "warning",
        "expiry",
        "The contract runs from {inception} to {expiry}, longer than five years. Are "
        "both years right?",
        pl.col("expiry") > pl.col("inception").dt.offset_by("5y"),
    ),
)
"""Two digits of a year may be read as another century; most contracts run for one."""


def _breach(
    rows: pl.DataFrame, column: str, value: pl.Expr | None, code: str, message: pl.Expr
) -> pl.DataFrame:
    return issues_at(
        rows.filter(pl.col(ROW).is_not_null()).sort(ROW),
        column=column,
        value=value,
        code=code,
        severity="breach",
        message=message,
    )


def layer_issues(layers: pl.DataFrame) -> pl.DataFrame:
    """Issues ``layers_overlap`` and ``charges_do_not_match``.

    A row for each layer of each contract that the file names, those of the books that
    it does not name included: ``row`` (or null), ``treaty``, ``treaty_reference``,
    ``layer_number``, ``occurrence_attachment``, ``occurrence_limit``,
    ``reinstatements``, ``reinstatement_charges``, ``inuring_priority``.
    """
    return pl.concat([_overlaps(layers), _charges(layers)])


def _overlaps(layers: pl.DataFrame) -> pl.DataFrame:
    """Layers that begin below the top of a lower one of the same priority."""
    start = pl.col("occurrence_attachment").cast(pl.Float64).fill_null(0.0)
    height = pl.col("occurrence_limit").cast(pl.Float64)
    has_range = pl.any_horizontal(
        pl.col("occurrence_attachment", "occurrence_limit").is_not_null()
    )
    group = ("treaty", "inuring_priority")
    first_row = pl.col(ROW).min().over("treaty")
    ranges = (
        layers.with_columns(first_row.alias("first_row"))
        .filter(has_range)
        .with_columns(start=start, top=(start + height).fill_null(float("inf")))
        .sort(*group, "start", "layer_number")
        .with_columns(
            lower_top=pl.col("top").cum_max().shift(1).over(group),
            is_told=pl.col(ROW).is_not_null().any().over(group),
            row=pl.coalesce(ROW, "first_row"),
        )
    )
    return _breach(
        ranges.filter((pl.col("start") < pl.col("lower_top")) & pl.col("is_told")),
        "occurrence_attachment",
        pl.col("occurrence_attachment"),
        "layers_overlap",
        pl.format(
            "Layer {} of “{}” begins at {}, below the top of a lower layer, which is "
            "{}. Correct the attachments or limits.",
            "layer_number",
            "treaty_reference",
            _amount("start"),
            _amount("lower_top"),
        ),
    )


def _amount(name: str) -> pl.Expr:
    """An amount in a sentence; without bound: unlimited."""
    is_bound = pl.col(name).is_finite()
    money = pl.when(is_bound).then(name).otherwise(0.0).cast(pl.Decimal(20, 2))
    return pl.when(is_bound).then(money.cast(pl.String)).otherwise(pl.lit("unlimited"))


def _charges(layers: pl.DataFrame) -> pl.DataFrame:
    """Layers that do not have a charge for each reinstatement."""
    texts = pl.col("reinstatement_charges").str.strip_chars(" ;")
    counted = layers.filter(texts != "").with_columns(
        charges=texts.str.split(";").list.len()
    )
    return _breach(
        counted.filter(pl.col("charges") != pl.col("reinstatements")),
        "reinstatement_charges",
        pl.col("reinstatement_charges"),
        "charges_do_not_match",
        pl.format(
            "Layer {} of “{}” has {} reinstatements and {} charges. Give one charge "
            "for each.",
            "layer_number",
            "treaty_reference",
            "reinstatements",
            "charges",
        ),
    )


def terms_changed(compared: pl.DataFrame) -> pl.DataFrame:
    """Issues ``terms_changed_with_money`` of rows that change what money rests on.

    ``compared`` has ``row``, ``__id`` (null: not in the books), ``treaty_reference``
    (text) and, as far as the file has them, the columns of :data:`TERMS` with
    ``was.<name>`` beside each (``cedant`` as key).  What was not known is filled in,
    and an empty cell says nothing: neither is a change.
    """
    names = [
        name
        for name in TERMS
        if name in compared.columns and f"was.{name}" in compared.columns
    ]
    changes = {name: _changes(name, compared.schema[name]) for name in names}
    if not changes:
        return no_issues()
    rows = compared.filter(
        pl.col("__id").is_not_null() & pl.any_horizontal(*changes.values())
    )
    if not rows.height:
        return no_issues()
    keys = rows["__id"].unique().to_list()
    heavy = pl.Series(_with_money(keys), dtype=rows.schema["__id"])
    rows = rows.filter(pl.col("__id").is_in(heavy.implode()))
    found = [no_issues()]
    for name, is_changed in changes.items():
        changed = rows.filter(is_changed).with_columns(
            __old=_called(name, pl.col(f"was.{name}")),
            __new=_called(name, pl.col(name)),
        )
        if name == "cedant":
            changed = _by_code(changed)
        found.append(
            _breach(
                changed,
                name,
                pl.col("__new"),
                "terms_changed_with_money",
                pl.format(
                    f"Contract “{{}}” has claims or premiums, and its {TERMS[name]} "
                    "changes from {} to {}. Have somebody look at it.",
                    "treaty_reference",
                    "__old",
                    "__new",
                ),
            )
        )
    return pl.concat(found)


def _changes(name: str, dtype: pl.DataType) -> pl.Expr:
    """Whether a known term becomes another."""
    is_changed = pl.col(name) != pl.col(f"was.{name}")
    if dtype == pl.String:
        is_changed &= (pl.col(name) != "") & (pl.col(f"was.{name}") != "")
    return is_changed.fill_null(value=False)


def _with_money(keys: list[int]) -> list[int]:
    """Those of the contracts that have claims or premium entries."""
    mine = {"treaty": OuterRef("pk")}
    has_money = Exists(Claim.all_objects.filter(**mine)) | Exists(
        PremiumEntry.all_objects.filter(**mine)
    )
    treaties = Treaty.objects.filter(has_money, pk__in=keys)
    return list(treaties.values_list("pk", flat=True))


def _called(name: str, value: pl.Expr) -> pl.Expr:
    """A term as people call it."""
    labels: dict[str, dict[str, str]] = {
        "treaty_type": dict(TreatyType.choices),
        "basis": dict(AttachmentBasis.choices),
    }
    text = value.cast(pl.String)
    return text.replace(labels[name]) if name in labels else text


def _by_code(rows: pl.DataFrame) -> pl.DataFrame:
    """Parties by their codes in place of their keys."""
    keys = {*rows["__old"].to_list(), *rows["__new"].to_list()}
    codes = {
        str(key): code
        for key, code in Party.objects.filter(pk__in=keys).values_list("pk", "code")
    }
    return rows.with_columns(pl.col("__old", "__new").replace(codes))
