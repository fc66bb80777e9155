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
    {"HELO", Verb::kHelo},           {"EHLO", Verb::kEhlo},
    {"MAIL", Verb::kMail},           {"RCPT", Verb::kRcpt},
    {"DATA", Verb::kData},           {"RSET", Verb::kRset},
    {"NOOP", Verb::kNoop},           {"QUIT", Verb::kQuit},
    {"VRFY", Verb::kVrfy},           {"EXPN", Verb::kExpn},
    {"ETRN", Verb::kEtrn},           {"HELP", Verb::kHelp},
    {"VERB", Verb::kVerb},           {"AUTH", Verb::kAuth},
    {"STARTTLS", Verb::kStartTls},   {"SEND", Verb::kNotImplemented},
    {"SAML", Verb::kNotImplemented}, {"SOML", Verb::kNotImplemented},
    {"TURN", Verb::kNotImplemented}, {"DEBUG", Verb::kLogged},
    {"WIZ", Verb::kLogged},          {"SHOWQ", Verb::kLogged},
};
constexpr absl::string_view kProxyRequests[] = {"GET", "POST", "CONNECT", "USER"};

// What sendmail shows of an address at most: MAXSHORTSTR.
constexpr size_t kMaxShownAddress = 203;

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

absl::string_view SkipBlanks(absl::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  return text;
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
    if (known.name.size() != word.size()) continue;
    if (absl::EqualsIgnoreCase(word, known.name)) command.verb = known.verb;
  }
  for (const absl::string_view request : kProxyRequests) {
    if (absl::EqualsIgnoreCase(word, request)) command.looks_like_proxy_request = true;
  }
  return command;
}

std::optional<Reply> SkipPathKeyword(absl::string_view keyword, absl::string_view& argument) {
  absl::string_view text = SkipBlanks(argument);
  size_t end = 0;
  while (end < text.size() && text[end] != ':' && !IsBlank(text[end])) ++end;
  const absl::string_view word = text.substr(0, end);
  const absl::string_view rest = SkipBlanks(text.substr(end));
  if (absl::StartsWith(rest, ":") && absl::EqualsIgnoreCase(word, keyword)) {
    argument = SkipBlanks(rest.substr(1));
    if (!argument.empty()) return std::nullopt;
  }
  return Reply(501, "5.5.2",
               absl::StrCat("Syntax error in parameters scanning \"", Shortened(word), "\""));
}

std::vector<Parameter> ParseParameters(absl::string_view text) {
  std::vector<Parameter> parameters;
  absl::string_view rest = SkipBlanks(text);
  while (!rest.empty() && parameters.size() <= kMaxParameters) {
    parameters.push_back(TakeParameter(rest));
    rest = SkipBlanks(rest);
  }
  return parameters;
}

bool IsAcceptableHelo(absl::string_view domain) {
  if (domain.empty() || domain.size() > kMaxHeloLength) return false;
  for (const char c : domain) {
    if (!absl::ascii_isalnum(c) && !absl::StrContains("[].-_#:", c)) return false;
  }
  return true;
}

int64_t ParseSize(absl::string_view value) {
  int64_t size = 0;
  for (const char c : value) {
    if (!absl::ascii_isdigit(c)) break;
    if (__builtin_mul_overflow(size, int64_t{10}, &size) ||
        __builtin_add_overflow(size, int64_t{c - '0'}, &size)) {
      return std::numeric_limits<int64_t>::max();
    }
  }
  return size;
}

}  // namespace stagepost
