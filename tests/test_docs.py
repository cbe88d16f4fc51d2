"""The pages of documentation point at what is there."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from importers.exceptions import ImporterError

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
README = ROOT / "README.md"
SOURCES = ("backoffice", "importers", "reinsurance")

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"manage\.py ([a-z][a-z_]+)")
VARIABLE = re.compile(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`")
CODE = re.compile(r"^\| ((?:[A-Z][a-z]+(?: [a-z]+)*(?:, )?)+) \|", re.MULTILINE)
# Named in prose and not ours: of the examples, and constants of the code.
NOT_SET = {"CLIENT_ID", "RECORD_MODELS"}
# Set by tests alone.
OF_TESTS = {
    "EMBEDDED_POSTGRES", "EMBEDDED_POSTGRES_DURABLE", "Q_REAPER", "Q_REAP_SECONDS",
}  # fmt: skip


def anchors(page: Path) -> set[str]:
    """The places in a page that a link may lead to, as GitHub names them."""
    titles = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text("utf-8")), re.M)
    kept = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.replace(" ", "-") for title in kept}


def links(page: Path) -> list[str]:
    """What a page links to, outside addresses apart."""
    text = FENCED.sub("", page.read_text("utf-8"))
    return [to for to in LINK.findall(text) if "://" not in to]


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, place = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if place:
            assert place in anchors(target), link


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.name)
def test_commands_are_there(page: Path) -> None:
    named = set(COMMAND.findall(page.read_text("utf-8")))
    assert named <= set(get_commands())


@pytest.mark.parametrize("page", [README, *PAGES], ids=lambda page: page.name)
def test_variables_are_in_the_example(page: Path) -> None:
    text = FENCED.sub("", page.read_text("utf-8"))
    assert set(VARIABLE.findall(text)) - NOT_SET <= in_example()


def in_example() -> set[str]:
    """The variables of .env.example."""
    example = (ROOT / ".env.example").read_text("utf-8")
    return set(re.findall(r"^# ?([A-Z][A-Z0-9_]+)=", example, re.M))


def test_the_readme_tells_of_every_variable() -> None:
    _, _, rest = README.read_text("utf-8").partition("### The environment\n")
    rows = re.findall(r"^\| (`.+?) \|", rest.partition("\n### ")[0], re.M)
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert len(told) == len(set(told))
    assert set(told) == in_example()


def test_the_settings_read_no_other_variables() -> None:
    read = {
        name
        for path in (ROOT / "backoffice" / "settings").glob("*.py")
        for name in re.findall(r"\benv\.\w+\(\s*\"(\w+)\"", path.read_text("utf-8"))
    }
    assert read - in_example() == OF_TESTS


def test_the_readme_names_every_page() -> None:
    named = {link.partition("#")[0] for link in links(README)}
    assert {f"docs/{page.name}" for page in PAGES} <= named


def test_every_picture_is_shown() -> None:
    shown = {
        (page.parent / link).resolve()
        for page in [README, *PAGES]
        for link in links(page)
    }
    assert set((DOCS / "images").iterdir()) <= shown


def test_tests_that_are_named_are_there() -> None:
    written = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for page in PAGES:
        for name in re.findall(r"`(test_\w+)`", page.read_text("utf-8")):
            assert f"def {name}(" in written, name


def test_the_messages_that_clerks_look_up_exist() -> None:
    """Each begins a line of a table, written as the pages show a code."""
    page = (DOCS / "clerks.md").read_text("utf-8")
    _, _, tables = page.partition("## What the messages mean\n")
    tables, _, _ = tables.partition("\n## ")
    said = [words for line in CODE.findall(tables) for words in line.split(", ")]
    assert len(said) > 40
    written = "".join(
        path.read_text() for name in SOURCES for path in (ROOT / name).rglob("*.py")
    )
    for words in said:
        code = words.lower().replace(" ", "_")
        assert f'"{code}"' in written, code


def test_problems_of_whole_files_are_all_explained() -> None:
    page = (DOCS / "clerks.md").read_text("utf-8").lower()
    (kind,) = [k for k in ImporterError.__subclasses__() if k.code == "file_problem"]
    missing = [
        p.code for p in kind.__subclasses__() if p.code.replace("_", " ") not in page
    ]
    assert missing == []
