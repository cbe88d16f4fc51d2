"""Senders in a YAML file: applied, refused with lines, written again."""

from decimal import Decimal
from typing import Any

import pytest
import yaml
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import ValidationError

from importers.admin.sources import SourceAdmin
from importers.api.senders import SourceSerializer
from importers.models import Ingestion, Source
from importers.services import declared_sources, ingestions, undoing, work
from importers.services.feed_settings import Outcome
from importers.services.feed_yaml import BadFeedFile
from importers.services.ingestions import source_of
from reinsurance.models import Party, Treaty

pytestmark = pytest.mark.django_db

FULL = """\
sources:
  - code: north
    name: Northfield
    party: CED1
    is_house: true
    frequency: quarter
    return_sign: positive
    blank_is_zero: true
    several_currencies: true
    equal_rows_add: true
    premium_lists: year
    premium_amounts_are: ours
    other_contracts: hold out
    incurred_factor: 2.5
    date_order: MDY
    decimal_mark: ","
    policy: all or nothing
    is_active: false
"""
VALUES = {
    "code": "north",
    "name": "Northfield",
    "is_house": True,
    "frequency": "quarter",
    "return_sign": "positive",
    "blank_is_zero": True,
    "several_currencies": True,
    "equal_rows_add": True,
    "premium_lists": "year",
    "premium_amounts_are": "ours",
    "other_contracts": "hold out",
    "incurred_factor": Decimal("2.50"),
    "date_order": "MDY",
    "decimal_mark": ",",
    "policy": "all or nothing",
    "is_active": False,
}
DEFAULTS = {
    "is_house": False,
    "frequency": "month",
    "return_sign": "",
    "blank_is_zero": False,
    "several_currencies": False,
    "equal_rows_add": False,
    "premium_lists": "period",
    "premium_amounts_are": "",
    "other_contracts": "breach",
    "incurred_factor": None,
    "date_order": "DMY",
    "decimal_mark": ".",
    "policy": "good rows",
    "is_active": True,
}


@pytest.fixture
def cedant() -> Party:
    """The party behind the sender of the examples."""
    return Party.objects.create(code="CED1", name="Northfield Mutual")


def values_of(code: str) -> dict[str, Any]:
    found = Source.objects.values().get(code=code)
    del found["id"]
    return found


def test_every_setting_is_set(cedant: Party) -> None:
    assert declared_sources.apply(FULL) == [Outcome("source", "north", "created")]
    assert values_of("north") == {**VALUES, "party_id": cedant.pk}


def test_the_settings_are_those_of_the_model() -> None:
    fields = {field.name for field in Source._meta.concrete_fields} - {"id"}
    assert set(declared_sources.ORDER) == fields


def test_the_form_and_the_api_have_every_setting() -> None:
    settings = set(declared_sources.ORDER)
    on_form = flatten_fieldsets(SourceAdmin.fieldsets)
    assert (len(on_form), set(on_form)) == (len(settings), settings)
    assert set(SourceSerializer.Meta.fields) == settings | {"id"}


def test_a_new_sender_needs_a_code_and_a_name_only(cedant: Party) -> None:
    text = "sources: [{code: bx, name: Bureau}]"
    assert declared_sources.apply(text) == [Outcome("source", "bx", "created")]
    told = {"code": "bx", "name": "Bureau", "party_id": None}
    assert values_of("bx") == {**DEFAULTS, **told}


def test_the_same_file_again_changes_nothing(cedant: Party) -> None:
    declared_sources.apply(FULL)
    assert declared_sources.apply(FULL) == [Outcome("source", "north", "unchanged")]


def test_what_is_left_out_stays(cedant: Party) -> None:
    declared_sources.apply(FULL)
    text = "sources: [{code: north, name: North, frequency: month}]"
    assert declared_sources.apply(text) == [
        Outcome("source", "north", "updated", ("name", "frequency"))
    ]
    told = {"name": "North", "frequency": "month", "party_id": cedant.pk}
    assert values_of("north") == {**VALUES, **told}


def test_null_takes_away(cedant: Party) -> None:
    declared_sources.apply(FULL)
    empty = "party: null, incurred_factor: null, return_sign: null"
    text = f"sources: [{{code: north, name: Northfield, {empty}}}]"
    assert declared_sources.apply(text) == [
        Outcome(
            "source", "north", "updated", ("party", "return_sign", "incurred_factor")
        )
    ]
    told = {"party_id": None, "incurred_factor": None, "return_sign": ""}
    assert values_of("north") == {**VALUES, **told}


def test_others_are_left_alone(cedant: Party) -> None:
    declared_sources.apply(FULL)
    declared_sources.apply("sources: [{code: bx, name: Bureau}]")
    assert values_of("north") == {**VALUES, "party_id": cedant.pk}
    assert declared_sources.apply("sources: []") == []


