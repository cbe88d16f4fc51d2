"""What can go wrong with a received file, said so that a clerk knows what to do.

ImporterError
├── FileProblem            the file itself cannot be read into rows
│   ├── EmptyFile          nothing in it
│   ├── NoRows             a header and no data row
│   ├── WrongKind          extension, first bytes and content do not agree
│   ├── EncryptedFile      a password is set
│   ├── DamagedFile        cut short or corrupt
│   ├── HostileFile        the reader died, ran out of memory or of time
│   ├── TooWide            more columns than Excel knows
│   ├── TooLarge           unpacks to too much, or one cell too long
│   ├── DuplicateHeader    two columns of one name
│   ├── BadEncoding        text in no known or in mixed encodings
│   ├── NulBytes           NUL characters between the text
│   └── UnknownSheet       the sheet asked for is not in the workbook
├── MappingProblem         how the file is to be read is not known
│   ├── UnknownRecordType  no such kind of record
│   ├── UnknownMapping     no such mapping for this kind of record
│   ├── UnknownSource      no such sender
│   └── BadMapping         the mapping sends two columns to one field, or none
├── StateProblem           the ingestion is not where this could be done
│   ├── DuplicateFile      the same file is already on its way
│   ├── LeaseLost          another worker has taken the ingestion over
│   ├── NotItsTurn         another file of its kind is being loaded
│   └── Cleared            the rows in detail, or the file, were cleared
├── NotAllowed             this user may not do this
├── StoreProblem           the file store does not answer, or refuses us
├── PlaceProblem           an inbox cannot be looked into
│   └── FileMoved          a file of it is not any more what it was a moment ago
├── TooManyFiles           this user has handed in enough for now
└── LoadConflict           the books changed in a way that the load cannot meet

Each carries a ``code`` for the machine and one sentence for the clerk, and can be
rebuilt from the two: that is how the sandboxed reader hands it to its parent.
"""

from __future__ import annotations

from typing import ClassVar


class ImporterError(Exception):
    """Base of every expected failure; ``str()`` is the sentence shown to a clerk."""

    code: ClassVar[str] = "importer_error"

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message

    def as_dict(self) -> dict[str, str]:
        """Code and message, enough for :meth:`rebuild`."""
        return {"code": self.code, "message": self.message}

    @classmethod
    def rebuild(cls, code: str, message: str) -> ImporterError:
        """The exception below this class that has the code.

        Raises LookupError for a code nobody knows.
        """
        waiting: list[type[ImporterError]] = [cls]
        while waiting:
            kind = waiting.pop()
            if kind.__dict__.get("code") == code:
                return kind(message)
            waiting.extend(kind.__subclasses__())
        raise LookupError(f"No exception has the code {code!r}")


class FileProblem(ImporterError):  # noqa: N818 (names are the trade's, see above)
    """The file itself cannot be read into rows."""

    code = "file_problem"


class EmptyFile(FileProblem):
    """Zero bytes, or nothing but blanks."""

    code = "empty_file"


class NoRows(FileProblem):
    """There is a header but no data row under it."""

    code = "no_rows"


class NilReturn(NoRows):
    """There is no data row, and the file says that there is nothing to report."""

    code = "nil_return"


class WrongKind(FileProblem):
    """Extension, first bytes and content do not agree, or are not supported."""

    code = "wrong_kind"


class EncryptedFile(FileProblem):
    """The workbook or the archive is protected by a password."""

    code = "encrypted_file"


class DamagedFile(FileProblem):
    """The file is cut short or corrupt."""

    code = "damaged_file"


class HostileFile(FileProblem):
    """The reader died by a signal, or ran out of memory or of time."""

    code = "hostile_file"


class TooWide(FileProblem):
    """More than the 16,384 columns a sheet can have."""

    code = "too_wide"


class TooLarge(FileProblem):
    """Unpacks to more than is allowed, or has a cell Excel could not hold."""

    code = "too_large"


