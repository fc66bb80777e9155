#!/usr/bin/env python3
"""The determinism lint: what may not stand in the source of the product.

    tools/lint/lint.py [ROOT]        ROOT: the workspace; by default the one this file is in

Nothing under mta/ outside mta/posix/ and mta/libdb/ may touch the operating system, a clock, a thread, a global
or static variable, and so on: rules.py lists it. What makes one run differ from the next is
forbidden under sim/ as well. Under all of mta/ and sim/ includes point downwards, and every header
compiles alone. Prints one line per finding,

    FILE:LINE: TOKEN: WHY; use REPLACEMENT [RULE]

and exits with 1 if there is one. A finding is allowed by a comment on its line, or alone on the
line above, which gives the reason:

    // lint: allow(RULE): REASON          several rules: allow(RULE, RULE)

An allowance that is not needed is a finding too.
"""

import os
import re
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))

# pylint: disable=wrong-import-position
from tools.lint import checks
from tools.lint import cpp_lexer
from tools.lint import rules
from tools.lint.checks import Finding

TREES = ("mta", "sim")
SOURCES = (".h", ".cc")
# Sources that a target may have by its name alone, and those of the simulator that are not part of it.
BY_NAME = ("_test.cc", "_benchmark.cc")
OF_SIMULATOR_TESTS = BY_NAME + ("_test_util.h", "_test_util.cc")
# Anything a compiler would take for C or C++, by whatever name.
OTHER_SOURCES = (".c", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".inc", ".inl",
                 ".ipp", ".tcc", ".tpp", ".ixx", ".cppm", ".C", ".H", ".S", ".s", ".def")


class Allowance:
    """One rule of one `lint: allow` comment."""

    def __init__(self, rule, comment_line, lines):
        self.rule = rule
        self.comment_line = comment_line
        self.lines = lines  # those it covers
        self.used = False


def _malformed(comment, why):
    return Finding(comment.line, comment.text.strip(), "allow", why,
                   "// lint: allow(RULE): REASON")


def read_allowances(source):
    """The allowances of a file, and findings about malformed ones."""
    allowances, findings = [], []
    code_lines = sorted({token.line for token in source.tokens})
    for comment in source.comments:
        if not re.match(r"/[/*]+\s*[Ll]int\s*:", comment.text):
            continue
        match = re.fullmatch(r"//\s*lint: allow\(([\w\s,]*)\):\s*(\S.*)?", comment.text.strip())
        if not match:
            findings.append(_malformed(comment, "is not understood"))
            continue
        if not match[2]:
            findings.append(_malformed(comment, "gives no reason"))
            continue
        line = comment.line
        if comment.alone:
            line = next((each for each in code_lines if each > comment.line), comment.line)
        for rule in (each.strip() for each in match[1].split(",")):
            if rule not in rules.NAMES or rule in rules.NEVER_ALLOWED:
                findings.append(_malformed(comment, f"names {rule!r}, which cannot be allowed"))
            else:
                allowances.append(Allowance(rule, comment.line, {line}))
    return allowances, findings


def _apply(findings, allowances):
    """The findings that no allowance covers, and one for every allowance without use."""
    for finding in findings:
        covering = [each for each in allowances
                    if each.rule == finding.rule and finding.line in each.lines]
        for each in covering:
            each.used = True
        if not covering:
            yield finding
    for each in allowances:
        if not each.used:
            yield Finding(each.comment_line, f"allow({each.rule})", "allow",
                          "allows what is not there", "no comment")


def _one_per_line_and_rule(findings):
    """By line, otherwise in the order given, of which the first says most."""
    seen = set()
    for finding in sorted(findings, key=lambda each: each.line):
        if (finding.line, finding.rule) not in seen:
            seen.add((finding.line, finding.rule))
            yield finding


def rules_for(path):
    """The rules of checks.deterministic() that hold in a file."""
    if path.startswith(("mta/posix/", "mta/libdb/")):
        return ()
    if path.startswith("mta/"):
        return rules.NAMES
    # Tests and benchmarks of the simulator stand outside of it: they read files, compare with the
    # machine, and decide nothing in a run.
    return () if path.endswith(OF_SIMULATOR_TESTS) else rules.SIMULATOR_RULES


