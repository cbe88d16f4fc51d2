"""Testing a feed's connection: one page, looked at; nothing is written."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from importers.admin.feed_forms import ContractForm
from importers.admin.page import label_of, user_of
from importers.admin.words import PAGINGS
from importers.exceptions import ImporterError
from importers.models import Feed
from importers.services import permissions, trials
from importers.services.trials import Trial
from importers.values import ContractMode, Paging

if TYPE_CHECKING:
    from importers.admin.feeds import FeedAdmin


def test(admin: "FeedAdmin", request: HttpRequest, feed: Feed) -> HttpResponse:
    """Ask for the first page and show it; on GET only offer to."""
    if not permissions.may_sync(user_of(request)):
        raise PermissionDenied
    shown: dict[str, Any] = {}
    if request.method == "POST":
        try:
            shown = _shown(trials.try_feed(feed.pk, user=user_of(request)))
        except ImporterError as problem:
            shown = {"problem": problem.message}
    if shown.get("schema") and admin.has_change_permission(request, feed):
        mode = feed.contract_mode if feed.contract else ContractMode.EVOLVE.value
        shown["form"] = ContractForm(
            feed=feed, initial={"contract": shown["schema"], "contract_mode": mode}
        )
    context = admin.context(
        request,
        title="Test of the connection",
        feed=feed,
        kind=label_of(feed.record_type),
        **shown,
    )
    return TemplateResponse(request, "importers/feed/test.html", context)


def _shown(trial: Trial) -> dict[str, Any]:
    paging = PAGINGS[Paging(trial.paging)] if trial.paging else ""
    return {
        "trial": trial,
        "paging": paging,
        "schema": trial.schema,
        "unused": [header for header, label, _ in trial.columns if not label],
        "raw": json.dumps(trial.records, indent=2, ensure_ascii=False),
    }


def contract(admin: "FeedAdmin", request: HttpRequest, feed: Feed) -> HttpResponse:
    """Edit the contract of a feed, also as a test proposed it."""
    if not admin.has_change_permission(request, feed):
        raise PermissionDenied
    now = {"contract": feed.contract, "contract_mode": feed.contract_mode}
    form = ContractForm(request.POST or None, feed=feed, initial=now)
    if request.method == "POST" and form.is_valid():
        Feed.objects.filter(pk=feed.pk).update(
            contract=form.cleaned_data["contract"],
            contract_mode=form.cleaned_data["contract_mode"],
        )
        admin.log_change(request, feed, [{"changed": {"fields": ["Contract"]}}])
        messages.success(request, "The contract is kept; every sync compares with it.")
        return redirect("admin:importers_feed_change", feed.pk)
    context = admin.context(request, title="Contract", feed=feed, form=form)
    return TemplateResponse(request, "importers/feed/contract.html", context)
