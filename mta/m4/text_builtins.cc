// The builtins that compute and that edit text; see m4.h.
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/m4/expression.h"
#include "mta/m4/format.h"
#include "mta/m4/m4.h"

namespace stagepost {
namespace {

constexpr size_t kMaxRegexes = 8;  // each may take some megabytes

// a-c stands for abc, c-a for cba; a hyphen first or last for itself.
std::string ExpandRanges(absl::string_view set) {
  std::string result;
  for (size_t i = 0; i < set.size(); ++i) {
    if (set[i] != '-' || i == 0 || i + 1 == set.size()) {
      result += set[i];
      continue;
    }
    int from = static_cast<unsigned char>(set[i - 1]);
    const int to = static_cast<unsigned char>(set[++i]);
    while (from != to) {
      from += from < to ? 1 : -1;
      result += static_cast<char>(from);
    }
  }
  return result;
}

}  // namespace

bool M4::RunText(M4Builtin builtin) {
  switch (builtin) {
    case M4Builtin::kIncr:
      DoIncrement(1);
      return true;
    case M4Builtin::kDecr:
      DoIncrement(-1);
      return true;
    case M4Builtin::kEval:
      DoEval();
      return true;
    case M4Builtin::kLen:
      Append(absl::StrCat(Text(1).size()));
      return true;
    case M4Builtin::kIndex: {
      const size_t found = Text(1).find(Text(2));
      bytes_moved_ += Text(1).size();
      Append(found == absl::string_view::npos ? "-1" : absl::StrCat(found));
      return true;
    }
    case M4Builtin::kSubstr:
      DoSubstr();
      return true;
    case M4Builtin::kTranslit:
      DoTranslit();
      return true;
    case M4Builtin::kFormat:
      DoFormat();
      return true;
    case M4Builtin::kRegexp:
      DoRegexp();
      return true;
    case M4Builtin::kPatsubst:
      DoPatsubst();
      return true;
    default:
      return false;
  }
}

void M4::DoIncrement(int by) {
  const std::optional<int32_t> number = Number(1);
  if (!number.has_value()) return;
  Append(absl::StrCat(
      static_cast<int32_t>(static_cast<uint32_t>(*number) + static_cast<uint32_t>(by))));
}

void M4::DoEval() {
  int32_t radix = 10;
  if (!Text(2).empty()) {
    const std::optional<int32_t> number = Number(2);
    if (!number.has_value()) return;
    radix = *number;
  }
  if (radix < 1 || radix > 36) {
    Warn(absl::StrCat("radix ", radix, " in builtin `", current_.name, "' out of range"));
    return;
  }
  int32_t width = 1;
  if (current_.count >= 3) {
    const std::optional<int32_t> number = Number(3);
    if (!number.has_value()) return;
    width = *number;
  }
  if (width < 0) {
    Warn(absl::StrCat("negative width to builtin `", current_.name, "'"));
    return;
  }
  M4ExpressionResult value;
  if (Text(1).empty()) {
    Warn(absl::StrCat("empty string treated as 0 in builtin `", current_.name, "'"));
  } else {
    value = EvaluateM4(Text(1));
  }
  for (uint32_t i = 0; i < value.single_equals && i < 1000; ++i) {
    Warn("Warning: recommend ==, not =, for equality operator");
  }
  if (value.error != M4ExpressionError::kNone) {
    Warn(absl::StrCat(M4ExpressionErrorText(value.error), ": ", Text(1)));
    // POSIX wants an error here.
    if (value.error == M4ExpressionError::kInvalidOperator) exit_code_ = 1;
    return;
  }
  const int64_t wide = value.value;
  const size_t digits = static_cast<size_t>(wide < 0 ? -wide : wide);
  if (!Room(static_cast<size_t>(width) + 40 + (radix == 1 ? digits : 0))) return;
  Append(FormatM4Integer(value.value, radix, static_cast<size_t>(width)));
}

void M4::DoSubstr() {
  const absl::string_view text = Text(1);
  const int64_t size = static_cast<int64_t>(text.size());
  const std::optional<int32_t> start = Number(2);
  if (!start.has_value()) return;
  int64_t length = size;
  if (current_.count >= 3) {
    const std::optional<int32_t> number = Number(3);
    if (!number.has_value()) return;
    length = *number;
  }
  if (*start < 0 || length <= 0 || *start >= size) return;
  Append(text.substr(static_cast<size_t>(*start), static_cast<size_t>(length)));
}

void M4::DoTranslit() {
  const absl::string_view text = Text(1);
  const std::string from = ExpandRanges(Text(2));
  const std::string to = ExpandRanges(Text(3));
  constexpr int kKeep = -1;
  constexpr int kDrop = -2;
  std::array<int, 256> map;
  map.fill(kKeep);
  // What a byte becomes says the first place where it stands.
  for (size_t i = 0; i < from.size(); ++i) {
    int& entry = map[static_cast<unsigned char>(from[i])];
    if (entry == kKeep) entry = i < to.size() ? static_cast<unsigned char>(to[i]) : kDrop;
  }
  if (!Room(text.size())) return;
  for (const char c : text) {
    const int entry = map[static_cast<unsigned char>(c)];
    if (entry != kDrop) result() += entry == kKeep ? c : static_cast<char>(entry);
  }
}

void M4::DoFormat() {
  std::vector<absl::string_view> arguments;
  for (size_t n = 2; n <= current_.count; ++n) arguments.push_back(Text(n));
  const M4FormatResult formatted = FormatM4(Text(1), arguments, limits_.format_bytes);
  for (const std::string& message : formatted.messages) Warn(message);
  if (formatted.too_long) return FailLimit("bytes of format");
  Append(formatted.text);
}

// The regular expression of regexp and patsubst; null: malformed, and it has been said.
std::shared_ptr<const EmacsRegex> M4::RegexArgument(absl::string_view said) {
  const absl::string_view pattern = Text(2);
  const auto known = regexes_.find(pattern);
  if (known != regexes_.end()) return known->second;
  absl::StatusOr<std::shared_ptr<const EmacsRegex>> regex = EmacsRegex::Compile(pattern);
  bytes_moved_ += 1000 + 100 * pattern.size();
  if (regex.ok()) {
    if (regexes_.size() >= kMaxRegexes) regexes_.clear();
    regexes_.emplace(std::string(pattern), *regex);
    return *regex;
  }
  const std::string message = absl::StrCat(said, " `", pattern, "': ", regex.status().message());
  if (absl::IsInvalidArgument(regex.status())) {
    Warn(message);
  } else {
    M4Finding finding;
    finding.place = input_.here();
    finding.what =
        absl::StrCat("this regular expression cannot be used here: ", regex.status().message());
    Fail(std::move(finding), message);
  }
  return nullptr;
}

void M4::DoRegexp() {
  const std::shared_ptr<const EmacsRegex> regex = RegexArgument("bad regular expression:");
  if (regex == nullptr) return;
  std::vector<absl::string_view> match;
  const absl::string_view text = Text(1);
  bytes_moved_ += text.size();
  const bool found = regex->Search(text, 0, &match);
  if (current_.count >= 3) {
    if (found) Substitute(Text(3), match, *regex);
    return;
  }
  Append(found ? absl::StrCat(match[0].data() - text.data()) : "-1");
}

void M4::DoPatsubst() {
  const std::shared_ptr<const EmacsRegex> regex = RegexArgument("bad regular expression");
  if (regex == nullptr) return;
  const absl::string_view text = Text(1);
  std::vector<absl::string_view> match;
  size_t next = 0;
  while (next <= text.size()) {
    // Empty matches make a search of each byte.
    bytes_moved_ += 16;
    if (steps() > limits_.steps) return FailLimit("steps");
    if (!regex->Search(text, next, &match)) break;
    const size_t begin = static_cast<size_t>(match[0].data() - text.data());
    const size_t end = begin + match[0].size();
    if (!Append(text.substr(next, begin - next))) return;
    if (!Substitute(Text(3), match, *regex)) return;
    next = end;
    if (begin == end) {
      if (!Append(text.substr(end, 1))) return;
      ++next;
    }
  }
  if (next < text.size()) Append(text.substr(next));
}

// Appends `replacement`, with \& for the whole match and \1 to \9 for groups.
bool M4::Substitute(absl::string_view replacement, const std::vector<absl::string_view>& match,
                    const EmacsRegex& regex) {
  while (true) {
    const size_t backslash = replacement.find('\\');
    if (!Append(replacement.substr(0, backslash))) return false;
    if (backslash == absl::string_view::npos) return true;
    replacement.remove_prefix(backslash + 1);
    if (replacement.empty()) {
      Warn("Warning: trailing \\ ignored in replacement");
      return CheckedMessages();
    }
    const char c = replacement[0];
    replacement.remove_prefix(1);
    if (c == '&' || c == '0') {
      if (c == '0') Warn("Warning: \\0 will disappear, use \\& instead in replacements");
      if (!Append(match[0])) return false;
    } else if (c >= '1' && c <= '9') {
      const int group = c - '0';
      if (group > regex.groups()) {
        Warn(absl::StrCat("Warning: sub-expression ", group, " not present"));
      } else if (!Append(match[static_cast<size_t>(group)])) {
        return false;
      }
    } else if (!Append(absl::string_view(&c, 1))) {
      return false;
    }
    if (!CheckedMessages()) return false;
  }
}

// Whether messages have not become too many.
bool M4::CheckedMessages() {
  if (message_bytes_ <= limits_.output_bytes) return true;
  FailLimit("bytes written");
  return false;
}

}  // namespace stagepost
