"""Finds mutable variables that outlive a call: global ones, static ones, thread_local ones.

It reads declarations without knowing types, so it errs where C++ itself is ambiguous: a
namespace-scope `Type name(other);` is taken for a function.
"""

from tools.lint import code as c
from tools.lint import cpp_lexer as lexer

NAMESPACE, CLASS, BLOCK = "namespace", "class", "block"

_SPECIFIERS = frozenset(
    "static thread_local extern inline const constexpr constinit volatile register mutable "
    "__thread".split())
_NOT_VARIABLES = frozenset(
    "using typedef namespace static_assert friend concept asm public private protected "
    "explicit virtual requires export import module".split())
_CLASS_KEYS = frozenset("class struct union enum".split())
_ATTRIBUTE_LIKE = frozenset("alignas __attribute__ decltype __declspec noexcept requires".split())


def _skip_attributes(tokens, i):
    while c.text(tokens, i) == "[" and c.text(tokens, i + 1) == "[":
        i = c.after_brackets(tokens, i)
    return i


def _is_bare_macro(tokens, i):
    """Whether a macro without arguments stands before a declaration, such as LIBRARY_EXPORT."""
    word = c.text(tokens, i)
    return c.is_identifier(tokens, i) and word.isupper() and "_" in word and (
        c.is_identifier(tokens, i + 1))


def _skip_template_heads(tokens, i):
    while c.text(tokens, i) == "template":
        if c.text(tokens, i + 1) != "<":
            return None  # an explicit instantiation
        i = c.after_angles(tokens, i + 1, in_type=True)
        if i is None:
            return None
        if c.text(tokens, i) == "requires":
            i = _skip_constraint(tokens, i + 1)
    return i


def _skip_constraint(tokens, i):
    """Skips `(...)` or a chain `Concept<T> && Other<T>` after `requires`."""
    while True:
        if c.text(tokens, i) == "(":
            i = c.after_brackets(tokens, i)
        while c.is_identifier(tokens, i) or c.text(tokens, i) == "::":
            i += 1
            if c.text(tokens, i) == "<":
                i = c.after_angles(tokens, i) or i + 1
                break
        if c.text(tokens, i) not in ("&&", "||"):
            return i
        i += 1


def _declarator(tokens, i):
    """Reads from i to what ends the declarator: (the tokens at depth 0, the index of the end)."""
    flat = []
    while i < len(tokens):
        token = tokens[i]
        if token.text in _ATTRIBUTE_LIKE and c.text(tokens, i + 1) == "(":
            i = c.after_brackets(tokens, i + 1)
            continue
        if token.text == "[" and c.text(tokens, i + 1) == "[":
            i = c.after_brackets(tokens, i)
            continue
        if token.text == "<" and flat and flat[-1].kind == lexer.IDENTIFIER:
            end = c.after_angles(tokens, i, in_type=True)
            if end is not None:
                i = end
                continue
        if token.text in ("=", ";", "{", "}", "(", ")", "[", ":", ","):
            return flat, i
        flat.append(token)
        i += 1
    return flat, i


def _is_constant(flat, end_tokens):
    """Whether a declarator cannot be changed: constexpr, or const where it counts."""
    texts = [token.text for token in flat] + end_tokens
    if "constexpr" in texts:
        return True
    pointers = [i for i, each in enumerate(texts) if each == "*"]
    return "const" in texts[pointers[-1] + 1:] if pointers else "const" in texts


def _starts_with_value(tokens, i):
    """Whether the parenthesis at i holds values, so that it initialises and declares nothing."""
    first = tokens[i + 1] if i + 1 < len(tokens) else None
    return first is not None and (
        first.kind in (lexer.NUMBER, lexer.STRING, lexer.CHARACTER)
        or first.text in ("true", "false", "nullptr", "&", "*", "-", "new", "{"))


def _function_pointer(tokens, i):
    """The tokens inside `(*name)` at i when a parameter list follows, else None."""
    if c.text(tokens, i + 1) != "*":
        return None
    end = c.after_brackets(tokens, i)
    if c.text(tokens, end) not in ("(", "["):
        return None
    return [token.text for token in tokens[i + 1:end - 1]]


