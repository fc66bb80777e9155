"""The checks of the determinism lint that look at one file; rules.py has their tables."""

import os
from typing import NamedTuple

from tools.lint import code as c
from tools.lint import cpp_lexer as lexer
from tools.lint import globals as global_variables
from tools.lint import rules


class Finding(NamedTuple):
    line: int
    token: str
    rule: str
    why: str
    use: str

    def render(self, path):
        return f"{path}:{self.line}: {self.token}: {self.why}; use {self.use} [{self.rule}]"


def _qualified(tokens, i):
    """The qualified name that begins at i, as written."""
    text = tokens[i].text
    while c.text(tokens, i + 1) == "::" and c.is_identifier(tokens, i + 2):
        text += "::" + tokens[i + 2].text
        i += 2
    return text


def check_words(tokens):
    """Names of the tables, by the way each is looked for."""
    for i, token in enumerate(tokens):
        if token.kind != lexer.IDENTIFIER:
            continue
        scope = token.text
        if scope in ("std", "absl") and c.text(tokens, i + 1) == "::":
            table = rules.STD_WORDS if scope == "std" else rules.ABSL_WORDS
            word = table.get(c.text(tokens, i + 2))
            if word:
                yield Finding(token.line, _qualified(tokens, i), word.rule, word.why, word.use)
            continue
        word = rules.FREE_WORDS.get(token.text)
        if word and _is_used(tokens, i, word.how):
            yield Finding(token.line, token.text, word.rule, word.why, word.use)


def _is_used(tokens, i, how):
    """Whether the name at i means what the table means."""
    if c.is_member(tokens, i) or c.qualifier(tokens, i) not in (None, "", "std"):
        return False
    if how == rules.WORD:
        return True
    if c.qualifier(tokens, i) == "std":
        return False  # std::bind, std::remove; the ones that matter are in the table for std
    if c.text(tokens, i + 1) != "(":
        # ::open passed as a function; but `Type ::name` and a plain variable are not.
        return c.qualifier(tokens, i) == "" and c.text(tokens, i + 1) in (",", ")", ";")
    if c.qualifier(tokens, i) is None and (
            c.is_declared_here(tokens, i) or c.is_member_initialiser(tokens, i)):
        return False
    if c.text(tokens, i + 2) == ")":
        # clock().WallNow() is an accessor: what C returns has no members.
        return how == rules.CALL and c.text(tokens, i + 3) not in (".", "->")
    return True


def check_using(tokens):
    """`using namespace std` would hide names from this lint."""
    for i, token in enumerate(tokens):
        if token.text == "using" and c.text(tokens, i + 1) == "namespace":
            if c.text(tokens, i + 2) in ("std", "absl"):
                yield Finding(token.line, "using namespace " + c.text(tokens, i + 2), "include",
                              "hides names from the lint", "qualified names")
        if token.text == "namespace" and c.text(tokens, i + 2) == "=":
            if c.text(tokens, i + 3) in ("std", "absl") and c.text(tokens, i + 4) == ";":
                yield Finding(token.line, "namespace " + c.text(tokens, i + 1), "include",
                              "hides names from the lint", "qualified names")


def check_addresses(tokens):
    """Casts of pointers to numbers, and containers ordered by pointers."""
    for i, token in enumerate(tokens):
        if c.text(tokens, i + 1) != "<" or token.kind != lexer.IDENTIFIER:
            continue
        if token.text == "reinterpret_cast":
            arguments = c.template_arguments(tokens, i + 1)
            flat = [each.text for each in sum(arguments or [], [])]
            if arguments and not {"*", "&", "&&"} & set(flat):
                yield Finding(token.line, "reinterpret_cast<" + "".join(flat) + ">", "address",
                              "turns an address into a number; it differs from run to run",
                              "an id or an index of your own")
        elif token.text in rules.ORDERED_CONTAINERS and c.qualifier(tokens, i) in ("std", "absl"):
            arguments = c.template_arguments(tokens, i + 1)
            comparator = rules.ORDERED_CONTAINERS[token.text]
            if arguments and len(arguments) <= comparator and _is_pointer(arguments[0]):
                yield Finding(token.line, token.text, "address", "orders or hashes by address",
                              "a key that is an id of your own, or a comparator")


def _is_pointer(argument):
    texts = [each.text for each in argument if each.text != "const"]
    return texts[-1:] == ["*"] or texts[:3] in (["std", "::", "shared_ptr"],
                                                ["std", "::", "unique_ptr"])


def unordered_names(tokens):
    """Names of variables, functions and types declared here that are unordered containers."""
    names, aliases = set(), set()
    for i, token in enumerate(tokens):
        if token.text in rules.UNORDERED_CONTAINERS and c.text(tokens, i + 1) == "<":
            end = c.after_angles(tokens, i + 1)
            if end is None:
                continue
            start = i
            while c.text(tokens, start - 1) in ("::", "absl", "std"):
                start -= 1
            if c.text(tokens, start - 1) == "=" and c.text(tokens, start - 3) == "using":
                aliases.add(c.text(tokens, start - 2))
            names |= _declared(tokens, end)
    for i, token in enumerate(tokens):
        if token.text in aliases:
            names |= _declared(tokens, i + 1)
    return names


