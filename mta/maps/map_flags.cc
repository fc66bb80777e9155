#include "mta/maps/map_flags.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/maps/map.h"

namespace stagepost {
namespace {

constexpr int kMaxNumber = 1'000'000'000;

// Goes through "-x… -y… file rest".
class FlagReader {
 public:
  explicit FlagReader(absl::string_view text) : rest_(text) {}

  // The next flag's letter, '\0' for "-" alone; nullopt: no more flags.
  std::optional<char> Next() {
    rest_ = absl::StripLeadingAsciiWhitespace(rest_);
    if (rest_.empty() || rest_[0] != '-') return std::nullopt;
    rest_.remove_prefix(1);
    word_ = TakeWord();
    if (word_.empty()) return '\0';
    const char letter = word_[0];
    word_.remove_prefix(1);
    return letter;
  }
  // What stands behind the letter, up to white space.
  std::string Value() const { return std::string(word_); }
  // As Value(), or the next word if nothing stands there.
  std::string ValueOrNext() {
    if (word_.empty()) {
      rest_ = absl::StripLeadingAsciiWhitespace(rest_);
      word_ = TakeWord();
    }
    return std::string(word_);
  }
  // One character; the white space behind the letter if nothing else is there.
  char Character() const { return word_.empty() ? ' ' : word_[0]; }
  char Delimiter() const {
    if (word_.size() < 2 || word_[0] != '\\') return Character();
    return word_[1] == 'n' ? '\n' : word_[1] == 't' ? '\t' : '\\';
  }

  std::string TakeFile() {
    rest_ = absl::StripLeadingAsciiWhitespace(rest_);
    return std::string(TakeWord());
  }
  std::string TakeRest() { return std::string(absl::StripAsciiWhitespace(rest_)); }

 private:
  absl::string_view TakeWord() {
    const auto* const end = std::find_if(rest_.begin(), rest_.end(), absl::ascii_isspace);
    const absl::string_view word = rest_.substr(0, end - rest_.begin());
    rest_.remove_prefix(word.size());
    return word;
  }