def _variable_at(tokens, i, scope):
    """If a variable is declared from i on that may change, its name's token, else None."""
    i = _skip_attributes(tokens, i)
    flat, end = _declarator(tokens, i)
    names = [token for token in flat
             if token.kind == lexer.IDENTIFIER and token.text not in _SPECIFIERS]
    if not names or any(token.text == "operator" for token in flat):
        return None
    closer = c.text(tokens, end)
    inner = []
    if closer == "(":
        pointer = _function_pointer(tokens, end)
        if pointer is not None:
            inner = pointer
            # The name stands inside the parentheses.
            name = tokens[end + 1 + max(k for k, each in enumerate(pointer))]
            return None if _is_constant([], inner) else name
        if scope == BLOCK:
            if len(names) < 2:
                return None
        elif len(names) < 2 or not _starts_with_value(tokens, end):
            return None
    elif closer in (")", "}", ":", ""):
        return None
    # One name alone is a macro or a label, unless a built-in type or `auto` stands before it.
    if len(names) < 2:
        return None
    return None if _is_constant(flat, inner) else names[-1]


def _namespace_declaration(tokens, i):
    """As _variable_at, for a declaration at namespace scope that begins at i."""
    while _is_bare_macro(tokens, i):
        i += 1
    i = _skip_attributes(tokens, i)
    i = _skip_template_heads(tokens, i)
    if i is None:
        return None
    start = i
    if c.text(tokens, i) == "extern":
        if c.text(tokens, i + 1) == "template":
            return None
        if i + 1 < len(tokens) and tokens[i + 1].kind == lexer.STRING:
            i += 2
            start = i
            if c.text(tokens, i) == "{":
                return None
    while c.text(tokens, i) in _SPECIFIERS:
        i += 1
    if c.text(tokens, i) in _NOT_VARIABLES:
        return None
    if c.text(tokens, i) in _CLASS_KEYS:
        return _after_class(tokens, start, i)
    return _variable_at(tokens, start, NAMESPACE)


def _after_class(tokens, start, i):
    """A declaration that begins with class, struct, union or enum: does a variable follow?"""
    specifiers = [token.text for token in tokens[start:i]]
    flat, end = _declarator(tokens, i + 1)
    while c.text(tokens, end) in (":", ",", "("):  # bases, an enum's type, an attribute macro
        if c.text(tokens, end) == "(" and not (flat and flat[-1].text.isupper()):
            return None  # a function
        if c.text(tokens, end) == "(":
            end = c.after_brackets(tokens, end) - 1
        more, end = _declarator(tokens, end + 1)
    if c.text(tokens, end) == "{":
        end = c.after_brackets(tokens, end)
        end = _skip_attributes(tokens, end)
        if not c.is_identifier(tokens, end) and c.text(tokens, end) != "*":
            return None
        constant = "const" in specifiers or "constexpr" in specifiers
        return None if constant else tokens[end]
    # `struct Name;` declares; `struct Name variable;` and `struct Name* variable = ...` define.
    names = [token for token in flat
             if token.kind == lexer.IDENTIFIER and not token.text.isupper()
             and token.text not in _SPECIFIERS and token.text != "class" and token.text != "final"]
    separate = [token for k, token in enumerate(names)
                if k == 0 or flat[flat.index(token) - 1].text != "::"]
    if len(separate) < 2 or c.text(tokens, end) == "(":
        return None
    return None if _is_constant(tokens[start:i] + flat, []) else separate[-1]


class _Frame:
    """One pair of braces that is open, and what is known of the declaration around it."""

    def __init__(self, kind, continues, start, parentheses):
        self.kind = kind
        self.continues = continues  # whether the declaration goes on after the closing brace
        self.start = start
        self.parentheses = parentheses


