"""What was settled at the check, kept to be written by the load as it is.

Only where the books have not moved since: their version is compared under the lock of
the load.  Otherwise the rows are settled anew.
"""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl
from django.db import connection

from importers.pipeline import storage
from importers.record_types import RecordType
from reinsurance.ledger.claim_events import TELLINGS
from reinsurance.ledger.premiums import PremiumSettlement
from reinsurance.ledger.settlement import Settlement
from reinsurance.resources.issues import no_issues

_CLAIMS = ("rows", "claims", "positions", "statements", "repeats", "overrides")
_PREMIUMS = ("rows", "entries", "repeats")


def books_version() -> str:
    """Something that is another one after every load, undo and change by hand."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT concat_ws(' ', (SELECT max(id) FROM reinsurance_load), "
            "(SELECT count(*) FROM reinsurance_load WHERE undone_at IS NOT NULL), "
            "(SELECT max(id) FROM reinsurance_edit), "
            "(SELECT max(decided_at) FROM reinsurance_edit))"
        )
        return str(cursor.fetchone()[0])


def key_of(folder: str, number: int) -> str:
    """Storage key of what was settled of a part, counted from 0."""
    return f"{folder}/settled-{number:05d}.zip"


def keep(settlement: Any, key: str, folder: Path) -> None:
    """Store the frames that writing needs."""
    names = _PREMIUMS if isinstance(settlement, PremiumSettlement) else _CLAIMS
    path = folder / Path(key).name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            out = io.BytesIO()
            frame: pl.DataFrame = getattr(settlement, name)
            frame.write_ipc(out, compression="lz4")
            archive.writestr(name, out.getvalue())
    storage.put(key, path)
    path.unlink()


def kept(record_type: RecordType, key: str) -> Any:
    """The settlement, as far as writing needs it."""
    frames: dict[str, pl.DataFrame] = {}
    with storage.local(key) as path, zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            frames[name] = pl.read_ipc(io.BytesIO(archive.read(name)))
    nothing = pl.DataFrame()
    none = pl.Series(dtype=pl.Int64)
    if record_type.ledger == "premiums":
        return PremiumSettlement(
            held_out=none,
            issues=no_issues(),
            ruled=no_issues(),
            counted=nothing,
            known=nothing,
            income=nothing,
            again=none,
            as_at=no_issues(),
            **frames,
        )
    return Settlement(
        held_out=none,
        issues=no_issues(),
        settled=nothing,
        paid=nothing,
        later=nothing,
        **frames,
    )


def told_of(
    keys: Iterable[str], positions: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Statements of positions of the books, and rows that repeat one (``keys``: parts).

    A row that repeats a statement of another position is among them.
    """
    found: dict[str, list[pl.DataFrame]] = {"statements": [], "repeats": []}
    for key in keys:
        with storage.local(key) as path, zipfile.ZipFile(path) as archive:
            for name, frames in found.items():
                frame = pl.read_ipc(io.BytesIO(archive.read(name)))
                if name == "statements":
                    frame = frame.filter(pl.col("position").is_in(positions.implode()))
                frames.append(frame)
    statements, repeats = (
        pl.concat(each, how="diagonal_relaxed") for each in found.values()
    )
    return statements, repeats


def events_of(keys: Iterable[str], claims: pl.Series) -> pl.DataFrame:
    """What statements tell of the events of claims of the books (``keys``: parts).

    As :data:`claim_events.TELLINGS`: a statement tells what its claim says after the
    rows, where it does not keep another value.
    """
    found = [pl.DataFrame(schema=TELLINGS)]
    for key in keys:
        with storage.local(key) as path, zipfile.ZipFile(path) as archive:
            statements, positions, described = (
                pl.read_ipc(io.BytesIO(archive.read(name)))
                for name in ("statements", "positions", "claims")
            )
        mine = positions.select("position", "claim").filter(
            pl.col("claim").is_in(claims.implode())
        )
        here = statements.join(mine, on="position")
        if not here.height:
            continue
        if "loss_event" not in described.columns:
            described = described.with_columns(loss_event=pl.lit(None, pl.Int64))
        own = pl.col("values").str.json_path_match("$.loss_event").cast(pl.Int64)
        here = here.join(described.select("claim", "loss_event"), on="claim")
        here = here.with_columns(loss_event=pl.coalesce(own, "loss_event"))
        found.append(here.select(pl.col(n).cast(t) for n, t in TELLINGS.items()))
    return pl.concat(found)
