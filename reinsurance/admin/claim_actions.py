"""What a person does to a claim beside its form: move it, correct an amount of it.

Each has a page of its own, asks for the reason, and leaves a change by hand.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from reinsurance.admin.base import Panel
from reinsurance.admin.claim_forms import AmountForm, MoveForm, ReasonedForm, day_of
from reinsurance.admin.claim_opened import ChangedError, digest, require_as_opened
from reinsurance.admin.claim_panels import positions_panel
from reinsurance.admin.meanwhile import OPENED
from reinsurance.admin.values import capital, money
from reinsurance.ledger import by_hand, moving
from reinsurance.ledger.amounts import FIRST_ROW_BY_HAND, label_of
from reinsurance.ledger.hand_refusals import TellingError
from reinsurance.ledger.move_checks import MoveError
from reinsurance.models import Claim, ClaimPosition, ClaimStatement, Treaty
from reinsurance.visibility import seen_by

TEMPLATE = "reinsurance/claim_action.html"
MOVE = (
    "The claim goes with its positions and all that was told of it. Its amounts stay "
    "what they are."
)
CORRECT = (
    "What you tell comes after all files that are loaded by now, and before every "
    "later one: a file that is received later and tells of the same period counts "
    "again. You can withdraw it."
)
WITHDRAW = (
    "What {} told on {} for the period to {} does not count any more: what was told "
    "before it, or in other files, counts again."
)


class ClaimActions(admin.ModelAdmin):
    """The pages that move a claim, correct an amount, and withdraw a correction."""

    def get_urls(self) -> list[URLPattern]:
        """With the addresses of the three."""
        pages = (
            ("<int:pk>/move/", self.move_view, "move"),
            ("<int:pk>/amount/", self.amount_view, "amount"),
            ("statement/<int:pk>/withdraw/", self.withdraw_view, "withdraw"),
        )
        own = [
            path(
                route,
                self.admin_site.admin_view(view),
                name=f"reinsurance_claim_{name}",
            )
            for route, view, name in pages
        ]
        return [*own, *super().get_urls()]

    def move_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Which contract, and why; then the claim's page."""
        claim, user = self._claim(request, pk), _user(request)
        form = MoveForm(request.POST or None)
        field: Any = form.fields["treaty"]
        field.queryset = moving.candidates(claim, user)
        if form.is_valid():
            treaty: Treaty = form.cleaned_data["treaty"]
            reason = form.cleaned_data["reason"]
            edit = _did(
                request, claim, form,
                lambda: moving.move_claim(
                    claim, treaty, user=user, reason=reason, is_meant=form.is_meant
                ),
            )  # fmt: skip
            if edit:
                said = f"Moved to {field.label_from_instance(treaty)}."
                return self._done(request, claim, said)
        title = "Move to another contract"
        return self._page(request, claim, form, title=title, button="Move", lead=MOVE)

    def amount_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Which amount of which position, and why; then the claim's page."""
        claim, user = self._claim(request, pk), _user(request)
        positions = ClaimPosition.objects.filter(claim=claim).select_related("claim")
        only = positions[0] if len(positions) == 1 else None
        form = AmountForm(request.POST or None, initial=_latest_of(only))
        field: Any = form.fields["position"]
        field.queryset = positions.order_by("section", "risk_code", "currency")
        if form.is_valid():
            statement = _did(request, claim, form, lambda: _tell(form, user))
            if statement:
                said = f"Corrected for the period to {day_of(statement.period_end)}."
                return self._done(request, claim, said)
            if form.is_outdated:
                form.add_error(None, _standing(form))
        title = "Correct an amount"
        return self._page(
            request, claim, form, title=title, button="Correct", lead=CORRECT
        )

    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Why what a person told is taken back; then the claim's page."""
        rows = ClaimStatement.objects.select_related("position__claim")
        statement = seen_by(rows, request.user).filter(pk=pk).first()
        if statement is None:
            raise Http404(f"There is no statement number {pk}.")
        claim, user = statement.position.claim, _user(request)
        try:
            found = by_hand.require_withdrawable(statement, user)
        except TellingError as problem:
            messages.error(request, str(problem))
            return _at(claim)
        form = ReasonedForm(request.POST or None)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            done = _did(
                request, claim, form,
                lambda: by_hand.withdraw(
                    found, user=user, reason=reason, is_meant=form.is_meant
                ) or True,
            )  # fmt: skip
            if done:
                return self._done(request, claim, "Withdrawn.")
        told = found.load
        days = day_of(told.loaded_at.date()), day_of(found.period_end)
        return self._page(
            request,
            claim,
            form,
            title="Withdraw an amount",
            button="Withdraw",
            lead=WITHDRAW.format(told.user, *days),
        )

    def panels_with_actions(
        self, request: HttpRequest, claim: Claim, panels: Sequence[Panel]
    ) -> list[Panel]:
        """The panels of a claim's page, with what the user may do there."""
        user = _user(request)
        may_change = self.has_change_permission(request, claim)
        told = [e.statement for p in panels for e in p.context.get("told", ())]
        more = {
            "may_correct": may_change,
            "may_move": may_change and moving.candidates(claim, user).exists(),
            "withdrawable": {
                s.pk for s in told if may_change and by_hand.may_withdraw(s, user)
            },
            "by_hand": FIRST_ROW_BY_HAND,
        }
        return [replace(p, context={**p.context, **more}) for p in panels]

    def _claim(self, request: HttpRequest, pk: int) -> Claim:
        found = self.get_queryset(request).select_related("treaty").filter(pk=pk)
        claim: Claim | None = found.first()
        if claim is None:
            raise Http404(f"There is no claim number {pk}.")
        return claim

    def _page(
        self, request: HttpRequest, claim: Claim, form: ReasonedForm, **said: str
    ) -> HttpResponse:
        is_anew = request.method != "POST" or form.is_outdated
        context = {
            OPENED: digest(claim) if is_anew else request.POST.get(OPENED, ""),
            "panel": positions_panel(claim),
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "claim": claim,
            "form": form,
            **said,
        }
        return TemplateResponse(request, TEMPLATE, context)

    def _done(self, request: HttpRequest, claim: Claim, said: str) -> HttpResponse:
        self.log_change(request, claim, said)
        messages.success(request, said)
        return _at(claim)