def test_a_code_that_looks_like_a_number_is_a_text() -> None:
    Party.objects.create(code="0042", name="Forty-two")
    declared_sources.apply("sources: [{code: 7, name: 8, party: 0042}]")
    found = Source.objects.get()
    assert (found.code, found.name, found.party.code) == ("7", "8", "0042")


def test_an_export_applied_changes_nothing(cedant: Party) -> None:
    declared_sources.apply(FULL)
    declared_sources.apply("sources: [{code: bx, name: 'Bureau: the “NO” one'}]")
    text = declared_sources.export()
    assert [o.outcome for o in declared_sources.apply(text)] == ["unchanged"] * 2
    assert declared_sources.export() == text
    before = list(Source.objects.order_by("code").values(*VALUES, "party_id"))
    Source.objects.all().delete()
    assert [o.outcome for o in declared_sources.apply(text)] == ["created"] * 2
    assert list(Source.objects.order_by("code").values(*VALUES, "party_id")) == before


def test_an_export_has_every_setting(cedant: Party) -> None:
    declared_sources.apply("sources: [{code: bx, name: Bureau}]")
    declared_sources.apply(FULL)
    text = declared_sources.export()
    assert text.startswith("# Senders of files. The format: docs/operators.md\n")
    assert yaml.safe_load(text) == {
        "sources": [
            {
                **DEFAULTS,
                "code": "bx",
                "name": "Bureau",
                "party": None,
                "return_sign": None,
                "premium_amounts_are": None,
            },
            {**VALUES, "party": "CED1", "incurred_factor": "2.50"},
        ]
    }
    assert list(yaml.safe_load(text)["sources"][0]) == list(declared_sources.ORDER)


def test_the_sender_of_lone_files_is_written_once_it_was_changed() -> None:
    source = source_of(None)
    assert yaml.safe_load(declared_sources.export()) == {"sources": []}
    source.frequency = "year"
    source.save()
    (told,) = yaml.safe_load(declared_sources.export())["sources"]
    assert (told["code"], told["frequency"]) == ("direct", "year")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", (1, "The file is empty. It begins with “sources:”.")),
        ("{}", (1, "The file has no “sources:”.")),
        ("[a]", (1, "The file has to be names and values (name: value).")),
        ("sources: {a: b}", (1, "“sources” is a list: begin each one with “- ”.")),
        (
            "senders: []\nsources: []",
            (1, "The file has no setting “senders”. Known: sources."),
        ),
        (
            "sources:\n- {code: a, name: A, colour: red}",
            (
                2,
                "A source has no setting “colour”. Known: code, name, is_house, "
                "frequency, return_sign, blank_is_zero, several_currencies, "
                "equal_rows_add, premium_lists, premium_amounts_are, "
                "other_contracts, incurred_factor, date_order, decimal_mark, "
                "policy, is_active, party.",
            ),
        ),
        (
            "sources:\n- {code: a, name: A, polcy: good rows}",
            (2, "A source has no setting “polcy”. Did you mean “policy”?"),
        ),
        ("sources:\n- name: A", (2, "A source needs “code”.")),
        ("sources:\n- code: a", (2, "A source needs “name”.")),
        (
            "sources:\n- {code: a b, name: A}",
            (
                2,
                "“code”: Enter a valid “slug” consisting of letters, numbers, "
                "underscores or hyphens.",
            ),
        ),
        (
            "sources:\n- {code: a, name: ''}",
            (2, "“name”: This field cannot be blank."),
        ),
        (
            "sources:\n- code: a\n  name: A\n  party: GONE",
            (4, "There is no party “GONE”."),
        ),
        (
            "sources:\n- {code: a, name: A, party: [X]}",
            (2, "“party” takes one text, no list and no names."),
        ),
        (
            "sources:\n- {code: a, name: A, frequency: week}",
            (2, "“frequency” takes one of: month, quarter, year."),
        ),
        (
            "sources:\n- {code: a, name: A, policy: null}",
            (2, "“policy” takes one of: good rows, all or nothing."),
        ),
        (
            "sources:\n- {code: a, name: A, premium_amounts_are: half}",
            (2, "“premium_amounts_are” takes one of: whole, ours."),
        ),
        (
            "sources:\n- {code: a, name: A, is_active: yes}",
            (2, "“is_active” takes true or false."),
        ),
        (
            "sources:\n- {code: a, name: A, incurred_factor: much}",
            (2, "“incurred_factor”: “much” value must be a decimal number."),
        ),
        (
            "sources:\n- {code: a, name: A, incurred_factor: 1}",
            (2, "“incurred_factor” takes a number above 1, or null: not looked at."),
        ),
        (
            "sources:\n- {code: a, name: A}\n- {code: a, name: B}",
            (3, "The code “a” stands in line 2 already."),
        ),
        (
            "sources:\n- {code: a, name: A",
            (2, "This is no good YAML: expected ',' or '}', but got '<stream end>'."),
        ),
    ],
)
def test_a_file_that_is_wrong_writes_nothing(text: str, problem: tuple) -> None:
    with pytest.raises(BadFeedFile) as raised:
        declared_sources.apply(text)
    assert raised.value.problems == [problem]
    assert not Source.objects.exists()