class _Scanner:

    def __init__(self, tokens, directives):
        self.tokens = tokens
        self.directives = directives
        self.found = []
        self.stack = []  # of _Frame
        self.kind = NAMESPACE
        self.start = 0  # where the current declaration begins
        self.parentheses = 0
        self.branches = []  # states at the #if's that are open

    def run(self):
        for i, token in enumerate(self.tokens):
            for keyword in self.directives.get(i, ()):
                self._directive(keyword)
            if self.kind == NAMESPACE:
                if i == self.start and self.parentheses == 0 and token.text not in (";", "}"):
                    self._note(_namespace_declaration(self.tokens, i))
            elif token.text in ("static", "thread_local", "__thread"):
                self._note(self._static(i))
            self._step(i, token.text)
        return self.found

    def _note(self, token):
        if token is not None and token not in self.found:
            self.found.append(token)

    def _directive(self, keyword):
        # Each branch of a conditional continues what stood before it.
        state = (list(self.stack), self.kind, self.start, self.parentheses)
        if keyword in ("if", "ifdef", "ifndef"):
            self.branches.append(state)
        elif keyword in ("else", "elif", "elifdef", "elifndef") and self.branches:
            stack, self.kind, self.start, self.parentheses = self.branches[-1]
            self.stack = list(stack)
        elif keyword == "endif" and self.branches:
            self.branches.pop()

    def _static(self, i):
        start = i
        while c.text(self.tokens, start - 1) in _SPECIFIERS:
            start -= 1
        if self.kind == CLASS:
            start = _skip_template_heads(self.tokens, start)
        return _variable_at(self.tokens, start, self.kind)

    def _step(self, i, text):
        if text in ("(", "["):
            self.parentheses += 1
        elif text in (")", "]"):
            self.parentheses = max(0, self.parentheses - 1)
        elif text == ";" and self.parentheses == 0:
            self.start = i + 1
        elif text == "{":
            kind, continues = self._classify(i)
            self.stack.append(_Frame(self.kind, continues, self.start, self.parentheses))
            self.kind, self.start, self.parentheses = kind, i + 1, 0
        elif text == "}" and self.stack:
            frame = self.stack.pop()
            self.kind, self.parentheses = frame.kind, frame.parentheses
            self.start = frame.start if frame.continues else i + 1

    def _classify(self, i):
        """What the brace at i opens: (kind, whether the declaration goes on after it)."""
        if self.parentheses > 0:
            return BLOCK, True
        head = self._flat_head(i)
        texts = [token.text for token in head]
        if "namespace" in texts or (texts[:1] == ["extern"] and len(texts) == 2
                                    and head[1].kind == lexer.STRING):
            return NAMESPACE, False
        called, assigned = "()" in texts, "=" in texts and "operator" not in texts
        if not called and not assigned and _CLASS_KEYS & set(texts):
            return (BLOCK if "enum" in texts else CLASS), True
        if self.kind == BLOCK:
            return BLOCK, False
        if assigned or not called:
            return BLOCK, True
        parameters = texts.index("()")
        if ":" in texts[parameters:]:  # constructor initialisers: name{...} goes on, ){ does not
            return BLOCK, texts[-1] not in ("()", "{}")
        return BLOCK, False

    def _names_more(self, k, i):
        """Whether a declaration goes on at k (before i), so that what stood before decorates it."""
        return k < i and c.is_identifier(self.tokens, k) and (
            self.tokens[k].text not in ("const", "noexcept", "override", "final", "volatile"))

    def _flat_head(self, i):
        """The declaration before i, parentheses as one token "()", template arguments left out."""
        head, k = [], self.start
        while k < i:
            token = self.tokens[k]
            if token.text in _ATTRIBUTE_LIKE or (token.text.isupper() and len(head) <= 2):
                after = c.after_brackets(self.tokens, k + 1)
                if c.text(self.tokens, k + 1) == "(" and (
                        not token.text.isupper() or self._names_more(after, i)):
                    k = after
                    continue
            if token.text in ("(", "{", "["):
                k = c.after_brackets(self.tokens, k)
                if token.text != "[":
                    head.append(token._replace(text="()" if token.text == "(" else "{}"))
                continue
            after_name = head and head[-1].kind == lexer.IDENTIFIER and head[-1].text != "operator"
            if token.text == "<" and after_name:
                end = c.after_angles(self.tokens, k)
                if end is not None and end <= i:
                    k = end
                    continue
            head.append(token)
            k += 1
        return head


def find(tokens):
    """The name tokens of all mutable variables with static or thread storage."""
    code, macros, directives = c.split_macros(tokens)
    found = _Scanner(code, directives).run()
    for body in macros:
        for i, token in enumerate(body):
            if token.text in ("static", "thread_local"):
                variable = _variable_at(body, i, NAMESPACE)
                if variable is not None:
                    found.append(variable)
    return found