  absl::string_view rest_;
  absl::string_view word_;
};

absl::Duration UnitOf(char letter) {
  switch (letter) {
    case 'w':
      return absl::Hours(24 * 7);
    case 'd':
      return absl::Hours(24);
    case 'h':
      return absl::Hours(1);
    case 'm':
      return absl::Minutes(1);
    default:
      return absl::Seconds(1);
  }
}

// Operators of rules ("$|") are the bytes that they are inside sendmail.
std::string RegexDelimiter(absl::string_view value) {
  constexpr absl::string_view kOperators = "*+-=~ #@:>?|.[]";
  constexpr int kFirstOperator = 0x90;
  std::string delimiter;
  while (!value.empty()) {
    const size_t at = value[0] == '$' && value.size() > 1 && value[1] != ' '
                          ? kOperators.find(value[1])
                          : kOperators.npos;
    const bool is_operator = at != kOperators.npos;
    delimiter += is_operator ? static_cast<char>(kFirstOperator + at) : value[0];
    value.remove_prefix(is_operator ? 2 : 1);
  }
  return delimiter;
}

// "1m30s"; a number without a letter counts seconds.
absl::Duration Interval(absl::string_view text) {
  absl::Duration sum;
  while (!text.empty() && absl::ascii_isdigit(text[0])) {
    const int number = LeadingNumber(text);
    while (!text.empty() && absl::ascii_isdigit(text[0])) text.remove_prefix(1);
    sum += number * UnitOf(text.empty() ? 's' : text[0]);
    if (!text.empty()) text.remove_prefix(1);
  }
  return sum;
}

// False: not one of the common flags.
bool ApplyCommonFlag(char letter, FlagReader& reader, MapFlags& flags) {
  switch (letter) {
    case 'a':
      flags.append = reader.Value();
      return true;
    case 'A':
      flags.aliases_append = true;
      return true;
    case 'd':
      flags.timeout = Interval(reader.Value());
      return true;
    case 'D':
      flags.skip_deferred = true;
      return true;
    case 'f':
      flags.keep_case = true;
      return true;
    case 'k':
      flags.key_column = reader.ValueOrNext();
      return true;
    case 'm':
      flags.match_only = true;
      return true;
    case 'N':
      flags.try_without_nul = false;
      return true;
    case 'o':
      flags.optional = true;
      return true;
    case 'O':
      flags.try_with_nul = false;
      return true;
    case 'q':
      flags.keep_quotes = true;
      return true;
    case 'S':
      flags.blank_substitute = reader.Character();
      return true;
    case 't':
      flags.temporary_is_missing = true;
      return true;
    case 'T':
      flags.temporary_append = reader.Value();
      return true;
    case 'v':
      flags.value_column = reader.ValueOrNext();
      return true;
    case 'z':
      flags.delimiter = reader.Delimiter();
      return true;
    default:
      return false;
  }
}

}  // namespace

int LeadingNumber(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  int number = 0;
  for (const char c : text) {
    if (!absl::ascii_isdigit(c)) break;
    number = std::min(number, (kMaxNumber - 9) / 10) * 10 + (c - '0');
  }
  return negative ? -number : number;
}

MapFlags ParseCommonFlags(absl::string_view arguments, absl::string_view map_name,
                          std::vector<std::string>& errors) {
  MapFlags flags;
  FlagReader reader(arguments);
  while (const std::optional<char> letter = reader.Next()) {
    if (ApplyCommonFlag(*letter, reader, flags)) continue;
    errors.push_back(absl::StrCat("Illegal option ", std::string(1, *letter), " map ", map_name));
  }
  flags.file = reader.TakeFile();
  flags.rest = reader.TakeRest();
  return flags;
}

MapFlags ParseDnsFlags(absl::string_view arguments) {
  MapFlags flags;
  FlagReader reader(arguments);
  while (const std::optional<char> letter = reader.Next()) {
    switch (*letter) {
      case 'B':
        flags.base_domain = reader.ValueOrNext();
        break;
      case 'r':
        flags.retries = LeadingNumber(reader.ValueOrNext());
        break;
      case 'R':
        flags.record_type = reader.ValueOrNext();
        break;
      case 'Z':
        flags.limit = std::max(0, LeadingNumber(reader.ValueOrNext()));
        break;
      case 'd':
        flags.timeout = Interval(reader.Value());
        break;
      case 'S':
        break;  // Names have dots, whatever stands there.
      default:
        ApplyCommonFlag(*letter, reader, flags);
    }
  }
  flags.file = reader.TakeFile();
  return flags;
}

MapFlags ParseHostFlags(absl::string_view arguments) {
  MapFlags flags;
  FlagReader reader(arguments);
  while (const std::optional<char> letter = reader.Next()) {
    if (*letter == 'd') {
      flags.timeout = Interval(reader.ValueOrNext());
    } else if (*letter == 'r') {
      flags.retries = LeadingNumber(reader.ValueOrNext());
    } else if (absl::StrContains("aDmStT", std::string(1, *letter))) {
      ApplyCommonFlag(*letter, reader, flags);
    }
  }
  return flags;
}

MapFlags ParseDequoteFlags(absl::string_view arguments) {
  MapFlags flags;
  flags.keep_quotes = true;
  FlagReader reader(arguments);
  const std::optional<char> letter = reader.Next();
  if (letter == 's' || letter == 'S') {
    flags.delimiter = reader.Character();
  } else if (letter == 'a' || letter == 'D') {
    ApplyCommonFlag(*letter, reader, flags);
  }
  return flags;
}

MapFlags ParseSyslogFlags(absl::string_view arguments, std::vector<std::string>& errors) {
  MapFlags flags;
  FlagReader reader(arguments);
  while (const std::optional<char> letter = reader.Next()) {
    if (*letter == 'L') {
      flags.level = reader.ValueOrNext();
    } else if (*letter == 'D' || *letter == 'S') {
      ApplyCommonFlag(*letter, reader, flags);
    } else {
      errors.push_back(absl::StrCat("Illegal option ", std::string(1, *letter), " map syslog"));
    }
  }
  return flags;
}

MapFlags ParseRegexFlags(absl::string_view arguments) {
  MapFlags flags;
  FlagReader reader(arguments);
  while (const std::optional<char> letter = reader.Next()) {
    switch (*letter) {
      case 'b':
        flags.basic = true;
        break;
      case 'd':
        flags.field_delimiter = RegexDelimiter(reader.Value());
        break;
      case 'n':
        flags.negate = true;
        break;
      case 's':
        flags.fields = reader.Value();
        break;
      default:
        if (absl::StrContains("aDfmqStT", std::string(1, *letter))) {
          ApplyCommonFlag(*letter, reader, flags);
        }
    }
  }
  flags.file = reader.TakeRest();
  return flags;
}

std::string AppendToValue(absl::string_view value, const MapFlags& flags) {
  return absl::StrCat(value.substr(0, flags.max_value_bytes), flags.append);
}

std::string FillInValue(absl::string_view value, absl::string_view key,
                        absl::Span<const absl::string_view> arguments, const MapFlags& flags) {
  std::string filled;
  value = value.substr(0, value.find('\0'));
  for (size_t i = 0; i < value.size() && filled.size() < flags.max_value_bytes; ++i) {
    if (value[i] != '%') {
      filled += value[i];
      continue;
    }
    const char next = i + 1 < value.size() ? value[++i] : '%';
    if (next == '0') {
      filled.append(key.data(), key.size());
    } else if (absl::ascii_isdigit(next)) {
      const size_t index = next - '1';
      if (index < arguments.size()) filled.append(arguments[index].data(), arguments[index].size());
    } else {
      if (next != '%') filled += '%';
      filled += next;
    }
  }
  return AppendToValue(filled, flags);
}

}  // namespace stagepost
