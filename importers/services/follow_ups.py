"""Rows that need a contract: a clerk picks it, and the rows go on as a file of theirs.

The rows held out are grouped by the contract's reference as the sender wrote it: one
answer holds for all like rows.  The follow-up ingestion has just these rows, as they
were written; it is checked, approved and undone by itself, and the first file's counts
stay as they are.  It is additional or a correction as that file is.
"""

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, QuerySet

from importers.exceptions import StateProblem
from importers.models import Ingestion
from importers.services import ingestions, permissions, retention
from importers.services.follow_up_parents import column_of, held_out_rows
from importers.values import OPEN, Status
from reinsurance.models import Claim, Treaty
from reinsurance.resources.contract_candidates import comparable
from reinsurance.visibility import seen_by

MOVES = "claim_moves_contract"
CODES = ("unknown_treaty", "several_treaties", MOVES)
"""Codes of rows that wait for somebody to say which contract they are about."""
DOOR = "follow-up"
ANSWERED = (Status.READY, Status.LOADED, Status.REJECTED)
"""Where a file may stand whose rows are answered."""
GOING_ON = (*OPEN, Status.LOADED, Status.UNDOING)
BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one contract reference that need a contract.

    ``follow_up``: the file that they go on in already; none where they wait.
    """

    reference: str
    rows: int
    codes: tuple[str, ...]
    follow_up: Ingestion | None = None


def groups_of(ingestion: Ingestion) -> list[Group]:
    """What waits for a contract, in the order of the references.

    Of very large files the rows of the first twenty thousand issues are counted.
    """
    if not needs_contracts(ingestion):
        return []
    counted: dict[str, list[tuple[int, str]]] = {}
    issues = ingestion.issues.filter(code__in=CODES).order_by()
    for line in issues.values("value", "code").annotate(
        rows=Count("row", distinct=True)
    ):
        counted.setdefault(line["value"], []).append((line["rows"], line["code"]))
    taken = _taken(ingestion)
    return [
        Group(
            reference,
            sum(rows for rows, _ in found),
            tuple(sorted(code for _, code in found)),
            taken.get(reference),
        )
        for reference, found in sorted(counted.items())
    ]


def needs_contracts(ingestion: Ingestion) -> bool:
    """Whether any row held out needs a contract, by the counts."""
    by_code = ingestion.issue_counts.get("by_code", {})
    return ingestion.status in ANSWERED and any(by_code.get(code) for code in CODES)


def moving_claims(
    ingestion: Ingestion, references: Collection[str], *, most: int | None = None
) -> dict[str, list[Claim]]:
    """Claims that stand under another contract than their rows speak for.

    By the contract's reference as the file has it; of the first ``most`` such rows.
    """
    by_code = ingestion.issue_counts.get("by_code", {})
    if not by_code.get(MOVES) or ingestion.cleared_at or not ingestion.rejected:
        return {}
    issues = ingestion.issues.filter(code=MOVES, value__in=references).order_by("row")
    texts = dict(issues.values_list("row", "value")[:most])
    is_whole = most is not None or _is_listed(ingestion, (MOVES,))
    at, of_claim = (
        column_of(ingestion, name) for name in ("treaty_reference", "claim_reference")
    )
    if of_claim is None:
        return {}
    named: dict[str, set[str]] = {}
    for number, cells in held_out_rows(ingestion.rejected):
        text = texts.pop(number, None)
        if text is None and not is_whole and at is not None:
            text = next((t for t in references if t == cells[at].strip()), None)
        if text is not None:
            named.setdefault(text, set()).add(cells[of_claim].strip())
        elif is_whole and not texts:
            break
    return {text: _standing(text, claims) for text, claims in sorted(named.items())}


def _standing(text: str, references: set[str]) -> list[Claim]:
    """Claims of these references under contracts that the text may mean."""
    rows = Claim.objects.filter(reference__in=references)
    meant = comparable(text)
    return [
        claim
        for claim in rows.select_related("treaty__cedant").order_by("reference", "pk")
        if comparable(claim.treaty.reference) == meant
    ]


def may_answer(ingestion: Ingestion, user: User) -> bool:
    """Whether the user may say which contract rows of the file are about."""
    return permissions.may_submit(user) and needs_contracts(ingestion)


def _taken(ingestion: Ingestion) -> dict[str, Ingestion]:
    """References whose rows go on already, and where."""
    going_on = ingestion.follow_ups.filter(status__in=[s.value for s in GOING_ON])
    return {
        text: follow_up
        for follow_up in going_on.order_by("-pk")
        for text in follow_up.contracts
    }


def contracts_for(ingestion: Ingestion, user: User) -> QuerySet[Treaty]:
    """Contracts that the user may pick from."""
    rows: QuerySet[Treaty] = seen_by(Treaty.objects.select_related("cedant"), user)
    return rows.order_by("reference", "inception", "pk")


def answer_contracts(
    ingestion: Ingestion,
    answers: Mapping[str, int],
    *,
    user: User,
    enqueue: bool = True,
) -> Ingestion:
    """Hand the rows of these references in anew, each for the contract of that key.

    Raises NotAllowed, StateProblem (nothing to answer, no such contract, or the rows go
    on already), and Cleared where the rows are no longer kept.
    """
    permissions.require_submit(user)
    permissions.require_seen(user, ingestion)
    retention.require_rows(ingestion)
    if ingestion.status not in ANSWERED:
        raise StateProblem(
            f"This file is “{ingestion.status}”; its rows are answered once it is "
            "checked."
        )
    with transaction.atomic():
        # Two clerks who answer at once do so one after the other.
        Ingestion.objects.select_for_update().get(pk=ingestion.pk)
        _require_answers(ingestion, answers, user)
        rows = _rows_of(ingestion, set(answers))
        content = _csv(list(ingestion.table.get("header", ())), rows)
        return ingestions.submit(
            blocks=content,
            file_name=_name(ingestion),
            record_type=ingestion.record_type,
            source=ingestion.source,
            door=DOOR,
            user=user,
            mapping=ingestion.mapping,
            period_start=ingestion.period_start,
            period_end=ingestion.period_end,
            declared=ingestion.declared,
            parent=ingestion,
            contracts=dict(answers),
            enqueue=enqueue,
        )


def _require_answers(
    ingestion: Ingestion, answers: Mapping[str, int], user: User
) -> None:
    if not answers:
        raise StateProblem("Pick a contract for at least one reference.")
    known = {group.reference: group for group in groups_of(ingestion)}
    for text in answers:
        if text not in known:
            raise StateProblem(f"No row of “{text}” needs a contract.")
        going_on = known[text].follow_up
        if going_on is not None:
            raise StateProblem(
                f"The rows of “{text}” go on as number {going_on.pk} already "
                f"({going_on.status}). Go on there; to answer anew, cancel or undo it."
            )
    wanted = set(answers.values())
    seen = contracts_for(ingestion, user).filter(pk__in=wanted)
    missing = wanted - set(seen.values_list("pk", flat=True))
    if missing:
        raise StateProblem(f"There is no contract number {min(missing)}.")
    for text, claims in moving_claims(ingestion, answers).items():
        elsewhere = [c for c in claims if c.treaty_id != answers[text]]
        if elsewhere:
            more = f" and {len(elsewhere) - 1} more" if len(elsewhere) > 1 else ""
            raise StateProblem(
                f"Claim {elsewhere[0].reference}{more} of “{text}” stands under "
                "another contract than the one that you picked, and the loss would "
                "stand twice. Move the claim first."
            )


def _rows_of(ingestion: Ingestion, references: set[str]) -> Iterator[Sequence[str]]:
    """Cells of the rows held out that need one of these references' contract.

    By the row's issue; beyond the issues that are listed by the reference's cell.
    """
    issues = ingestion.issues.filter(code__in=CODES, value__in=references)
    numbers = set(issues.values_list("row", flat=True))
    is_whole = _is_listed(ingestion, CODES)
    at = column_of(ingestion, "treaty_reference")
    for number, cells in held_out_rows(ingestion.rejected):
        is_like = at is not None and cells[at].strip() in references
        if number in numbers or (not is_whole and is_like):
            yield cells


def _is_listed(ingestion: Ingestion, codes: Collection[str]) -> bool:
    """Whether all issues of these codes are listed, not only counted."""
    by_code = ingestion.issue_counts.get("by_code", {})
    listed = ingestion.issues.filter(code__in=codes).count()
    return listed >= sum(by_code.get(code, 0) for code in codes)


def _csv(header: list[str], rows: Iterator[Sequence[str]]) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    writer: Any = csv.writer(text)
    writer.writerow(header)
    for row in rows:
        writer.writerow(row)
        if text.tell() > BLOCK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _name(ingestion: Ingestion) -> str:
    stem = ingestion.file_name.rpartition(".")[0] or ingestion.file_name
    return f"{stem[:200]} - rows of number {ingestion.pk}.csv"
