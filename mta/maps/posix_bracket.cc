#include "mta/maps/posix_bracket.h"

#include <bitset>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

using ByteSet = std::bitset<256>;

absl::Status Malformed(absl::string_view what) { return absl::InvalidArgumentError(what); }
absl::Status BadBracket() { return Malformed("Unmatched [, [^, [:, [., or [="); }

std::string WriteSet(const ByteSet& set, bool negated) {
  if (set.none()) return negated ? "(?s:.)" : "[^\\x00-\\xff]";
  std::string out = negated ? "[^" : "[";
  for (int c = 0; c < 256; ++c) {
    if (!set[c]) continue;
    int end = c;
    while (end < 255 && set[end + 1]) ++end;
    absl::StrAppend(&out, WriteRe2Byte(c), end > c ? "-" : "", end > c ? WriteRe2Byte(end) : "");
    c = end;
  }
  return out + "]";
}

std::optional<ByteSet> NamedSet(absl::string_view name) {
  using Test = bool (*)(unsigned char);
  static constexpr std::pair<const char*, Test> kClasses[] = {
      {"alnum", absl::ascii_isalnum}, {"alpha", absl::ascii_isalpha},
      {"blank", absl::ascii_isblank}, {"cntrl", absl::ascii_iscntrl},
      {"digit", absl::ascii_isdigit}, {"graph", absl::ascii_isgraph},
      {"lower", absl::ascii_islower}, {"print", absl::ascii_isprint},
      {"punct", absl::ascii_ispunct}, {"space", absl::ascii_isspace},
      {"upper", absl::ascii_isupper}, {"xdigit", absl::ascii_isxdigit}};
  for (const auto& [text, test] : kClasses) {
    if (name != text) continue;
    ByteSet set;
    for (int c = 0; c < 128; ++c) set[c] = test(static_cast<unsigned char>(c));
    return set;
  }
  return std::nullopt;
}

// A bracket expression, from behind its '['.
class BracketReader {
 public:
  BracketReader(absl::string_view& rest, PosixCase letters) : rest_(rest), letters_(letters) {}

  absl::StatusOr<std::string> Read() {
    const bool negated = absl::ConsumePrefix(&rest_, "^");
    for (bool first = true; first || !absl::StartsWith(rest_, "]"); first = false) {
      if (rest_.empty()) return BadBracket();
      RETURN_IF_ERROR(ReadItem(first));
    }
    rest_.remove_prefix(1);
    return WriteSet(set_, negated);
  }

 private:
  absl::Status ReadItem(bool first) {
    if (absl::StartsWith(rest_, "[:")) {
      ASSIGN_OR_RETURN(const absl::string_view name, Enclosed(":]"));
      const std::optional<ByteSet> set = NamedSet(name);
      if (!set.has_value()) return Malformed("Invalid character class name");
      set_ |= *set;
      return absl::OkStatus();
    }
    // A hyphen that is no range stands first or last.
    if (!first && rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
      return Malformed("Invalid range end");
    }
    ASSIGN_OR_RETURN(unsigned char low, ReadByte());
    unsigned char high = low;
    if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
      rest_.remove_prefix(1);
      if (absl::StartsWith(rest_, "[:")) return Malformed("Invalid range end");
      ASSIGN_OR_RETURN(high, ReadByte());
      if (letters_ == PosixCase::kInsensitive) {
        low = absl::ascii_toupper(low);
        high = absl::ascii_toupper(high);
      }
      if (high < low) return Malformed("Invalid range end");
    }
    for (int c = low; c <= high; ++c) set_.set(c);
    return absl::OkStatus();
  }

  absl::StatusOr<unsigned char> ReadByte() {
    for (const absl::string_view mark : {".]", "=]"}) {
      if (rest_.size() < 2 || rest_[0] != '[' || rest_[1] != mark[0]) continue;
      ASSIGN_OR_RETURN(const absl::string_view element, Enclosed(mark));
      if (element.size() != 1) return Malformed("Invalid collation character");
      return static_cast<unsigned char>(element[0]);
    }
    if (rest_.empty()) return BadBracket();
    const unsigned char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }

  // What stands between "[:" and ":]".
  absl::StatusOr<absl::string_view> Enclosed(absl::string_view end) {
    const size_t at = rest_.find(end, 2);
    if (at == absl::string_view::npos) return BadBracket();
    const absl::string_view inside = rest_.substr(2, at - 2);
    rest_.remove_prefix(at + 2);
    return inside;
  }

  absl::string_view& rest_;
  const PosixCase letters_;
  ByteSet set_;
};

}  // namespace

std::string WriteRe2Byte(unsigned char c) {
  if (absl::ascii_isalnum(c)) return std::string(1, static_cast<char>(c));
  return absl::StrCat("\\x", absl::Hex(c, absl::kZeroPad2));
}

absl::StatusOr<std::string> TranslateBracket(absl::string_view& rest, PosixCase letters) {
  return BracketReader(rest, letters).Read();
}

}  // namespace stagepost
