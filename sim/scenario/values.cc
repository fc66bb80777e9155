#include "sim/scenario/values.h"
#include "sim/trace/one_line.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

constexpr absl::Duration kLongest = absl::Hours(24 * 365 * 100);
constexpr int64_t kPatternMemory = 256 << 10;
constexpr size_t kMaxWords = 100;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// The programs' own users, with the ids that Debian gives them; smmsp as sendmail's manual has it.
constexpr SystemAccount kSystemAccounts[] = {
    {"root", "root", 0, "/root"},
    {"daemon", "daemon", 1, "/usr/sbin"},
    {"bin", "bin", 2, "/bin"},
    {"mail", "mail", 8, "/var/mail"},
    {"smmsp", "smmsp", 25, "/var/spool/clientmqueue"},
    {"nobody", "nogroup", 65534, "/nonexistent"},
};

constexpr absl::string_view kPhaseNames[] = {
    "accepted", "delivering", "delivered", "deferred", "bounced", "done", "dns",      "connected",
    "greeted",  "helo",       "mail",      "rcpt",     "data",    "dot",  "answered", "quit"};

// As the simulated file system names them.
constexpr absl::string_view kFileCallNames[] = {
    "open",     "read",  "write",  "ftruncate", "fstat",   "fchmod",  "fchown", "fsync", "lock",
    "unlock",   "stat",  "lstat",  "mkdir",     "rmdir",   "unlink",  "rename", "link",  "symlink",
    "readlink", "chmod", "lchown", "utimensat", "opendir", "readdir", "statfs", "chdir"};

bool Matches(const RE2& pattern, absl::string_view text, RE2::Anchor anchor) {
  return pattern.Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), anchor, nullptr,
                       0);
}

}  // namespace

absl::StatusOr<absl::Duration> ParseScenarioDuration(absl::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", OneLine(text, 40), "\" is no duration, such as \"1500ms\", \"5s\", \"2h30m\""));
  }
  if (duration < absl::ZeroDuration()) return absl::InvalidArgumentError("may not be negative");
  if (duration > kLongest) return absl::InvalidArgumentError("may be 100 years at most");
  return duration;
}

absl::StatusOr<FileMode> ParseFileMode(absl::string_view text) {
  FileMode mode = 0;
  bool good = text.size() == 3 || text.size() == 4;
  for (const char c : text) {
    good = good && c >= '0' && c <= '7';
    if (good) mode = mode * 8 + static_cast<FileMode>(c - '0');
  }
  if (!good) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", OneLine(text, 40), "\" is no mode: three or four octal digits, such as \"600\""));
  }
  return mode;
}

absl::StatusOr<std::vector<std::string>> SplitCommand(absl::string_view text) {
  std::vector<std::string> words;
  for (size_t i = 0; i < text.size();) {
    if (IsBlank(text[i])) {
      ++i;
      continue;
    }
    std::string word;
    while (i < text.size() && !IsBlank(text[i])) {
      const char c = text[i++];
      if (c == '\0' || c == '\n') return absl::InvalidArgumentError("has a newline or a NUL");
      if (c != '\'' && c != '"') {
        word.push_back(c);
        continue;
      }
      const size_t end = text.find(c, i);
      if (end == absl::string_view::npos) return absl::InvalidArgumentError("has an open quote");
      absl::StrAppend(&word, text.substr(i, end - i));
      i = end + 1;
    }
    words.push_back(std::move(word));
    if (words.size() > kMaxWords) {
      return absl::InvalidArgumentError(absl::StrCat("has more than ", kMaxWords, " words"));
    }
  }
  if (words.empty() || words[0].empty()) return absl::InvalidArgumentError("names no program");
  return words;
}

absl::StatusOr<absl::TimeZone> ParseFixedTimeZone(absl::string_view text) {
  if (text == "UTC") return absl::UTCTimeZone();
  bool good = text.size() == 5 && (text[0] == '+' || text[0] == '-');
  for (const char c : text.substr(good ? 1 : text.size())) good = good && IsDigit(c);
  if (good) {
    const int hours = (text[1] - '0') * 10 + text[2] - '0';
    const int minutes = (text[3] - '0') * 10 + text[4] - '0';
    const int seconds = hours * 3600 + minutes * 60;
    if (minutes < 60 && seconds <= 14 * 3600) {
      return absl::FixedTimeZone(text[0] == '-' ? -seconds : seconds);
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", OneLine(text, 40),
                   "\" is no time zone: \"UTC\", or a difference from it such as \"+0200\""));
}

absl::StatusOr<Errno> ParseErrno(absl::string_view text) {
  for (int number = 1; number < 140; ++number) {
    const auto error = static_cast<Errno>(number);
    if (ErrnoName(error) == text && text != "E?") return error;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", OneLine(text, 40), "\" is no error of errno(3), such as \"EIO\", \"ENOSPC\""));
}

absl::StatusOr<std::unique_ptr<RE2>> CompilePattern(absl::string_view text) {
  if (text.size() > kMaxPatternBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a pattern has at most ", kMaxPatternBytes, " bytes"));
  }
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemory);
  auto pattern = std::make_unique<RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!pattern->ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("bad pattern: ", OneLine(pattern->error(), 100)));
  }
  return pattern;
}

bool MatchesAtStart(const RE2& pattern, absl::string_view text) {
  return Matches(pattern, text, RE2::ANCHOR_START);
}

bool MatchesSomewhere(const RE2& pattern, absl::string_view text) {
  return Matches(pattern, text, RE2::UNANCHORED);
}

bool MatchesWhole(const RE2& pattern, absl::string_view text) {
  return Matches(pattern, text, RE2::ANCHOR_BOTH);
}

absl::Span<const SystemAccount> SystemAccounts() { return kSystemAccounts; }

absl::Span<const absl::string_view> FileCallNames() { return kFileCallNames; }

absl::Span<const absl::string_view> PhaseNames() { return kPhaseNames; }

}  // namespace stagepost
