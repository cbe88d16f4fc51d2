"""A register that is declared a correction is loaded as one that is not."""

import pytest

from reinsurance.models import Layer, Participation, Party, Treaty
from tests.importers.services.loads import loaded

pytestmark = pytest.mark.django_db
HEADER = "UMR,Cedant,Treaty type,Inception date,Ccy,Layer,Reinsurer,Signed line\n"


@pytest.fixture(autouse=True)
def parties() -> None:
    for code in ("CED1", "RE1", "RE2"):
        Party.objects.create(code=code, name=code)


def line(reinsurer: str, share: str) -> str:
    return f"R1,CED1,CXL,2026-01-01,GBP,1,{reinsurer},{share}\n"


def panel() -> dict[str, float]:
    lines = Participation.objects.values_list("reinsurer__code", "signed_line")
    return {code: float(share) for code, share in lines}


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize(
    ("rows", "after"),
    [
        (line("RE1", "60%") + line("RE2", "40%"), {"RE1": 0.6, "RE2": 0.4}),
        (line("RE1", "55%") + line("RE2", "45%"), {"RE1": 0.55, "RE2": 0.45}),
        (line("RE1", "100%"), {"RE1": 1.0}),
    ],
)
def test_a_register_declared_a_correction(
    rows: str, after: dict[str, float], *, is_known: bool
) -> None:
    if is_known:
        loaded(HEADER + line("RE1", "60%") + line("RE2", "40%"), "treaties")
    loaded(HEADER + rows, "treaties", declared="correction")
    assert panel() == after
    assert Treaty.objects.count() == Layer.objects.count() == 1
