"""How many examples hypothesis tries: few in the suite, many in the long form."""

import os


def some(count: int) -> int:
    """So many examples, times EXAMPLES_FACTOR (`make fuzz` sets it)."""
    return count * int(os.environ.get("EXAMPLES_FACTOR", "1"))
