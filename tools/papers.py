#!/usr/bin/env python3
"""Keeps the documents true to the tree.

    tools/papers.py           fails when docs/FEATURES.md is stale, or a document names a file that is not there
    tools/papers.py --write   writes the lists of tests into docs/FEATURES.md

A test belongs to the rows that its name begins with: `s08_…`, `s14_s17_…`, `s02_and_b08_…`.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FEATURES = ROOT / "docs/FEATURES.md"
FOLDERS = ["src", "control", "tests", "examples", "benches", "fuzz", "docs", "envoy", "tools", ".ci"]

TEST = re.compile(r"\bfn ((?:[sb]\d\d_(?:and_)?)+\w+)")
ROW = re.compile(r"^### ([SB])(\d+) ", re.M)
PATH = re.compile(rf"`((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*)`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


def tests():
    """For each row (`s08`) its tests' names, by file."""
    rows = defaultdict(lambda: defaultdict(list))
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.rs")):
            if "target" in path.relative_to(ROOT).parts:
                continue
            for name in TEST.findall(path.read_text()):
                for row in re.findall(r"[sb]\d\d", re.match(r"(?:[sb]\d\d_(?:and_)?)+", name)[0]):
                    rows[row][path.relative_to(ROOT).as_posix()].append(name)
    return rows


def features(text):
    """The page with the lists of tests as they are now, and the rows that tests name and it lacks."""
    rows = tests()
    head, *sections = re.split(r"^(?=### )", text, flags=re.M)
    pages = [head]
    for section in sections:
        kind, number = ROW.match(section).groups()
        found = rows.pop(f"{kind.lower()}{int(number):02}", {})
        items = [f"- `{path}`: " + ", ".join(f"`{name}`" for name in names) for path, names in found.items()]
        prose, _, rest = section.partition("\n\nTests:")
        after = re.search(r"^## .*", rest, re.M | re.S)
        listed = "\n\n".join(["Tests:", "\n".join(items)]) if items else "Tests: none yet."
        pages.append(f"{prose.rstrip()}\n\n{listed}\n\n" + (after[0] if after else ""))
    return "".join(pages).rstrip() + "\n", sorted(rows)


def dead_paths():
    for page in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")]):
        text = page.read_text()
        named = [(path, ROOT / path) for path in PATH.findall(text)]
        named += [(link, page.parent / link) for link in LINK.findall(text)]
        for name, path in named:
            if not path.exists():
                yield f"{page.relative_to(ROOT)}: there is no {name}"


def main():
    text = FEATURES.read_text()
    page, unknown = features(text)
    if "--write" in sys.argv:
        FEATURES.write_text(page)
    faults = [f"docs/FEATURES.md has no row {row.upper()}, which tests name" for row in unknown]
    if page != FEATURES.read_text():
        faults.append("docs/FEATURES.md is stale: `make features` writes it")
    faults += dead_paths()
    print("\n".join(faults) or "papers: every list and path is true")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
