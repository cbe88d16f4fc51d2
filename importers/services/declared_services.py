"""A service of a file becomes a row; its secrets come from environment variables."""

import copy
import re
from collections.abc import Mapping

import yaml

from importers.models import WebService
from importers.models.secrets import UnreadableSecret
from importers.services import feed_yaml
from importers.services.feed_settings import SECRETS, Entry, Outcome
from importers.services.feed_yaml import Report, Wrong
from importers.services.service_rules import (
    leads_elsewhere,
    problems_of_service,
)
from importers.values import Secret
from importers.webservices import hosts
from importers.webservices.problems import ServiceProblem

OURS = {"AWS_SECRET_ACCESS_KEY", "DATABASE_URL", "FIELD_ENCRYPTION_KEYS", "SECRET_KEY"}
"""Variables that no file may send to a partner."""

ELSEWHERE = (
    "The address leads to another host, so the stored secret has to be given anew: "
    "name an environment variable that is set."
)
ADDRESSES = ("base_url", "token_url")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def save_service(
    entry: Entry, environment: Mapping[str, str], report: Report
) -> tuple[WebService, Outcome]:
    """Make or change the service that the entry declares; report what is wrong."""
    service = WebService.objects.filter(code=entry.code).first() or WebService()
    before = copy.copy(service)
    changed = entry.assign(service)
    has_moved = bool(service.pk) and leads_elsewhere(before, service)
    for name in SECRETS:
        if name in entry.nodes:
            # The partner may have replaced a refresh token since: the stored one stays.
            is_kept = name == "refresh_token" and not has_moved
            is_given = _secret(service, name, entry, environment, report, is_kept)
        else:
            is_given = False
        if has_moved and not is_given and getattr(service, name):
            entry.say(report, name, ELSEWHERE)
        if getattr(service, name) != getattr(before, name):
            changed.append(name)
    for name, said in problems_of_service(service).items():
        if not _was_so(before, service, name) and not _may_come_later(service, name):
            entry.say(report, name, f"“{name}”: {said}")
    return service, entry.save(service, changed)


def _was_so(before: WebService, service: WebService, name: str) -> bool:
    """Whether it is an address in use already, which perhaps only workers may ask."""
    is_same = getattr(before, name) == getattr(service, name)
    return name in ADDRESSES and is_same and before.is_active


def _may_come_later(service: WebService, name: str) -> bool:
    """Whether a service that is switched off may lack it until it is switched on.

    Those are what the partner tells, and the operator's leave to ask the host.
    """
    if service.is_active or name not in (*SECRETS, "client_id", *ADDRESSES):
        return False
    value = getattr(service, name)
    if name in ADDRESSES and value:
        try:
            hosts.address(value)
        except ServiceProblem:
            return False
        return True
    return not value


def _secret(
    service: WebService,
    name: str,
    entry: Entry,
    environment: Mapping[str, str],
    report: Report,
    is_kept: bool,
) -> bool:
    """Set a secret as its variable says, unless ``is_kept``; whether there is one."""
    variable = _variable(entry, name, report)
    stored: Secret = getattr(service, name) or Secret()
    if variable is None:
        return False
    if not variable:
        setattr(service, name, Secret())
        return False
    text = environment.get(variable, "")
    if not text:
        if not stored:
            said = (
                f"There is no “{name}” yet, and the environment variable {variable} is "
                "not set. Set it and apply the file again."
            )
            entry.say(report, name, said)
        return False
    if not (stored and is_kept) and not _is_same(stored, text):
        setattr(service, name, Secret(text))
    return True


def _variable(entry: Entry, name: str, report: Report) -> str | None:
    """The variable's name; empty: there shall be no secret; None: wrong."""
    node = entry.nodes[name]
    if feed_yaml.is_null(node):
        return ""
    if not isinstance(node, yaml.MappingNode):
        said = (
            f"“{name}” never stands in this file. Name the environment variable that "
            f"holds it: {name}: {{env: {suggested(entry.code, name)}}}."
        )
        entry.say(report, name, said)
        return None
    found = feed_yaml.entries(node, ("env",), f"“{name}”", report)
    try:
        variable = feed_yaml.text_of(found["env"][1]) if "env" in found else ""
    except Wrong:
        variable = ""
    if not _VARIABLE.fullmatch(variable):
        entry.say(report, name, f"“{name}” needs the name of an environment variable.")
        return None
    if variable in OURS:
        entry.say(report, name, f"{variable} is ours and is not sent to a partner.")
        return None
    return variable


def _is_same(stored: Secret, text: str) -> bool:
    try:
        return stored.reveal() == text
    except UnreadableSecret:
        return False


def suggested(code: str, name: str) -> str:
    """The name of an environment variable for a secret of the service."""
    variable = f"{code}_{name}".upper().replace("-", "_")
    return variable if _VARIABLE.fullmatch(variable) else f"PARTNER_{variable}"
