"""A lexer for C++ source: tokens without comments, and the comments beside them.

Words inside comments, string, character and raw-string literals are never identifiers here. Line
numbers start at 1 and are those of a token's first character. Preprocessor directives are tokens
too: an `include` carries what is included; others are marked by their keyword, and their operands
follow as ordinary tokens up to a token of kind DIRECTIVE_END.
"""

import re
from typing import NamedTuple

IDENTIFIER, NUMBER, STRING, CHARACTER, PUNCTUATION = "identifier", "number", "string", "char", "op"
INCLUDE, DIRECTIVE, DIRECTIVE_END = "include", "directive", "directive end"


class Token(NamedTuple):
    kind: str
    text: str
    line: int


class Comment(NamedTuple):
    text: str  # with its // or /* */
    line: int
    alone: bool  # nothing but white space stands before it on its line


class LexError(NamedTuple):
    text: str
    line: int
    why: str


class Source(NamedTuple):
    tokens: list
    comments: list
    errors: list


_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\f\v]+)
  | (?P<newline>\n)
  | (?P<splice>\\\r?\n)
  | (?P<comment>//(?:[^\\\n]|\\\r?\n|\\.)*|/\*(?s:.*?)\*/)
  | (?P<string>(?:u8|[uUL])?R"(?P<delimiter>[^()\\\s]{0,16})\((?s:.*?)\)(?P=delimiter)"\w*
              |(?:u8|[uUL])?"(?:[^"\\\n]|\\(?s:.))*"\w*)
  | (?P<char>(?:u8|[uUL])?'(?:[^'\\\n]|\\.)+'\w*)
  | (?P<number>\.?[0-9](?:'?[0-9A-Za-z_.]|(?<=[eEpP])[+-])*)
  | (?P<identifier>[^\W\d][\w$]*)
  | (?P<op>::|->\*?|<=>|<<=?|[-+*/%&|^!=<>]=|&&|\|\||\+\+|--|\.\.\.|\#\#|.)
    """,
    re.VERBOSE)

_HASH = re.compile(r"[ \t]*(?:%:|\#)[ \t]*(\w*)[ \t]*")
_REST = re.compile(r"(?:[^\\\n]|\\\r?\n|\\.)*")
_INCLUDES = ("include", "include_next", "import")
# Directives whose operands are prose or the compiler's own language.
_PROSE = ("error", "warning", "pragma", "line", "ident")


class _Lexer:

    def __init__(self, text):
        self.text = text
        self.position = 0
        self.line = 1
        self.at_line_start = True  # only white space and comments since the last newline
        self.in_directive = False
        self.tokens, self.comments, self.errors = [], [], []

    def run(self):
        while self.position < len(self.text):
            if self.at_line_start and not self.in_directive:
                if match := _HASH.match(self.text, self.position):
                    self._directive(match)
                    continue
            self._token()
        self._end_directive()
        return Source(self.tokens, self.comments, self.errors)

    def _directive(self, match):
        keyword = match[1]
        self.position = match.end()
        self.at_line_start = False
        if keyword in _INCLUDES:
            rest = _REST.match(self.text, self.position)[0]
            operand = re.match(r'<[^>\n]*>|"[^"\n]*"|[^/\s]*', rest)
            self.tokens.append(Token(INCLUDE, operand[0], self.line))
            self.position += operand.end()
        elif keyword in _PROSE:
            rest = _REST.match(self.text, self.position)[0]
            self.position += len(rest)
            self.line += rest.count("\n")
        else:
            self.tokens.append(Token(DIRECTIVE, keyword, self.line))
            self.in_directive = True

    def _end_directive(self):
        if self.in_directive:
            self.tokens.append(Token(DIRECTIVE_END, "", self.line))
            self.in_directive = False

    def _token(self):
        match = _TOKEN.match(self.text, self.position)
        kind, text, line = match.lastgroup, match[0], self.line
        if kind == "delimiter":
            kind = "string"
        before = self.position
        self.position = match.end()
        if kind == "newline":
            self._end_directive()
            self.line += 1
            self.at_line_start = True
            return
        if kind == "space":
            return
        if kind == "splice":
            self._check_splice(before)
            self.line += 1
            return
        if kind == "comment":
            self.comments.append(Comment(text, line, self.at_line_start))
            self.line += text.count("\n")
            return
        if text in ("\"", "'"):
            self.errors.append(LexError(text, line, "a literal that does not end"))
        self.tokens.append(Token(kind, text, line))
        self.at_line_start = False
        if kind == "string":
            self.line += text.count("\n")

    def _check_splice(self, position):
        # A name in two halves would not be recognised. Nobody writes that.
        around = self.text[position - 1:position] + self.text[self.position:self.position + 1]
        if re.fullmatch(r"\w\w", around):
            self.errors.append(LexError("\\", self.line, "a name is continued on the next line"))


def lex(text):
    """The Source of a file's text. Never fails; what is malformed is in `errors`."""
    return _Lexer(text).run()
