"""Partners' web services, and the feeds that are fetched from them."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from importers.models.choices import choices_of, is_one_of
from importers.models.secrets import SecretField
from importers.models.sources import Mapping, Source
from importers.values import (
    AuthKind,
    ContractMode,
    Format,
    Incremental,
    Paging,
)


class Per(models.IntegerChoices):
    """The span of a budget of requests, in seconds."""

    SECOND = 1, "second"
    MINUTE = 60, "minute"
    HOUR = 3600, "hour"


def _between(least: int, most: int) -> list:
    return [MinValueValidator(least), MaxValueValidator(most)]


class WebService(models.Model):
    """A partner's service: where it is, how we sign in, how much we may ask.

    Certificates are always verified.  Secrets are encrypted and never shown.  The
    access token (and the fingerprint of the sign-in it was got with) and
    ``next_request_at`` belong to the machine.
    """

    cedant_paths = ("feeds__source__party",)

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    base_url = models.CharField(
        "address", max_length=300, help_text="Begins with https://."
    )
    is_active = models.BooleanField("active", default=True)

    auth = models.CharField(
        "sign-in", max_length=20, choices=choices_of(AuthKind), default=AuthKind.NONE
    )
    key_name = models.CharField(
        max_length=80,
        blank=True,
        help_text="Header or query parameter that carries the key.",
    )
    user_name = models.CharField(max_length=120, blank=True)
    secret = SecretField(
        blank=True, help_text="The key, password, bearer token or client secret."
    )
    token_url = models.CharField("token address", max_length=300, blank=True)
    client_id = models.CharField(max_length=200, blank=True)
    client_in_body = models.BooleanField(
        "client in the form",
        default=False,
        help_text="Send client and secret in the form instead of the header.",
    )
    scopes = models.CharField(
        max_length=300, blank=True, help_text="Separated by blanks."
    )
    audience = models.CharField(max_length=200, blank=True)
    leeway_seconds = models.PositiveIntegerField(
        "expiry leeway",
        default=60,
        validators=_between(0, 3600),
        help_text="Seconds before its end at which a token is renewed.",
    )
    refresh_token = SecretField(blank=True)
    access_token = SecretField(blank=True, editable=False)
    token_print = models.CharField(max_length=64, blank=True, editable=False)
    token_expires_at = models.DateTimeField(null=True, blank=True, editable=False)

    headers = models.JSONField(
        "further headers",
        default=dict,
        blank=True,
        help_text="Sent with every request; no secrets.",
    )
    connect_seconds = models.PositiveIntegerField(
        "time to connect", default=5, validators=_between(1, 60)
    )
    read_seconds = models.PositiveIntegerField(
        "time to answer",
        default=30,
        validators=_between(1, 600),
        help_text="The longest pause, in seconds.",
    )
    attempts = models.PositiveSmallIntegerField(
        default=5,
        validators=_between(1, 20),
        help_text="Tries for one page before the sync gives up.",
    )
    most_mb = models.PositiveIntegerField(
        "largest answer (MB)", default=64, validators=_between(1, 1024)
    )
    rate_count = models.PositiveIntegerField(
        "requests",
        null=True,
        blank=True,
        validators=_between(1, 100_000),
        help_text="The budget that the partner allows; empty: no limit.",
    )
    rate_per = models.PositiveIntegerField("per", choices=Per, default=Per.MINUTE)
    next_request_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = "web service"
        constraints = [
            models.CheckConstraint(
                condition=is_one_of("auth", AuthKind), name="web_service_auth_known"
            ),
            models.CheckConstraint(
                condition=Q(rate_per__in=Per.values), name="web_service_rate_known"
            ),
            models.CheckConstraint(
                condition=Q(rate_count__isnull=True) | Q(rate_count__gte=1),
                name="web_service_rate_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Feed(models.Model):
    """Records of one kind that are fetched from a service, and where it stands.

    Only who looks after it and what it asks for is edited; ``cursor`` moves when
    what was fetched has been loaded, ``shape`` tells the fields of the last sync.  A
    feed whose fault will not pass by itself is paused, with the reason.
    """

    service = models.ForeignKey(WebService, models.PROTECT, related_name="feeds")
    cedant_paths = ("source__party",)

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(
        "active", default=False, help_text="Whether its schedule runs it."
    )
    record_type = models.CharField("kind of record", max_length=20)
    source = models.ForeignKey(Source, models.PROTECT, related_name="feeds")
    mapping = models.ForeignKey(
        Mapping, models.SET_NULL, null=True, blank=True, related_name="feeds"
    )
    loads_itself = models.BooleanField(
        "load without approval",
        default=False,
        help_text="When no row is held out. Not for records that carry money.",
    )

    path = models.CharField(
        max_length=300,
        blank=True,
        help_text="Behind the service's address; may hold {from}, {to}, {today}.",
    )
    parameters = models.JSONField(
        default=dict,
        blank=True,
        help_text="Name and value; a value may hold {cursor}, {from}, {to}, {today}.",
    )
    format = models.CharField(
        max_length=12, choices=choices_of(Format), default=Format.JSON
    )
    records_path = models.CharField(
        "where the records are",
        max_length=200,
        blank=True,
        help_text="A path like data.items; empty: found by itself.",
    )
    page_values = models.JSONField(
        "values of the page",
        default=dict,
        blank=True,
        help_text="Name and path of values that every record of a page gets.",
    )
    unfold = models.JSONField(
        default=list,
        blank=True,
        help_text="Names for the keys of records that are kept by key, and the value.",
    )

    paging = models.CharField(
        "pages", max_length=12, choices=choices_of(Paging), default=Paging.AUTO
    )
    page_parameter = models.CharField(max_length=60, blank=True)
    first_page = models.PositiveIntegerField(default=1)
    size_parameter = models.CharField(max_length=60, blank=True)
    page_size = models.PositiveIntegerField(
        default=0, help_text="Records asked for at a time; 0: not said."
    )
    cursor_path = models.CharField("next cursor at", max_length=200, blank=True)
    next_path = models.CharField("next link at", max_length=200, blank=True)
    more_path = models.CharField("“has more” at", max_length=200, blank=True)
    total_path = models.CharField("total at", max_length=200, blank=True)
    snapshot_path = models.CharField(
        "same on all pages",
        max_length=200,
        blank=True,
        help_text="A value that changes when the partner publishes new data.",
    )
    most_pages = models.PositiveIntegerField(
        default=10_000, validators=_between(1, 1_000_000)
    )

    incremental = models.CharField(
        "asks for", max_length=12, choices=choices_of(Incremental), default="full"
    )
    cursor_field = models.CharField(
        "newest by", max_length=200, blank=True, help_text="A record's field."
    )
    cursor_start = models.CharField("begins with", max_length=60, blank=True)
    overlap = models.PositiveIntegerField(
        default=0,
        help_text="Asked for once more: days of a date, seconds of a time.",
    )
    window_days = models.PositiveIntegerField(
        "days at a time", default=31, validators=_between(1, 3660)
    )

    contract = models.JSONField(
        null=True, blank=True, help_text="JSON Schema (2020-12) of a record."
    )
    contract_mode = models.CharField(
        "when records deviate",
        max_length=12,
        choices=choices_of(ContractMode),
        default=ContractMode.EVOLVE,
    )
    deadline_minutes = models.PositiveIntegerField(
        "most minutes", default=20, validators=_between(1, 25)
    )

    cursor = models.CharField(max_length=200, blank=True)
    shape = models.JSONField(default=dict, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_reason = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["name"]
        permissions = [("run_feed", "Can sync and test feeds")]
        constraints = [
            models.CheckConstraint(
                condition=is_one_of("paging", Paging), name="feed_paging_known"
            ),
            models.CheckConstraint(
                condition=is_one_of("format", Format), name="feed_format_known"
            ),
            models.CheckConstraint(
                condition=is_one_of("incremental", Incremental),
                name="feed_incremental_known",
            ),
            models.CheckConstraint(
                condition=is_one_of("contract_mode", ContractMode),
                name="feed_contract_mode_known",
            ),
            models.CheckConstraint(
                condition=Q(window_days__gte=1), name="feed_window_has_days"
            ),
        ]

    def __str__(self) -> str:
        return self.name
