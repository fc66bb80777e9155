#include "sim/peer/sh_parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

// Words that mean something else at the beginning of a command.
constexpr absl::string_view kReserved[] = {
    "!",    ".",      "[",        "alias",   "bg",       "break",    "builtin", "case",   "cd",
    "do",   "done",   "elif",     "else",    "esac",     "eval",     "exec",    "export", "fc",
    "fg",   "fi",     "for",      "getopts", "hash",     "if",       "jobs",    "local",  "command",
    "read", "return", "set",      "shift",   "continue", "readonly", "test",    "then",   "times",
    "trap", "type",   "ulimit",   "umask",   "unalias",  "unset",    "until",   "wait",   "while",
    "{",    "}",      "function", "source",
};

bool IsNameStart(char c) { return absl::ascii_isalpha(c) || c == '_'; }
bool IsName(char c) { return absl::ascii_isalnum(c) || c == '_'; }
bool EndsWord(char c) { return absl::StrContains(" \t\n;&|<>()", absl::string_view(&c, 1)); }

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<ShPipeline>> Parse() {
    if (text_.size() > kMaxShScriptBytes) return Syntax("the script is too long");
    if (absl::StrContains(text_, '\0')) return Syntax("a zero byte");
    while (true) {
      SkipBlanks();
      if (AtEnd()) break;
      if (Peek() == '\n') {
        NextLine();
        continue;
      }
      RETURN_IF_ERROR(ParsePipeline(ShPipeline::When::kAlways));
      RETURN_IF_ERROR(ParseConnections());
    }
    return std::move(script_);
  }

 private:
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool Take(absl::string_view token) {
    if (!absl::StartsWith(text_.substr(at_), token)) return false;
    at_ += token.size();
    return true;
  }
  void NextLine() {
    ++at_;
    ++line_;
    line_start_ = at_;
  }

  absl::Status Syntax(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(line_, ": syntax error: ", what));
  }
  absl::Status Refuse(absl::string_view construct) const {
    return absl::InvalidArgumentError(absl::StrCat(
        line_, ": ", construct, " (column ", at_ - line_start_ + 1, ") ", kNotInSimulatedShell));
  }

  // Blanks, continued lines, and a comment.
  void SkipBlanks() {
    while (!AtEnd()) {
      if (Peek() == ' ' || Peek() == '\t') {
        ++at_;
      } else if (Peek() == '\\' && Peek(1) == '\n') {
        ++at_;
        NextLine();
      } else if (Peek() == '#') {
        while (!AtEnd() && Peek() != '\n') ++at_;
      } else {
        return;
      }
    }
  }

  // What follows a pipeline, up to the end of the list: && and || with their pipelines, then one
  // separator.
  absl::Status ParseConnections() {
    while (true) {
      SkipBlanks();
      if (AtEnd()) return absl::OkStatus();
      const bool both = Take("&&");
      if (both || Take("||")) {
        SkipBlanks();
        while (Peek() == '\n') {
          NextLine();
          SkipBlanks();
        }
        RETURN_IF_ERROR(
            ParsePipeline(both ? ShPipeline::When::kIfSucceeded : ShPipeline::When::kIfFailed));
        continue;
      }
      if (Peek() == '&') return Refuse("running in the background, \"&\",");
      if (Peek() == ';' && Peek(1) == ';') return Refuse("\"case\" with \";;\"");
      if (Peek() == '\n') {
        NextLine();
      } else if (!Take(";")) {
        return Syntax(absl::StrCat("unexpected \"", text_.substr(at_, 1), "\""));
      }
      return absl::OkStatus();
    }
  }

  absl::Status ParsePipeline(ShPipeline::When when) {
    ShPipeline pipeline{when, {}};
    do {
      SkipBlanks();
      while (!pipeline.commands.empty() && Peek() == '\n') {
        NextLine();
        SkipBlanks();
      }
      if (pipeline.commands.size() >= kMaxShStages) return Syntax("the pipeline is too long");
      ASSIGN_OR_RETURN(ShCommand command, ParseCommand());
      pipeline.commands.push_back(std::move(command));
    } while (Peek() == '|' && Peek(1) != '|' && Take("|"));
    script_.push_back(std::move(pipeline));
    return absl::OkStatus();
  }

  absl::StatusOr<ShCommand> ParseCommand() {
    ShCommand command;
    command.line = line_;
    while (true) {
      SkipBlanks();
      if (AtEnd() || absl::StrContains("\n;&|", text_.substr(at_, 1))) break;
      if (++words_ > kMaxShWords) return Syntax("too many words");
      if (Peek() == '(' && !command.words.empty()) return Refuse("a function, \"(\",");
      if (Peek() == '(') return Refuse("a subshell, \"(\",");
      if (Peek() == ')') return Syntax("unexpected \")\"");
      if (AtRedirection()) {
        ASSIGN_OR_RETURN(ShRedirection redirection, ParseRedirection());
        command.redirections.push_back(std::move(redirection));
        continue;
      }
      if (command.words.empty()) RETURN_IF_ERROR(CheckFirstWord());
      ASSIGN_OR_RETURN(ShWord word, ParseWord());
      command.words.push_back(std::move(word));
    }
    if (command.words.empty() && command.redirections.empty()) {
      return Syntax(AtEnd() || Peek() == '\n'
                        ? "a command is missing"
                        : absl::StrCat("unexpected \"", text_.substr(at_, 1), "\""));
    }
    return command;
  }

  absl::Status CheckFirstWord() const {
    size_t end = at_;
    while (end < text_.size() && !EndsWord(text_[end])) ++end;
    const absl::string_view word = text_.substr(at_, end - at_);
    if (std::find(std::begin(kReserved), std::end(kReserved), word) != std::end(kReserved)) {
      return Refuse(absl::StrCat("\"", word, "\""));
    }
    const size_t equals = word.find('=');
    if (equals != word.npos && equals > 0 && IsNameStart(word[0]) &&
        std::all_of(word.begin(), word.begin() + equals, IsName)) {
      return Refuse("an assignment");
    }
    return absl::OkStatus();
  }

  bool AtRedirection() const {
    if (Peek() == '<' || Peek() == '>') return true;
    size_t digits = 0;
    while (absl::ascii_isdigit(Peek(digits))) ++digits;
    return digits > 0 && (Peek(digits) == '<' || Peek(digits) == '>');
  }

  absl::StatusOr<ShRedirection> ParseRedirection() {
    ShRedirection redirection;
    std::optional<int> descriptor;
    if (absl::ascii_isdigit(Peek())) {
      if (absl::ascii_isdigit(Peek(1)) || Peek() > '2') {
        return Refuse("a descriptor other than 0, 1 and 2");
      }
      descriptor = Peek() - '0';
      ++at_;
    }
    for (const absl::string_view other : {"<<", "<&", "<>", ">|"}) {
      if (!absl::StartsWith(text_.substr(at_), other)) continue;
      return Refuse(other == "<<" ? std::string("a here document, \"<<\",")
                                  : absl::StrCat("\"", other, "\""));
    }
    using Kind = ShRedirection::Kind;
    redirection.kind = Take("<")    ? Kind::kRead
                       : Take(">>") ? Kind::kAppend
                       : Take(">&") ? Kind::kDuplicate
                                    : Kind::kWrite;
    if (redirection.kind == Kind::kWrite) Take(">");
    redirection.descriptor = descriptor.value_or(redirection.kind == Kind::kRead ? 0 : 1);
    if ((redirection.kind == Kind::kRead) != (redirection.descriptor == 0)) {
      return Refuse("this direction of that descriptor");
    }
    if (redirection.kind == Kind::kDuplicate) {
      if (Peek() != '1' && Peek() != '2') return Refuse("\">&\" but to 1 or 2");
      if (Peek(1) != '\0' && !EndsWord(Peek(1))) return Refuse("\">&\" but to 1 or 2");
      redirection.source = Peek() - '0';
      ++at_;
      return redirection;
    }
    SkipBlanks();
    if (AtEnd() || EndsWord(Peek())) return Syntax("a redirection without a file");
    ASSIGN_OR_RETURN(redirection.target, ParseWord());
    return redirection;
  }

  static void Append(ShWord& word, bool quoted, absl::string_view text) {
    if (word.parts.empty() || word.parts.back().kind != ShPart::Kind::kText ||
        word.parts.back().quoted != quoted) {
      word.parts.push_back({ShPart::Kind::kText, "", quoted});
    }
    word.parts.back().text.append(text.data(), text.size());
  }

  absl::StatusOr<ShWord> ParseWord() {
    ShWord word;
    if (Peek() == '~') return Refuse("a home directory, \"~\",");
    while (!AtEnd() && !EndsWord(Peek())) {
      const char c = Peek();
      if (c == '\'') {
        RETURN_IF_ERROR(ParseSingleQuotes(word));
      } else if (c == '"') {
        RETURN_IF_ERROR(ParseDoubleQuotes(word));
      } else if (c == '\\') {
        RETURN_IF_ERROR(ParseEscape(word));
      } else if (c == '$') {
        RETURN_IF_ERROR(ParseVariable(word, /*quoted=*/false));
      } else if (c == '`') {
        return Refuse("command substitution, \"`\",");
      } else if (IsShellPattern(text_.substr(at_, 1))) {
        return Refuse(absl::StrCat("a pattern of file names, \"", text_.substr(at_, 1), "\","));
      } else {
        Append(word, false, text_.substr(at_++, 1));
      }
    }
    return word;
  }

  absl::Status ParseEscape(ShWord& word) {
    ++at_;
    if (AtEnd()) return Syntax("a backslash at the end");
    if (Peek() == '\n') {
      NextLine();
      return absl::OkStatus();
    }
    Append(word, true, text_.substr(at_++, 1));
    return absl::OkStatus();
  }

  void AppendQuoted(ShWord& word) {
    Append(word, true, text_.substr(at_, 1));
    if (Peek() == '\n') {
      NextLine();
    } else {
      ++at_;
    }
  }

  absl::Status ParseSingleQuotes(ShWord& word) {
    const absl::Status open = Syntax("unterminated '");
    ++at_;
    Append(word, true, "");
    while (!AtEnd() && Peek() != '\'') AppendQuoted(word);
    return Take("'") ? absl::OkStatus() : open;
  }

  absl::Status ParseDoubleQuotes(ShWord& word) {
    const absl::Status open = Syntax("unterminated \"");
    ++at_;
    Append(word, true, "");
    while (!AtEnd() && Peek() != '"') {
      if (Peek() == '$') {
        RETURN_IF_ERROR(ParseVariable(word, /*quoted=*/true));
      } else if (Peek() == '`') {
        return Refuse("command substitution, \"`\",");
      } else if (Peek() == '\\' && Peek(1) == '\n') {
        ++at_;
        NextLine();
      } else if (Peek() == '\\' && Peek(1) != '\0' &&
                 absl::StrContains("$`\"\\", text_.substr(at_ + 1, 1))) {
        ++at_;
        AppendQuoted(word);
      } else {
        AppendQuoted(word);
      }
    }
    return Take("\"") ? absl::OkStatus() : open;
  }

  absl::Status ParseVariable(ShWord& word, bool quoted) {
    if (Peek(1) == '(') return Refuse("command substitution, \"$(\",");
    const bool braces = Peek(1) == '{';
    const size_t start = at_ + (braces ? 2 : 1);
    size_t end = start;
    if (end < text_.size() && IsNameStart(text_[end])) {
      while (end < text_.size() && IsName(text_[end])) ++end;
    } else if (end < text_.size() && (absl::ascii_isdigit(text_[end]) ||
                                      absl::StrContains("?$#", text_.substr(end, 1)))) {
      ++end;
    }
    const absl::string_view name = text_.substr(start, end - start);
    if (braces && (name.empty() || end >= text_.size() || text_[end] != '}')) {
      return Refuse("\"${\" with more than a name");
    }
    if (name.empty()) {
      if (absl::StrContains("@*!-", text_.substr(start, 1)) && start < text_.size()) {
        return Refuse(absl::StrCat("\"", text_.substr(at_, 2), "\""));
      }
      ++at_;
      Append(word, quoted, "$");
      return absl::OkStatus();
    }
    word.parts.push_back({ShPart::Kind::kVariable, std::string(name), quoted});
    at_ = end + (braces ? 1 : 0);
    return absl::OkStatus();
  }

  const absl::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  size_t line_start_ = 0;
  size_t words_ = 0;
  std::vector<ShPipeline> script_;
};

}  // namespace

bool IsShellPattern(absl::string_view text) {
  return text.find_first_of("*?[") != absl::string_view::npos;
}

absl::StatusOr<std::vector<ShPipeline>> ParseShell(absl::string_view text) {
  return Parser(text).Parse();
}

}  // namespace stagepost