class DuplicateHeader(FileProblem):
    """Two columns carry the same name."""

    code = "duplicate_header"


class BadEncoding(FileProblem):
    """The text is in no known encoding, or in several."""

    code = "bad_encoding"


class NulBytes(FileProblem):
    """NUL characters stand between the text."""

    code = "nul_bytes"


class UnknownSheet(FileProblem):
    """The sheet asked for is not in the workbook."""

    code = "unknown_sheet"


class MappingProblem(ImporterError):  # noqa: N818
    """How the file is to be read is not known."""

    code = "mapping_problem"


class UnknownRecordType(MappingProblem):
    """There is no such kind of record."""

    code = "unknown_record_type"


class UnknownMapping(MappingProblem):
    """There is no such mapping for this kind of record."""

    code = "unknown_mapping"


class UnknownSource(MappingProblem):
    """There is no such sender."""

    code = "unknown_source"


class BadMapping(MappingProblem):
    """The mapping sends two columns to one field, or leaves a field without one."""

    code = "bad_mapping"


class StateProblem(ImporterError):  # noqa: N818
    """The ingestion is not where this could be done to it."""

    code = "state_problem"


class DuplicateFile(StateProblem):
    """The same file is already on its way; ``ingestion`` is its number."""

    code = "duplicate_file"

    def __init__(self, message: str = "", ingestion: int | None = None) -> None:
        super().__init__(message)
        self.ingestion = ingestion


class LeaseLost(StateProblem):
    """Another worker has taken the ingestion over."""

    code = "lease_lost"


class NotItsTurn(StateProblem):
    """Another file of its kind is being loaded."""

    code = "not_its_turn"


class Cleared(StateProblem):
    """What is asked for was kept for its time and then cleared."""

    code = "cleared"


class NotAllowed(ImporterError):  # noqa: N818
    """This user may not do this."""

    code = "not_allowed"


class StoreProblem(ImporterError):  # noqa: N818
    """The file store does not answer (``is_passing``: it may soon), or refuses us."""

    code = "store_problem"

    def __init__(
        self, message: str = "", *, answer: str = "", is_passing: bool = False
    ) -> None:
        super().__init__(message)
        self.answer = answer
        self.is_passing = is_passing

    @classmethod
    def away(cls, answer: str) -> StoreProblem:
        """What passes by itself; ``answer`` is the store's own word."""
        return cls(
            f"The file store does not answer just now ({answer}). Nothing is lost; "
            "try again in some minutes.",
            answer=answer,
            is_passing=True,
        )

    @classmethod
    def refused(cls, answer: str) -> StoreProblem:
        """What an operator has to mend."""
        return cls(
            f"The file store refuses what we ask of it ({answer}). Nothing is lost; "
            "tell an operator, who finds more by “manage.py storage check”.",
            answer=answer,
        )


class PlaceProblem(ImporterError):  # noqa: N818
    """An inbox cannot be looked into; ``is_passing``: perhaps at its next time."""

    code = "place_problem"

    def __init__(self, message: str = "", *, is_passing: bool = False) -> None:
        super().__init__(message)
        self.is_passing = is_passing


class FileMoved(PlaceProblem):
    """A file of an inbox is gone, or other than it was a moment ago."""

    code = "file_moved"


class TooManyFiles(ImporterError):  # noqa: N818
    """This user has handed in as much as one may within an hour."""

    code = "too_many_files"


class LoadConflict(ImporterError):  # noqa: N818
    """The books changed in a way that the load cannot meet."""

    code = "load_conflict"


class BooksMoved(LoadConflict):
    """The books changed since the check: loading would do other than was approved."""

    code = "books_moved"


class CountsTwice(LoadConflict):  # noqa: N818
    """Without what the correction leaves out payments would count twice."""

    code = "periods_overlap"


class StaleApproval(StateProblem):
    """What was approved is not what the page had shown."""

    code = "stale_approval"
