"""How many examples hypothesis tries: few in the suite, many in the long form."""

import os


def some(count: int) -> int:
    """So many examples, times EXAMPLES_FACTOR (`make fuzz` sets it)."""
    return count * int(os.environ.get("EXAMPLES_FACTOR", "1"))


def is_long_form() -> bool:
    """Whether examples are drawn anew each time: the suite tries the same ones."""
    return bool({"EXAMPLES_FACTOR", "HISTORIES"} & set(os.environ))
