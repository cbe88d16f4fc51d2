"""A feed as the fetch takes it: from rows of the database to plain values."""

import hashlib
import json
from dataclasses import asdict

from importers.models import Feed, WebService
from importers.values import AuthKind, ContractMode, Format, Incremental, Paging
from importers.webservices.values import (
    ContractPlan,
    FeedPlan,
    Login,
    PagingPlan,
    ServicePlan,
    WhatIsNew,
)


def service_plan(service: WebService) -> ServicePlan:
    """The service without its secrets."""
    login = Login(
        kind=AuthKind(service.auth),
        key_name=service.key_name,
        user_name=service.user_name,
        token_url=service.token_url,
        client_id=service.client_id,
        client_in_body=service.client_in_body,
        scopes=service.scopes,
        audience=service.audience,
        leeway_seconds=service.leeway_seconds,
    )
    return ServicePlan(
        code=service.code,
        base_url=service.base_url,
        login=login,
        headers=service.headers,
        connect_seconds=service.connect_seconds,
        read_seconds=service.read_seconds,
        attempts=service.attempts,
        most_bytes=service.most_mb << 20,
    )


def feed_plan(feed: Feed) -> FeedPlan:
    """Everything that the fetch needs to know of the feed."""
    return FeedPlan(
        code=feed.code,
        service=service_plan(feed.service),
        path=feed.path,
        parameters=feed.parameters,
        format=Format(feed.format),
        records_path=feed.records_path,
        page_values=feed.page_values,
        unfold=tuple(feed.unfold),
        paging=PagingPlan(
            kind=Paging(feed.paging),
            page_parameter=feed.page_parameter,
            first_page=feed.first_page,
            size_parameter=feed.size_parameter,
            page_size=feed.page_size,
            cursor_path=feed.cursor_path,
            next_path=feed.next_path,
            more_path=feed.more_path,
            total_path=feed.total_path,
            snapshot_path=feed.snapshot_path,
            most_pages=feed.most_pages,
        ),
        new=WhatIsNew(
            kind=Incremental(feed.incremental),
            field=feed.cursor_field,
            start=feed.cursor_start,
            overlap=feed.overlap,
            window_days=feed.window_days,
        ),
        contract=ContractPlan(
            schema=feed.contract, mode=ContractMode(feed.contract_mode)
        ),
        shape=feed.shape,
        deadline_seconds=feed.deadline_minutes * 60,
    )


def settings_print(plan: FeedPlan, cursor: str) -> str:
    """Fingerprint of what is asked for: pages kept under another one do not fit.

    How long and how often we may try does not count.
    """
    asked = asdict(plan)
    for name in ("shape", "deadline_seconds"):
        del asked[name]
    asked["service"] = {"base_url": plan.service.base_url}
    text = json.dumps([asked, cursor], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