def lint_text(path, text, header_text="", exists=lambda path: False):
    """The findings in one file.

    Args:
      path: from the workspace root, with slashes; says which rules hold.
      text: what the file contains.
      header_text: the file's own header, whose members the file may use.
      exists: whether a path of the workspace is there.
    """
    source = cpp_lexer.lex(text)
    findings = [Finding(error.line, error.text, "lex", error.why, "something simpler")
                for error in source.errors]
    findings += checks.check_layers(path, source.tokens)
    findings += checks.check_own_header(path, source.tokens, exists)
    rules_here = rules_for(path)
    if rules_here:
        names = checks.unordered_names(source.tokens)
        names |= checks.unordered_names(cpp_lexer.lex(header_text).tokens)
        layered = {finding.line for finding in findings if finding.rule == "layering"}
        findings += [finding for finding in checks.deterministic(source.tokens, names)
                     if finding.rule in rules_here
                     and (finding.rule != "include" or finding.line not in layered)]
    allowances, malformed = read_allowances(source)
    return list(_one_per_line_and_rule(
        list(_apply(_one_per_line_and_rule(findings), allowances)) + malformed))


def _read(path):
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()


def source_files(root):
    """All files of the trees, sorted, as paths from the root. Links are not followed."""
    for tree in TREES:
        for folder, folders, files in os.walk(os.path.join(root, tree)):
            folders.sort()
            for name in sorted(files):
                yield os.path.relpath(os.path.join(folder, name), root)
            for name in folders:
                if os.path.islink(os.path.join(folder, name)):
                    yield os.path.relpath(os.path.join(folder, name), root)


def _own_header(root, path):
    for suffix in (".cc", "_test.cc", "_benchmark.cc"):
        header = os.path.join(root, path[:-len(suffix)] + ".h")
        if path.endswith(suffix) and os.path.isfile(header):
            return _read(header)
    return ""


def _orphans(root, path):
    """A file that its package does not name is neither built nor tested."""
    folder = os.path.dirname(path)
    while folder and not os.path.isfile(os.path.join(root, folder, "BUILD.bazel")):
        folder = os.path.dirname(folder)
    build = os.path.join(root, folder, "BUILD.bazel")
    label = os.path.relpath(path, folder) if folder else path
    # mta_test and mta_benchmark take NAME.cc by default: then only the target has the file's name.
    if label.endswith(BY_NAME):
        label = label.removesuffix(".cc")
    names = (f'"{label}"', f'"{label}.cc"')
    if not folder or not any(name in _read(build) for name in names):
        yield Finding(1, os.path.basename(path), "orphan", "no BUILD file names this file",
                      "a target of //tools/build:defs.bzl")


def _plain_targets(root, path):
    """In BUILD files: the plain rules do not prove that headers compile alone."""
    for number, line in enumerate(_read(os.path.join(root, path)).splitlines(), start=1):
        match = re.match(r"\s*(?:native\.)?(cc_library|cc_test|cc_binary)\(", line)
        if match and match[1] != "cc_binary":
            yield Finding(number, match[1], "header", "does not check that headers compile alone",
                          match[1].replace("cc_", "mta_"))


def lint_file(root, path):
    """The findings in one file of the workspace."""
    full = os.path.join(root, path)
    name = os.path.basename(path)
    if os.path.islink(full):
        return [Finding(1, name, "orphan", "is a symbolic link", "the file itself")]
    if name in ("BUILD", "BUILD.bazel"):
        return list(_plain_targets(root, path))
    if name.endswith(OTHER_SOURCES):
        return [Finding(1, name, "orphan", "is source under a name the lint does not read",
                        ".h or .cc")]
    if not name.endswith(SOURCES):
        return []
    exists = lambda header: os.path.isfile(os.path.join(root, header))
    findings = lint_text(path, _read(full), _own_header(root, path), exists)
    return findings + list(_orphans(root, path))


def _classes_of_headers(root, path):
    """The classes that a header defines for all who include it: pairs of a name and a line."""
    if not path.endswith(".h") or os.path.islink(os.path.join(root, path)):
        return
    if path.endswith("_test_util.h") or "/testing/" in path:
        return  # no program has two of them
    for number, line in enumerate(_read(os.path.join(root, path)).splitlines(), start=1):
        # Those of a namespace begin in the first column.
        match = re.match(r"(?:class|struct)\s+(\w+)\b(?!::)[^;]*$", line)
        if match:
            yield match[1], number


def lint_tree(root):
    """All findings in a workspace, as printable lines, and the number of files looked at."""
    lines, count, classes = [], 0, {}
    for path in source_files(root):
        count += 1
        lines += [finding.render(path) for finding in lint_file(root, path)]
        for name, number in _classes_of_headers(root, path):
            first = classes.setdefault(name, path)
            if first != path:
                # All share one namespace: a program with both would take the functions of either.
                lines.append(Finding(number, name, "twice", f"is also a class of {first}",
                                     "a name of its own").render(path))
    return lines, count


def main(arguments):
    if len(arguments) > 1 or arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0 if len(arguments) == 1 else 64
    here = os.path.dirname(os.path.abspath(__file__))
    root = arguments[0] if arguments else os.path.join(here, "../..")
    lines, count = lint_tree(root)
    print("\n".join(lines + [f"{count} files, {len(lines)} findings"]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
