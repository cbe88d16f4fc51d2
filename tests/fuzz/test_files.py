"""Spoilt files, handed in by the API: refused, rejected or loaded, never lost."""

import pytest
from django.test import Client

from tests.fuzz.conftest import batches, chance_of, forgotten
from tests.fuzz.mutations import spoil
from tests.fuzz.proof import handed_in, no_hang, prove
from tests.fuzz.seeds import TABLES, WRITERS, seed

TYPES = ("claims", "claims", *TABLES)


@pytest.mark.parametrize("names", batches(*WRITERS), ids=lambda names: names[0])
def test_a_spoilt_file_comes_to_its_end(caller: Client, names: list[str]) -> None:
    for name in names:
        kind = name.partition("-")[0]
        chance = chance_of(name)
        record_type = chance.choice(TYPES)
        content = spoil(seed(kind, record_type), kind, chance)
        print(name, record_type, len(content))  # noqa: T201 shown where it fails
        with forgotten(), no_hang(name):
            ingestion = handed_in(caller, content, f"{name}.{kind}", record_type)
            if ingestion is not None:
                prove(caller, ingestion)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("record_type", TABLES)
def test_what_is_spoilt_was_good(caller: Client, kind: str, record_type: str) -> None:
    content = seed(kind, record_type)
    ingestion = handed_in(caller, content, f"good.{kind}", record_type)
    assert ingestion is not None
    assert prove(caller, ingestion) == "ready"
    assert ingestion.rows_rejected == 0
