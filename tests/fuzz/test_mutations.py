"""An input is made of its name alone, so that one that was found can be tried again."""

import hashlib
import os
import subprocess
import sys
from random import Random

import pytest

from tests.fuzz.mutations import spoil
from tests.fuzz.seeds import TABLES, WRITERS, seed

AGAIN = """
import sys
from tests.fuzz.test_mutations import digest
print(digest(sys.argv[1]))
"""


def digest(kind: str) -> str:
    """Of some inputs of a kind."""
    whole = hashlib.sha256()
    for number in range(40):
        chance = Random(f"{kind}-{number}")
        whole.update(spoil(seed(kind, chance.choice(list(TABLES))), kind, chance))
    return whole.hexdigest()


@pytest.mark.parametrize("kind", WRITERS)
def test_an_input_is_the_same_in_another_process(kind: str) -> None:
    again = subprocess.run(
        [sys.executable, "-c", AGAIN, kind],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert again.stdout.strip() == digest(kind)
