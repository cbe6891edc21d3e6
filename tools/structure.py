#!/usr/bin/env python3
"""Fails when a Rust file or function is too long, or when files take names from each other in a circle.

    tools/structure.py            checks src/ and control/src/
    tools/structure.py --report   prints the same and never fails

Tests do not count. A file's length is its lines before its tests; a function's is its lines of code. What
counts as taking a name is said in CONTRIBUTING.md.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CRATES = ["src", "control/src"]
MOST_LINES, MOST_OF_A_FUNCTION = 300, 60

TESTS = re.compile(r"^#\[cfg\(test\)\]\n(?:#\[.*\]\n)*(?:pub(?:\([^)]*\))? )?mod tests?\b", re.M)
TEST_ITEM = re.compile(r"^ *#\[cfg\(test\)\]\s*[^;{]*;", re.M)
# Who may see a name takes nothing.
VISIBILITY = re.compile(r"pub\(in [^)]*\)")
# Raw strings, strings, characters (not lifetimes), comments.
NOISE = re.compile(
    r'b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?\'(?:\\[^\']+|[^\'\\\n])\'|//[^\n]*|/\*.*?\*/', re.S
)
# As rustfmt lays functions out: the closing brace stands below the first word.
FUNCTION = re.compile(r"^( *)(?:[a-z]\w*(?:\([^)]*\))? )*fn (\w+)(?:[^;{]|;(?!\n))*\{\n(.*?)^\1\}", re.M | re.S)
USE = re.compile(r"^[ ]*(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);", re.M)
PATH = re.compile(r"(?<![\w:.$])([a-z_]\w*(?:::\w+)+)")


class File:
    """A module: what it imports (name -> path), what it re-exports only, and the code itself."""

    def __init__(self, path, module):
        text = path.read_text()
        tests = TESTS.search(text)
        self.path, self.module = path, module
        self.lines = text[: tests.start() if tests else None].count("\n")
        code = TEST_ITEM.sub(" ", NOISE.sub(" ", text[: tests.start() if tests else None]))
        code = VISIBILITY.sub("pub", code)
        self.functions = [(name, sum(map(bool, map(str.strip, body.split("\n"))))) for _, name, body in FUNCTION.findall(code)]
        self.names, self.globs, self.public = {}, [], set()
        for public, tree in USE.findall(code):
            for segments, name in leaves(re.sub(r"\s+", " ", tree).strip()):
                if name == "*":
                    self.globs.append(segments)
                else:
                    self.names[name] = segments
                    self.public |= {name} if public else set()
        self.body = USE.sub(" ", code)


def leaves(tree, before=()):
    """The paths of a `use` tree, each with the name that it gets."""
    head, brace, rest = tree.partition("{")
    if not brace:
        path, _, alias = tree.partition(" as ")
        segments = [*before, *path.strip().split("::")]
        if segments[-1] == "self":
            segments.pop()
        return [(segments, alias.strip() or segments[-1])] if segments[-1] != "*" else [(segments[:-1], "*")]
    found, depth, part = [], 0, ""
    for sign in rest[: rest.rindex("}")] + ",":
        depth += (sign == "{") - (sign == "}")
        if sign == "," and depth == 0:
            if part.strip():
                found += leaves(part.strip(), [*before, *head.strip().strip(":").split("::")])
            part = ""
        else:
            part += sign
    return found


def read(crate):
    files = {}
    for path in sorted((ROOT / crate).rglob("*.rs")):
        parts = path.relative_to(ROOT / crate).with_suffix("").parts
        if "tests" in parts or parts == ("main",):
            continue
        module = ("crate",) if parts == ("lib",) else ("crate", *parts)
        files[module] = File(path, module)
    return files


def resolve(files, module, path, seen=()):
    """The module whose file defines what a path names: re-exports are followed."""
    path = list(path)
    if path[0] in ("crate", "self", "super"):
        module = ("crate",) if path[0] == "crate" else module
        while path and path[0] in ("crate", "self", "super"):
            module = module[:-1] if path.pop(0) == "super" else module
    elif (*module, path[0]) not in files and path[0] not in files[module].names:
        return None
    while path:
        if (*module, path[0]) in files:
            module = (*module, path.pop(0))
            continue
        file, key = files.get(module), (module, path[0])
        if file is None or key in seen:
            return None
        if path[0] in file.names:
            return resolve(files, module, [*file.names[path[0]], *path[1:]], (*seen, key))
        if not re.search(rf"\b(?:fn|struct|enum|trait|type|const|static|union|mod|macro_rules!)\s+{path[0]}\b", file.body):
            for glob in file.globs:
                found = resolve(files, module, [*glob, *path], (*seen, key))
                if found and found != module:
                    return found
        break
    return module


def taken(files, file):
    """The modules from whose files this one takes names, each with one of the names.

    A re-export that the file does not use itself takes nothing.
    """
    paths = [path.split("::") for path in PATH.findall(file.body)] + file.globs
    for name, path in file.names.items():
        module = resolve(files, file.module, path)
        # A module that is imported as such is used by paths, which count by themselves.
        as_module = module and module[-1] == path[-1]
        if not as_module and (name not in file.public or re.search(rf"(?<!::)\b{name}\b", file.body)):
            paths.append(path)
    found = {resolve(files, file.module, path): path[-1] for path in paths}
    return {to: name for to, name in found.items() if to in files and to != file.module}


def circles(graph):
    """A shortest circle through each module that is in one; each circle once."""
    found = {}
    for start in graph:
        ways, seen = [[start]], set()
        while ways:
            way = ways.pop(0)
            if start in graph[way[-1]]:
                found.setdefault(frozenset(way), way)
                break
            for to in sorted(set(graph[way[-1]]) - seen):
                seen.add(to)
                ways.append([*way, to])
    return found.values()


def main():
    faults = []
    for crate in CRATES:
        files = read(crate)
        name = lambda module: str(files[module].path.relative_to(ROOT))
        for module, file in files.items():
            if file.lines > MOST_LINES:
                faults.append(f"{name(module)}: {file.lines} lines before its tests; {MOST_LINES} at most")
            for function, lines in file.functions:
                if lines > MOST_OF_A_FUNCTION:
                    faults.append(f"{name(module)}: fn {function} has {lines} lines; {MOST_OF_A_FUNCTION} at most")
        graph = {module: taken(files, file) for module, file in files.items()}
        for way in circles(graph):
            steps = zip(way, [*way[1:], way[0]])
            faults.append("circle: " + "; ".join(f"{name(one)} takes {graph[one][two]}" for one, two in steps))
    print("\n".join(faults) or "structure: no long file and no circle")
    return 1 if faults and "--report" not in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
