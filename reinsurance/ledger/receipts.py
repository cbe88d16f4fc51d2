"""Numbers in the order of receipt, of files and of what people tell among them.

Files are numbered by whoever takes them in; what a person tells takes the next number,
so that it comes after every file received by then, loaded or not.
"""

from collections.abc import Callable

_numberers: list[Callable[[], int]] = []


def number_by(numberer: Callable[[], int]) -> None:
    """Take numbers from there: each call gives one that nothing else has or will."""
    _numberers[:] = [numberer]


def next_number() -> int:
    """A number after those of all files received by now."""
    [numberer] = _numberers
    return numberer()
