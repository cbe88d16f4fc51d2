"""The figures of a whole run, put where README.md tells them."""

from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def put(target: str, text: str) -> None:
    """Replace what README.md has between the marks of a make target."""
    page = README.read_text("utf-8")
    before, begin, rest = page.partition(f"<!-- {target} -->")
    _, end, after = rest.partition(f"<!-- /{target} -->")
    if begin and end:
        README.write_text(f"{before}{begin}\n{text}\n{end}{after}", "utf-8")


def table(heads: dict[str, str], figures: list[dict[str, object]]) -> str:
    """Markdown of some keys of the figures under their heads; the first is text."""
    first, *rest = heads.values()
    lines = [f"| {first} |" + "".join(f" {head} |" for head in rest)]
    lines.append("|---|" + "--:|" * len(rest))
    for figure in figures:
        cells = (figure[key] for key in heads)
        told = (f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells)
        lines.append(f"| {' | '.join(told)} |")
    return "\n".join(lines)
