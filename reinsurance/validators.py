"""Checks of single values that hold wherever the value comes from."""

import re
from decimal import Decimal

from django.core.exceptions import ValidationError

LEI_PATTERN = re.compile(r"[A-Z0-9]{18}[0-9]{2}")


def is_lei(value: str) -> bool:
    """Whether ``value`` is a legal entity identifier with right check digits.

    ISO 17442-1: 20 characters, the last two being ISO 7064 MOD 97-10 check digits
    (letters count as 10 to 35; the whole number leaves remainder 1).
    """
    if not LEI_PATTERN.fullmatch(value):
        return False
    return int("".join(str(int(character, 36)) for character in value)) % 97 == 1


def are_charges(value: str) -> bool:
    """Whether ``value`` lists a fraction for each reinstatement, as in 0;0.5;1."""
    texts = value.split(";")
    are_numbers = all(re.fullmatch(r"\d+(\.\d+)?", text.strip()) for text in texts)
    return are_numbers and all(Decimal(text.strip()) <= 1 for text in texts)


def validate_lei(value: str) -> None:
    """Raise ValidationError unless ``value`` is a LEI (ISO 17442)."""
    if not is_lei(value):
        raise ValidationError(
            "“%(value)s” is not a legal entity identifier: it has 20 letters and "
            "digits, of which the last two are check digits.",
            code="bad_lei",
            params={"value": value},
        )
