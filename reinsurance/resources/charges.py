"""The cell of a layer's reinstatement charges."""

from reinsurance.resources import cells
from reinsurance.resources.cells import CellError, tidy
from reinsurance.resources.widgets import CellWidget


class ChargesWidget(CellWidget):
    """A charge for each reinstatement, as shares of the premium: ``0;0.5;100%``.

    A list such as ``100;50;0`` can only be per cent; one such as ``50;1`` is asked.
    """

    blank = ""

    def __init__(self, max_length: int) -> None:
        super().__init__()
        self.max_length = max_length

    def parse(self, text: str) -> str:
        told = [tidy(one) for one in text.strip("; ").split(";")]
        if self._is_per_cent(told):
            told = [f"{one}%" for one in told]
        charges = [self._charge(one, text) for one in told]
        found = ";".join(charges)
        if len(found) > self.max_length:
            raise CellError("too_long", f"“{text}” lists too many charges.")
        return found

    def _is_per_cent(self, told: list[str]) -> bool:
        try:
            numbers = [
                cells.parse_number(one, self.options, what="", code="bad_share")
                for one in told
            ]
        except CellError:
            return False
        return max(numbers) > 1 and all(n == 0 or n > 1 for n in numbers)

    def _charge(self, one: str, text: str) -> str:
        advice = "List a charge for each reinstatement, such as 0;0.5;1 or 0;50%;100%"
        try:
            share = cells.parse_share(one, self.options)
        except CellError as error:
            raise CellError(
                error.code,
                f"“{text}” does not tell the reinstatement charges: “{one}” is not a "
                f"share from 0 to 1. {advice}. If 100 is the whole, write 1 or 100%.",
            ) from error
        return f"{share.normalize():f}"