def _declared(tokens, i):
    """The name declared by a type that ends before i, as a set of one or none."""
    while c.text(tokens, i) in ("&", "*", "&&", "const"):
        i += 1
    while c.is_identifier(tokens, i) and c.text(tokens, i + 1) == "::":
        i += 2
    return {tokens[i].text} if c.is_identifier(tokens, i) else set()


def check_iteration(tokens, names):
    """Loops over, and begin() of, the unordered containers called `names`."""
    def finding(token):
        return Finding(token.line, token.text, "unordered",
                       "goes through a container without a fixed order",
                       "absl::btree_map, absl::btree_set, or sort the keys first")

    for i, token in enumerate(tokens):
        if token.text == "for" and c.text(tokens, i + 1) == "(":
            end = c.after_brackets(tokens, i + 1)
            inside = tokens[i + 2:end - 1]
            colons = [k for k, each in enumerate(inside) if each.text == ":"]
            if colons:
                expression = inside[colons[0] + 1:]
                if expression and expression[-1].text == ")":
                    expression = expression[:next(
                        (k for k, each in enumerate(expression) if each.text == "("), 0)]
                last = expression[-1] if expression else None
                if last and last.text in names:
                    yield finding(last)
        if token.text in ("begin", "cbegin") and c.is_member(tokens, i):
            if i >= 2 and tokens[i - 2].text in names:
                yield finding(tokens[i - 2])


def check_includes(tokens):
    """Headers: only those known to be deterministic."""
    for token in tokens:
        if token.kind != lexer.INCLUDE:
            continue
        path = token.text[1:-1]
        known = rules.header(path) if token.text[:1] in "<\"" else None
        if known:
            yield Finding(token.line, token.text, known.rule, known.why, known.use)
        elif not _is_known_header(token.text, path):
            yield Finding(token.line, token.text or "#include", "include",
                          "is not known to be deterministic",
                          "mta/env, or add it to tools/lint/rules.py if it is")


def _is_known_header(spelled, path):
    if spelled.startswith("<") and path in rules.STANDARD_HEADERS:
        return True
    return (path.startswith(rules.LIBRARY_HEADERS) and path.endswith(".h") and ".." not in path
            and spelled[:1] in "<\"")


def check_globals(tokens):
    for token in global_variables.find(tokens):
        yield Finding(token.line, token.text, "global", "outlives the call and can change",
                      "a member of what owns it, a parameter, or constexpr")


# Who may include whom: (folder of the file, forbidden beginning of the path, why).
LAYERS = (
    ("mta/", "sim/", "the product knows nothing of the simulator"),
    ("mta/", "tools/", "dependencies point downwards"),
    ("mta/", "conformance/", "dependencies point downwards"),
    ("mta/", "fuzz/", "dependencies point downwards"),
    ("mta/", "mta/posix/", "only a main function in mta/bin chooses Linux"),
    ("mta/", "mta/libdb/", "only the Environment of Linux writes databases"),
    ("sim/", "mta/posix/", "the simulator does not touch Linux"),
    ("sim/", "mta/libdb/", "only the simulated Environment writes databases"),
    ("sim/", "tools/", "dependencies point downwards"),
    ("sim/", "conformance/", "dependencies point downwards"),
    ("sim/", "fuzz/", "dependencies point downwards"),
)


def check_layers(path, tokens):
    for token in tokens:
        if token.kind != lexer.INCLUDE:
            continue
        included = os.path.normpath(token.text[1:-1])
        for folder, forbidden, why in LAYERS:
            if not path.startswith(folder) or not included.startswith(forbidden):
                continue
            if forbidden == "mta/posix/" and (
                    path.startswith("mta/posix/")
                    or (path.startswith("mta/bin/") and path.endswith("_main.cc"))):
                continue
            if forbidden == "mta/libdb/" and path.startswith(
                    ("mta/posix/", "mta/libdb/", "sim/world/")):
                continue
            yield Finding(token.line, token.text, "layering", why, "mta/env")


def check_own_header(path, tokens, exists):
    """x.cc includes x.h first, which proves that x.h compiles alone."""
    header = path[:-len(".cc")] + ".h"
    if not path.endswith(".cc") or not exists(header):
        return
    includes = [token for token in tokens if token.kind == lexer.INCLUDE]
    if not includes or includes[0].text != f'"{header}"':
        yield Finding(includes[0].line if includes else 1, includes[0].text if includes else path,
                      "header", "the first include proves that the header compiles alone",
                      f'"{header}" first')


def deterministic(tokens, names):
    """All checks of what must be deterministic. `names`: unordered containers known by name."""
    yield from check_includes(tokens)
    yield from check_words(tokens)
    yield from check_using(tokens)
    yield from check_addresses(tokens)
    yield from check_iteration(tokens, names)
    yield from check_globals(tokens)
