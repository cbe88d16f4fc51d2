"""The tab *Needs a contract*: rows by the contract that they name, and what to pick."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.formats import date_format

from importers.admin import page
from importers.exceptions import DuplicateFile, ImporterError
from importers.models import Ingestion
from importers.record_types import RecordType
from importers.services import follow_ups
from reinsurance.models import Claim, Treaty
from reinsurance.resources.contract_candidates import comparable
from reinsurance.visibility import seen_by

MOST_OFFERED = 300
MOST_MOVING = 20
CODES = {
    "unknown_treaty": "not in the books",
    "several_treaties": "several are in the books",
    "claim_moves_contract": "the claim stands under another one",
}


def section(
    request: HttpRequest, ingestion: Ingestion, kind: RecordType
) -> dict[str, Any]:
    """The groups, each with the contracts that may be meant."""
    words = request.GET.get("find", "").replace("\0", "").strip()
    user = page.user_of(request)
    groups = follow_ups.groups_of(ingestion)
    offered = _offered(ingestion, user, words)
    waiting = [group.reference for group in groups if group.follow_up is None]
    moving = follow_ups.moving_claims(ingestion, waiting, most=MOST_MOVING)
    return {
        "groups": [
            {
                "reference": group.reference,
                "rows": group.rows,
                "why": ", ".join(CODES.get(code, code) for code in group.codes),
                "follow_up": group.follow_up,
                "claims": _seen(moving.get(group.reference, []), user),
                "alike": [c for c in offered if _is_alike(c[2], group.reference)],
            }
            for group in groups
        ],
        "offered": offered,
        "is_cut": len(offered) == MOST_OFFERED,
        "words": words,
        "may_pick": follow_ups.may_answer(ingestion, user),
        "waits": any(group.follow_up is None for group in groups),
    }


def _seen(claims: Sequence[Claim], user: Any) -> list[tuple[int, str, str]]:
    """Key, reference and contract of the claims that the user sees."""
    keys = {claim.pk for claim in claims}
    seen = seen_by(Claim.objects.filter(pk__in=keys), user)
    known = set(seen.values_list("pk", flat=True))
    return [(c.pk, c.reference, label_of(c.treaty)) for c in claims if c.pk in known]


def _is_alike(reference: str, text: str) -> bool:
    return comparable(reference) == comparable(text)


def _offered(
    ingestion: Ingestion, user: Any, words: str
) -> Sequence[tuple[int, str, str]]:
    """Key, label and reference of contracts: the sender's own first."""
    rows = follow_ups.contracts_for(ingestion, user)
    if words:
        rows = rows.filter(
            Q(reference__icontains=words)
            | Q(name__icontains=words)
            | Q(cedant__name__icontains=words)
        )
    party = ingestion.source.party_id
    found: list[Treaty] = []
    if party is not None:
        found += rows.filter(Q(cedant=party) | Q(broker=party))[:MOST_OFFERED]
    own = {treaty.pk for treaty in found}
    found += rows.exclude(pk__in=own)[: MOST_OFFERED - len(found)]
    return [(treaty.pk, label_of(treaty), treaty.reference) for treaty in found]


def label_of(treaty: Treaty) -> str:
    """Reference, cedant and period: enough to tell renewals apart."""
    days = [
        date_format(day, "j M Y") if day else "?"
        for day in (treaty.inception, treaty.expiry)
    ]
    parts = (treaty.reference, treaty.cedant and treaty.cedant.name, " – ".join(days))
    return " · ".join(str(part) for part in parts if part)


def answer(request: HttpRequest, ingestion: Ingestion) -> HttpResponse:
    """Hand the answered rows in as a file of theirs, and go to its page."""
    own = redirect("admin:importers_ingestion_change", ingestion.pk)
    own["Location"] += "?tab=contracts"
    try:
        follow_up = follow_ups.answer_contracts(
            ingestion, _answers(request), user=page.user_of(request)
        )
    except DuplicateFile as problem:
        messages.warning(request, problem.message)
        return redirect("admin:importers_ingestion_change", problem.ingestion)
    except ImporterError as problem:
        messages.error(request, problem.message)
        return own
    messages.success(
        request,
        f"The rows go on as number {follow_up.pk}: checked next, and approved by "
        "itself.",
    )
    return redirect("admin:importers_ingestion_change", follow_up.pk)


def _answers(request: HttpRequest) -> dict[str, int]:
    """Reference to the key of the contract picked for it; what is blank is left."""
    found = {}
    for name, text in request.POST.items():
        number = name.removeprefix("contract-")
        reference = request.POST.get(f"reference-{number}")
        if number != name and reference is not None and str(text).isdecimal():
            found[reference] = int(str(text))
    return found
