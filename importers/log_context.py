"""What a line of the log is about: fields that every line inside a block carries."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

logger = logging.getLogger(__name__)

Field = str | int
_FIELDS: ContextVar[Mapping[str, Field]] = ContextVar("log_fields")


def fields() -> Mapping[str, Field]:
    """The fields of the block we are in."""
    return _FIELDS.get({})


@contextmanager
def bound(**more: Field) -> Iterator[None]:
    """Lines logged in the block carry these fields as well: ids, never names."""
    token = _FIELDS.set({**fields(), **more})
    try:
        yield
    finally:
        _FIELDS.reset(token)


def begin(**new: Field) -> None:
    """From here on these are the fields, and no others: a worker's next task begins."""
    _FIELDS.set(new)


@contextmanager
def task(name: str, **ids: int) -> Iterator[None]:
    """The work of one task of the cluster; what goes wrong is logged and re-raised."""
    with bound(task=name, **ids):
        try:
            yield
        except BaseException:
            logger.exception("The task failed.")
            raise
