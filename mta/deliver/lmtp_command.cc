#include "mta/deliver/lmtp_command.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace stagepost {
namespace {

struct VerbName {
  absl::string_view name;
  LmtpVerb verb;
  bool argument;
};
constexpr VerbName kVerbs[] = {
    {"LHLO", LmtpVerb::kLhlo, true},  {"MAIL", LmtpVerb::kMail, true},
    {"RCPT", LmtpVerb::kRcpt, true},  {"DATA", LmtpVerb::kData, false},
    {"BDAT", LmtpVerb::kBdat, true},  {"RSET", LmtpVerb::kRset, false},
    {"NOOP", LmtpVerb::kNoop, false}, {"QUIT", LmtpVerb::kQuit, false},
    {"VRFY", LmtpVerb::kVrfy, true},
};

// "FROM:<path>…" with `keyword` "FROM:".
std::optional<std::string> ParsePath(absl::string_view keyword, absl::string_view argument) {
  if (!absl::StartsWithIgnoreCase(argument, keyword)) return std::nullopt;
  argument.remove_prefix(keyword.size());
  if (argument.empty() || argument[0] != '<') return std::nullopt;
  bool quoted = false;
  for (size_t i = 1; i < argument.size(); ++i) {
    if (argument[i] == '\\') {
      ++i;
    } else if (argument[i] == '"') {
      quoted = !quoted;
    } else if (argument[i] == '>' && !quoted) {
      absl::string_view path = argument.substr(1, i - 1);
      // A source route (RFC 5321, appendix C) says how the message came here.
      const size_t colon = path.find(':');
      if (absl::StartsWith(path, "@") && colon != absl::string_view::npos) {
        path.remove_prefix(colon + 1);
      }
      return std::string(path);
    }
  }
  return std::nullopt;
}

// "4123 LAST" or "4123".
void ParseChunk(absl::string_view argument, LmtpCommand& command) {
  const absl::string_view digits = argument.substr(0, argument.find(' '));
  const absl::string_view rest = absl::StripLeadingAsciiWhitespace(argument.substr(digits.size()));
  const bool is_last = absl::EqualsIgnoreCase(rest, "LAST");
  uint64_t bytes = 0;
  if (!std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit)) return;
  if (!absl::SimpleAtoi(digits, &bytes) || (!rest.empty() && !is_last)) return;
  command.chunk_bytes = bytes;
  command.last_chunk = is_last;
}

}  // namespace

LmtpCommand ParseLmtpCommand(absl::string_view line) {
  line = absl::StripTrailingAsciiWhitespace(line);
  const absl::string_view name = line.substr(0, line.find(' '));
  const absl::string_view argument =
      absl::StripLeadingAsciiWhitespace(line.substr(std::min(line.size(), name.size() + 1)));
  LmtpCommand command;
  for (const VerbName& verb : kVerbs) {
    if (!absl::EqualsIgnoreCase(name, verb.name)) continue;
    if (verb.argument == argument.empty()) return command;
    command.verb = verb.verb;
    if (verb.verb == LmtpVerb::kMail) command.path = ParsePath("FROM:", argument);
    if (verb.verb == LmtpVerb::kRcpt) command.path = ParsePath("TO:", argument);
    if (verb.verb == LmtpVerb::kBdat) ParseChunk(argument, command);
  }
  return command;
}

std::optional<std::string> MailboxUser(absl::string_view path) {
  const absl::string_view local = path.substr(0, path.rfind('@'));
  const absl::string_view user = local.substr(0, local.find('+'));
  if (user.empty() || user == "." || user == "..") return std::nullopt;
  const bool unfit = std::any_of(user.begin(), user.end(), [](char c) {
    return c == '/' || absl::ascii_iscntrl(c) || absl::ascii_isspace(c);
  });
  if (unfit) return std::nullopt;
  return std::string(user);
}

size_t LmtpDataDecoder::Decode(absl::string_view input, std::string& output) {
  size_t used = 0;
  while (used < input.size() && !done()) Step(input[used++], output);
  return used;
}

void LmtpDataDecoder::Step(char c, std::string& output) {
  switch (state_) {
    case State::kLineStart:
      if (c == '.') {
        state_ = State::kDot;
        return;
      }
      break;
    case State::kDot:
      // The first dot of a line is never text: it is stuffing, or the end.
      if (c == '\r') {
        state_ = State::kDotCr;
        return;
      }
      break;
    case State::kDotCr:
      if (c == '\n') {
        state_ = State::kDone;
        return;
      }
      output.push_back('\r');
      break;
    case State::kCr:
      if (c == '\n') {
        output.push_back('\n');
        state_ = State::kLineStart;
        return;
      }
      output.push_back('\r');
      break;
    case State::kText:
      break;
    case State::kDone:
      return;
  }
  state_ = c == '\r' ? State::kCr : State::kText;
  if (c != '\r') output.push_back(c);
}

void LmtpChunkDecoder::Decode(absl::string_view input, std::string& output) {
  output.reserve(output.size() + input.size() + 1);
  while (!input.empty()) {
    if (std::exchange(carriage_return_, false) && input[0] != '\n') output.push_back('\r');
    const size_t end = std::min(input.find('\r'), input.size());
    output.append(input.data(), end);
    input.remove_prefix(end);
    if (input.empty()) return;
    carriage_return_ = true;
    input.remove_prefix(1);
  }
}

void LmtpChunkDecoder::Finish(std::string& output) {
  if (std::exchange(carriage_return_, false)) output.push_back('\r');
}

}  // namespace stagepost
