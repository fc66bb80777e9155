"""Walking over tokens: brackets, template arguments, qualified names."""

from tools.lint import cpp_lexer as lexer

_CLOSING = {"(": ")", "[": "]", "{": "}"}


def text(tokens, i):
    """The text of token i; empty outside of the range."""
    return tokens[i].text if 0 <= i < len(tokens) else ""


def is_identifier(tokens, i):
    return 0 <= i < len(tokens) and tokens[i].kind == lexer.IDENTIFIER


def after_brackets(tokens, i):
    """The index after the bracket that closes the one at i; the end when there is none."""
    closing = []
    while i < len(tokens):
        each = tokens[i]
        if each.kind == lexer.PUNCTUATION:
            if each.text in _CLOSING:
                closing.append(_CLOSING[each.text])
            elif closing and each.text == closing[-1]:
                closing.pop()
                if not closing:
                    return i + 1
        i += 1
    return len(tokens)


def after_angles(tokens, i, in_type=False):
    """The index after the > that closes the < at i, or None when it is a comparison.

    With `in_type` the place is one where only a type can stand, so that && and || are part of an
    argument (`std::enable_if_t<A && B>`) and not of `a < b && c > d`.
    """
    depth = 0
    while i < len(tokens):
        each = tokens[i].text
        if each == "<":
            depth += 1
        elif each == ">":
            depth -= 1
            if depth == 0:
                return i + 1
        elif each in ("(", "["):
            i = after_brackets(tokens, i)
            continue
        elif each in (";", "{", "}"):
            return None
        elif each in ("&&", "||") and not in_type:
            if each != "&&" or text(tokens, i + 1) not in (">", ",", "..."):
                return None
        i += 1
    return None


def template_arguments(tokens, i):
    """The arguments between the < at i and its >, each a list of tokens; None if it is none."""
    end = after_angles(tokens, i)
    if end is None:
        return None
    arguments, depth, current = [], 0, []
    for each in tokens[i + 1:end - 1]:
        if each.text in ("<", "(", "["):
            depth += 1
        elif each.text in (">", ")", "]"):
            depth -= 1
        if each.text == "," and depth == 0:
            arguments.append(current)
            current = []
        else:
            current.append(each)
    return arguments + [current]


def qualifier(tokens, i):
    """What qualifies the name at i: None (nothing), "" (the global namespace), or the name."""
    if text(tokens, i - 1) != "::":
        return None
    return tokens[i - 2].text if is_identifier(tokens, i - 2) else ""


def is_member(tokens, i):
    return text(tokens, i - 1) in (".", "->")


_EXPRESSION_KEYWORDS = frozenset(
    "return co_return co_await co_yield else do case throw and or not xor new delete "
    "sizeof in".split())
_TYPE_KEYWORDS = frozenset(
    "int char bool void auto const volatile unsigned signed long short float double".split())


def is_type_like(token):
    """Whether a name reads as a type: a keyword, CamelCase, or name_t."""
    word = token.text
    return token.kind == lexer.IDENTIFIER and (
        word in _TYPE_KEYWORDS or word.endswith("_t")
        or (word[:1].isupper() and any(c.islower() for c in word)))


def is_declared_here(tokens, i):
    """Whether the name at i, which is followed by a parenthesis, is being declared."""
    before = i - 1
    if before < 0:
        return False
    token = tokens[before]
    if token.kind == lexer.IDENTIFIER:
        return token.text not in _EXPRESSION_KEYWORDS
    if token.text in ("&", "*", "&&", ">"):
        while before > 0 and tokens[before].text in ("&", "*", "&&", "const"):
            before -= 1
        return tokens[before].text == ">" or is_type_like(tokens[before])
    return token.text == "~"


def is_member_initialiser(tokens, i):
    """Whether the name at i is a member in a constructor's list: `S::S() : a_(1), name(2) {}`."""
    if text(tokens, i - 1) not in (":", ","):
        return False
    depth = 0
    colon = False
    for k in range(i - 1, -1, -1):
        each = tokens[k].text
        if each in (")", "}", "]"):
            depth += 1
        elif each in ("(", "{", "["):
            depth -= 1
            if depth < 0:
                return colon and each == "{"  # the beginning of a class or a namespace
        elif depth == 0:
            if each in ("?", "case"):
                return False
            if each == ";":
                return colon
            if each == ":" and text(tokens, k - 1) in (")", "noexcept"):
                colon = True
    return colon


def split_macros(tokens):
    """The code proper, the bodies of macros, and the directives between the code.

    Returns (code, bodies, directives): directives maps an index of `code` to the keywords that
    stand before that token.
    """
    code, bodies, directives = [], [], {}
    body, keyword = None, None
    for each in tokens:
        if each.kind == lexer.DIRECTIVE:
            body, keyword = [], each.text
            directives.setdefault(len(code), []).append(keyword)
        elif each.kind == lexer.DIRECTIVE_END:
            bodies.append(body)
            body = None
        elif each.kind != lexer.INCLUDE:
            (code if body is None else body).append(each)
    return code, bodies, directives