def test_all_that_is_wrong_is_told_and_nothing_is_written(cedant: Party) -> None:
    Source.objects.create(code="bx", name="Bureau")
    text = (
        "sources:\n"
        "- {code: bx, name: Changed, party: CED1}\n"
        "- {code: new, name: New}\n"
        "- {code: a, name: A, party: GONE, frequency: week}\n"
        "- {code: b, name: B, party: GONE}\n"
    )
    with pytest.raises(BadFeedFile) as raised:
        declared_sources.apply(text)
    assert raised.value.problems == [
        (4, "There is no party “GONE”."),
        (4, "“frequency” takes one of: month, quarter, year."),
        (5, "There is no party “GONE”."),
    ]
    assert list(Source.objects.values_list("code", "name")) == [("bx", "Bureau")]


# ------------------------------------------------------- lists of premium in the books
LISTS = (
    "UMR,Policy Ref,Transaction type,Effective date,Currency,Gross premium,"
    "Reporting period end\n"
)
YEAR = "sources: [{code: bx, name: New name, premium_lists: year}, {code: by, name: B}]"


@pytest.fixture
def sender() -> Source:
    Treaty.objects.create(reference="T", treaty_type="QS", currency_id="GBP")
    return Source.objects.create(code="bx", name="Bureau", is_house=True)


def premium(sender: Source, slug: str = "premiums", header: str = LISTS) -> Ingestion:
    row = "T,P1,Original,2026-01-10,GBP,10,2026-01-31\n"
    return ingestions.submit(
        blocks=[(header + row).encode()],
        file_name="p.csv",
        record_type=slug,
        source=sender,
        door="test",
        enqueue=False,
    )


def in_the_books(ingestion: Ingestion) -> Ingestion:
    work.check(ingestion.pk)
    ingestions.approve(ingestion.pk, enqueue=False)
    work.load(ingestion.pk)
    ingestion.refresh_from_db()
    assert ingestion.status == "loaded", ingestion.message
    return ingestion


def stays(number: int, where: str, do: str) -> str:
    return (
        f"Premium files of New name are {where}: number {number}. What they list is as "
        f"it was set when they came in. {do} them first, or make another source for "
        "the sender's new way of reporting."
    )


def refused(said: str) -> None:
    """By file, by form and by code; nothing is applied."""
    before = list(Source.objects.order_by("pk").values())
    with pytest.raises(BadFeedFile) as caught:
        declared_sources.apply(YEAR)
    assert caught.value.problems == [(1, said)]
    sender = Source.objects.get(code="bx")
    sender.premium_lists, sender.name = "year", "New name"
    for change in (sender.full_clean, sender.save):
        with pytest.raises(ValidationError) as wrong:
            change()
        assert wrong.value.message_dict == {"premium_lists": [said]}
    assert list(Source.objects.order_by("pk").values()) == before


def test_what_premium_lists_stays_while_files_are_in_the_books(sender: Source) -> None:
    ingestion = premium(sender)
    refused(stays(ingestion.pk, "on their way", "Load or cancel"))
    work.check(ingestion.pk)
    refused(stays(ingestion.pk, "on their way", "Load or cancel"))
    in_the_books(ingestion)
    refused(stays(ingestion.pk, "in the books", "Undo"))
    ingestions.undo(ingestion.pk, user=None, reason="another way", enqueue=False)
    refused(stays(ingestion.pk, "in the books", "Undo"))
    undoing.undo(ingestion.pk)
    assert [o.outcome for o in declared_sources.apply(YEAR)] == ["updated", "created"]
    assert values_of("bx")["premium_lists"] == "year"


def test_lists_of_the_year_stay_so(sender: Source) -> None:
    Source.objects.filter(pk=sender.pk).update(premium_lists="year")
    number = in_the_books(premium(sender)).pk
    sender.refresh_from_db()
    sender.name, sender.premium_lists = "New name", "period"
    with pytest.raises(ValidationError, match=f"in the books: number {number}"):
        sender.full_clean()


def test_other_settings_and_senders_and_files_are_not_held(sender: Source) -> None:
    in_the_books(premium(sender))
    other = Source.objects.create(code="by", name="Other", is_house=True)
    claims = LISTS.replace("Policy Ref", "Claim Ref")
    premium(other, "claims", claims)
    declared_sources.apply(
        "sources: [{code: bx, name: X, frequency: quarter, premium_lists: period},"
        " {code: by, name: Y, premium_lists: year}]"
    )
    assert values_of("by")["premium_lists"] == "year"
    assert values_of("bx")["frequency"] == "quarter"