def _did(
    request: HttpRequest, claim: Claim, form: ReasonedForm, act: Callable[[], Any]
) -> Any:
    """What came of it; None where the form comes back and says why not."""
    try:
        with transaction.atomic():
            require_as_opened(claim, request.POST.get(OPENED, ""))
            return act()
    except (ChangedError, MoveError, TellingError) as problem:
        form.is_outdated = isinstance(problem, ChangedError)
        form.refuse(problem)
    return None


def _tell(form: AmountForm, user: Any) -> ClaimStatement:
    told = form.cleaned_data
    return by_hand.tell(
        told["position"],
        period_start=told["period_start"],
        period_end=told["period_end"],
        amounts={told["kind"]: told["amount"]},
        basis=told["basis"],
        status=told["status"],
        user=user,
        reason=told["reason"],
        is_meant=form.is_meant,
    )


def _standing(form: AmountForm) -> str:
    """What the amount of the form stands at in the books, at the end of its period."""
    told, position = form.cleaned_data, form.cleaned_data["position"]
    day = told["period_end"]
    try:
        held = by_hand.held(position, told["kind"], day)
    except TellingError as problem:
        return str(problem)
    currency = position.currency_id
    amount = f"{currency} {money(held, currency)}" if held is not None else "not told"
    return f"{capital(label_of(told['kind']))} at {day_of(day)} stands at: {amount}."


def _latest_of(position: ClaimPosition | None) -> dict[str, Any]:
    """The form of an amount filled in with the position's latest period."""
    if position is None:
        return {}
    end = position.period_end
    told = position.statements.filter(load__undone_at=None, period_end=end)
    last = told.exclude(period_start=None).order_by("-load__number", "-pk").first()
    start = last.period_start if last else None
    return {"position": position, "period_start": start, "period_end": end}


def _at(claim: Claim) -> HttpResponse:
    if not Claim.objects.filter(pk=claim.pk).exists():
        return HttpResponseRedirect(reverse("admin:reinsurance_claim_changelist"))
    page = reverse("admin:reinsurance_claim_change", args=[claim.pk])
    return HttpResponseRedirect(page)


def _user(request: HttpRequest) -> Any:
    return request.user
