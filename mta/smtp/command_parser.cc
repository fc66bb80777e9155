#include "mta/smtp/command_parser.h"

#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace stagepost {
namespace {

struct VerbName {
  absl::string_view name;
  Verb verb;
};
constexpr VerbName kVerbs[] = {
    {"HELO", Verb::kHelo}, {"EHLO", Verb::kEhlo}, {"MAIL", Verb::kMail},
    {"RCPT", Verb::kRcpt}, {"DATA", Verb::kData}, {"RSET", Verb::kRset},
    {"NOOP", Verb::kNoop}, {"QUIT", Verb::kQuit}, {"VRFY", Verb::kVrfy},
};
constexpr absl::string_view kProxyRequests[] = {"GET", "POST", "CONNECT", "USER"};

// What sendmail shows of an address at most: MAXSHORTSTR.
constexpr size_t kMaxShownAddress = 203;

// Walks over an address as RFC 5322 lexes it: quoted strings, comments, angle brackets, escapes.
class PathScanner {
 public:
  // Takes one byte; false at a blank that ends the path.
  bool Take(char c) {
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"' && comments_ == 0) {
      quoted_ = !quoted_;
    } else if (quoted_) {
      return true;
    } else if (c == '(') {
      ++comments_;
    } else if (c == ')') {
      if (comments_ == 0) return Fault(')');
      --comments_;
    } else if (comments_ > 0) {
      return true;
    } else if (c == '<') {
      ++angles_;
    } else if (c == '>') {
      if (angles_ == 0) return Fault('>');
      --angles_;
    } else if (c == ' ' || c == '\t') {
      return angles_ > 0;
    }
    return true;
  }
  // The character without its partner; NUL if all is balanced.
  char Unbalanced() const {
    if (fault_ != '\0') return fault_;
    if (quoted_) return '"';
    if (comments_ > 0) return '(';
    return angles_ > 0 ? '<' : '\0';
  }

 private:
  // The rest still belongs to the path, for the reply to show it.
  bool Fault(char c) {
    if (fault_ == '\0') fault_ = c;
    return true;
  }
  bool escaped_ = false, quoted_ = false;
  int comments_ = 0, angles_ = 0;
  char fault_ = '\0';
};

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

absl::string_view SkipBlanks(absl::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  return text;
}

// Removes "FROM:" and the blanks around it. On failure returns the word that stood there instead.
std::optional<absl::string_view> SkipKeyword(absl::string_view keyword, absl::string_view& text) {
  text = SkipBlanks(text);
  size_t end = 0;
  while (end < text.size() && text[end] != ':' && !IsBlank(text[end])) ++end;
  const absl::string_view word = text.substr(0, end);
  const absl::string_view rest = SkipBlanks(text.substr(end));
  if (!absl::StartsWith(rest, ":") || !absl::EqualsIgnoreCase(word, keyword)) return word;
  text = SkipBlanks(rest.substr(1));
  return std::nullopt;
}

// An alphanumeric keyword, then perhaps "=" and a value up to a blank or another "=".
Parameter TakeParameter(absl::string_view& text) {
  Parameter parameter;
  size_t end = 0;
  while (end < text.size() && (absl::ascii_isalnum(text[end]) || text[end] == '-')) ++end;
  parameter.keyword = text.substr(0, end);
  if (end < text.size() && text[end] == '=') {
    parameter.has_value = true;
    const size_t begin = ++end;
    while (end < text.size() && text[end] != '=' && !IsBlank(text[end])) ++end;
    parameter.value = text.substr(begin, end - begin);
  }
  text.remove_prefix(end < text.size() ? end + 1 : end);
  return parameter;
}

}  // namespace

std::string Shortened(absl::string_view text) {
  if (text.size() <= kMaxShownAddress) return std::string(text);
  constexpr size_t kHalf = (kMaxShownAddress - 3) / 2;
  return absl::StrCat(text.substr(0, kHalf), "...", text.substr(text.size() - kHalf));
}

Command ParseCommand(absl::string_view line) {
  Command command;
  // sendmail keeps lines as C strings: what follows a NUL is not there.
  line = line.substr(0, line.find('\0'));
  command.line = line;
  const absl::string_view text = SkipBlanks(line);
  size_t end = 0;
  while (end < text.size() && !IsBlank(text[end])) ++end;
  const absl::string_view word = text.substr(0, end);
  command.argument = absl::StripAsciiWhitespace(text.substr(end));
  for (const VerbName& known : kVerbs) {
    if (absl::EqualsIgnoreCase(word, known.name)) command.verb = known.verb;
  }
  for (const absl::string_view request : kProxyRequests) {
    if (absl::EqualsIgnoreCase(word, request)) command.looks_like_proxy_request = true;
  }
  return command;
}

std::variant<PathArgument, Reply> ParsePathArgument(absl::string_view keyword,
                                                    absl::string_view argument) {
  if (const auto word = SkipKeyword(keyword, argument); word.has_value()) {
    return Reply(501, "5.5.2",
                 absl::StrCat("Syntax error in parameters scanning \"", Shortened(*word), "\""));
  }
  PathArgument result;
  PathScanner scanner;
  size_t end = 0;
  bool control = false;
  for (; end < argument.size(); ++end) {
    const char c = static_cast<char>(argument[end] & 0x7f);
    if (!scanner.Take(c)) break;
    control |= absl::ascii_iscntrl(c) && c != '\t';
    result.path.push_back(c);
  }
  const std::string shown = Shortened(result.path);
  if (control) {
    return Reply(553, "5.1.0", absl::StrCat(shown, "... Control character in mailbox address"));
  }
  if (const char c = scanner.Unbalanced(); c != '\0') {
    return Reply(553, "5.0.0",
                 absl::StrCat(shown, "... Unbalanced '", absl::string_view(&c, 1), "'"));
  }
  absl::string_view rest = SkipBlanks(argument.substr(end));
  while (!rest.empty()) {
    if (result.parameters.size() >= kMaxParameters) {
      return Reply(555, "5.5.4", "Too many parameters");
    }
    result.parameters.push_back(TakeParameter(rest));
    rest = SkipBlanks(rest);
  }
  return result;
}

bool IsAcceptableHelo(absl::string_view domain) {
  if (domain.empty() || domain.size() > kMaxHeloLength) return false;
  for (const char c : domain) {
    if (!absl::ascii_isgraph(c) || absl::StrContains("<>()\"\\,;", c)) return false;
  }
  return true;
}

std::optional<int64_t> ParseSize(absl::string_view value) {
  if (value.empty() || value.size() > 20) return std::nullopt;
  int64_t size = 0;
  for (const char c : value) {
    if (!absl::ascii_isdigit(c)) return std::nullopt;
    if (__builtin_mul_overflow(size, int64_t{10}, &size) ||
        __builtin_add_overflow(size, int64_t{c - '0'}, &size)) {
      return std::numeric_limits<int64_t>::max();
    }
  }
  return size;
}

}  // namespace stagepost
