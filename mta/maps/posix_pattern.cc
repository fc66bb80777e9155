#include "mta/maps/posix_pattern.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/status_macros.h"
#include "mta/maps/posix_bracket.h"

namespace stagepost {
namespace {

// glibc's limit, and what of it RE2 takes.
constexpr int kMaxRepeats = 32767;
constexpr int kMaxRe2Repeats = 1000;

absl::Status Malformed(absl::string_view what) { return absl::InvalidArgumentError(what); }

class Translator {
 public:
  Translator(absl::string_view pattern, PosixSyntax syntax, PosixCase letters)
      : rest_(pattern), basic_(syntax == PosixSyntax::kBasic), letters_(letters) {}

  absl::StatusOr<std::string> Translate() {
    while (!rest_.empty()) RETURN_IF_ERROR(Next());
    if (!open_.empty()) return Malformed("Unmatched ( or \\(");
    return std::move(out_);
  }

 private:
  // What a character or an escape means in this syntax.
  enum class Token : uint8_t {
    kByte,
    kAny,
    kBracket,
    kOpen,
    kClose,
    kOr,
    kStar,
    kPlus,
    kQuestion,
    kInterval,
    kBegin,
    kEnd,
    kSet,     // for RE2, in `written_`,
    kAnchor,  // as that
  };

  absl::Status Next() {
    ASSIGN_OR_RETURN(const Token token, Scan());
    switch (token) {
      case Token::kBracket: {
        ASSIGN_OR_RETURN(const std::string set, TranslateBracket(rest_, letters_));
        Atom(set);
        return absl::OkStatus();
      }
      case Token::kOpen:
        return Open();
      case Token::kClose:
        return Close();
      case Token::kStar:
      case Token::kPlus:
      case Token::kQuestion:
        return Repeat(token == Token::kStar ? '*' : token == Token::kPlus ? '+' : '?');
      case Token::kInterval:
        return Interval();
      case Token::kOr:
        out_ += '|';
        at_start_ = true;
        return absl::OkStatus();
      case Token::kBegin:
        out_ += '^';  // what stands behind it is still at the start
        after_anchor_ = true;
        return absl::OkStatus();
      case Token::kEnd:
        Anchor("$");
        return absl::OkStatus();
      case Token::kAny:
        Atom(".");
        return absl::OkStatus();
      case Token::kByte:
        Atom(WriteRe2Byte(byte_));
        return absl::OkStatus();
      case Token::kSet:
        Atom(written_);
        return absl::OkStatus();
      case Token::kAnchor:
        Anchor(written_);
        return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Token> Scan() {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    byte_ = static_cast<unsigned char>(c);
    if (c == '\\') return ScanEscape();
    switch (c) {
      case '.':
        return Token::kAny;
      case '[':
        return Token::kBracket;
      case '*':
        return basic_ && at_start_ ? Token::kByte : Token::kStar;
      case '^':
        return basic_ && (!at_start_ || after_anchor_) ? Token::kByte : Token::kBegin;
      case '$':
        return basic_ && !AtEndOfBasic() ? Token::kByte : Token::kEnd;
      default:
        return basic_ ? Token::kByte : Operator(c);
    }
  }

  absl::StatusOr<Token> ScanEscape() {
    if (rest_.empty()) return Malformed("Trailing backslash");
    const char c = rest_[0];
    rest_.remove_prefix(1);
    byte_ = static_cast<unsigned char>(c);
    if (c >= '1' && c <= '9') {
      return absl::UnimplementedError(
          absl::StrCat("back-reference \\", std::string(1, c), " is not supported"));
    }
    if (c == '<' || c == '>') {
      return absl::UnimplementedError(absl::StrCat("\\", std::string(1, c), " is not supported"));
    }
    static constexpr std::pair<char, const char*> kGnu[] = {
        {'w', "[0-9A-Za-z_]"}, {'W', "[^0-9A-Za-z_]"}, {'s', "[\\t-\\r ]"}, {'S', "[^\\t-\\r ]"},
        {'b', "\\b"},          {'B', "\\B"},           {'`', "\\A"},        {'\'', "\\z"}};
    for (const auto& [letter, text] : kGnu) {
      if (c != letter) continue;
      written_ = text;
      return text[0] == '[' ? Token::kSet : Token::kAnchor;
    }
    return basic_ ? Operator(c) : Token::kByte;
  }

  // As they stand in an extended pattern, and behind a backslash in a basic one.
  static Token Operator(char c) {
    switch (c) {
      case '(':
        return Token::kOpen;
      case ')':
        return Token::kClose;
      case '|':
        return Token::kOr;
      case '+':
        return Token::kPlus;
      case '?':
        return Token::kQuestion;
      case '{':
        return Token::kInterval;
      default:
        return Token::kByte;
    }
  }

  bool AtEndOfBasic() const {
    return rest_.empty() || absl::StartsWith(rest_, "\\)") || absl::StartsWith(rest_, "\\|");
  }

  void Atom(absl::string_view text) {
    atom_ = out_.size();
    absl::StrAppend(&out_, text);
    at_start_ = after_anchor_ = false;
    repeated_ = Repeated::kNo;
  }

  // What matches nothing, and cannot be repeated.
  void Anchor(absl::string_view text) {
    Atom(text);
    after_anchor_ = true;
  }

  absl::Status Open() {
    if (open_.size() >= kMaxPatternDepth) return Malformed("Regular expression too big");
    open_.push_back(out_.size());
    out_ += '(';
    at_start_ = true;
    after_anchor_ = false;
    return absl::OkStatus();
  }

  absl::Status Close() {
    if (open_.empty()) {
      if (basic_) return Malformed("Unmatched ( or \\(");
      Atom(WriteRe2Byte(')'));
      return absl::OkStatus();
    }
    Atom(")");
    atom_ = open_.back();
    open_.pop_back();
    return absl::OkStatus();
  }

  bool HasOperand() const { return !at_start_ && !after_anchor_; }

  absl::Status Repeat(char op) {
    if (!HasOperand()) {
      if (!basic_) return Malformed("Invalid preceding regular expression");
      Atom(WriteRe2Byte(op));
      return absl::OkStatus();
    }
    // Two in a row are no basic expression, for glibc.
    if (basic_ && op == '*' && repeated_ != Repeated::kNo) {
      return Malformed("Invalid preceding regular expression");
    }
    if (repeated_ == Repeated::kNo) {
      out_ += op;
    } else if (repeated_ == Repeated::kByInterval) {
      Wrap();
      out_ += op;
    } else if (out_.back() != op) {
      out_.back() = '*';  // (x+)? and all the others are x*
    }
    repeated_ = Repeated::kByOperator;
    return absl::OkStatus();
  }

  // RE2 reads "a{2}?" in a way of its own.
  void Wrap() {
    out_.insert(atom_, "(?:");
    out_ += ')';
  }

  absl::Status Interval() {
    const absl::string_view end = basic_ ? "\\}" : "}";
    const size_t at = rest_.find(end);
    if (at == absl::string_view::npos) return Malformed("Unmatched \\{");
    const absl::string_view text = rest_.substr(0, at);
    const size_t comma = text.find(',');
    int low = 0, high = -1;
    const absl::string_view first = text.substr(0, comma);
    if (!ParseBound(first, low) && !(first.empty() && comma != absl::string_view::npos)) {
      return Malformed("Invalid content of \\{\\}");
    }
    if (comma == absl::string_view::npos) {
      high = low;
    } else if (const absl::string_view second = text.substr(comma + 1);
               !second.empty() && (!ParseBound(second, high) || high < low)) {
      return Malformed("Invalid content of \\{\\}");
    }
    if (low > kMaxRepeats || high > kMaxRepeats) return Malformed("Regular expression too big");
    if (low > kMaxRe2Repeats || high > kMaxRe2Repeats) {
      return absl::UnimplementedError(
          absl::StrCat("more than ", kMaxRe2Repeats, " repetitions are not supported"));
    }
    rest_.remove_prefix(at + end.size());
    if (!HasOperand() || (basic_ && repeated_ != Repeated::kNo)) {
      return Malformed("Invalid preceding regular expression");
    }
    if (repeated_ != Repeated::kNo) Wrap();
    repeated_ = Repeated::kByInterval;
    absl::StrAppend(&out_, "{", low, high == low ? "" : ",",
                    high >= 0 && high != low ? absl::StrCat(high) : "", "}");
    return absl::OkStatus();
  }

  static bool ParseBound(absl::string_view text, int& bound) {
    if (text.empty() || text.size() > 9) return false;
    for (const char c : text) {
      if (!absl::ascii_isdigit(c)) return false;
    }
    return absl::SimpleAtoi(text, &bound);
  }

  absl::string_view rest_;
  const bool basic_;
  const PosixCase letters_;
  bool at_start_ = true;       // of the pattern, a group or an alternative
  bool after_anchor_ = false;  // one was the last
  enum class Repeated : uint8_t { kNo, kByOperator, kByInterval };
  Repeated repeated_ = Repeated::kNo;  // the last atom,
  size_t atom_ = 0;                    // which begins here in out_
  std::vector<size_t> open_;           // where groups begin in out_
  unsigned char byte_ = 0;
  std::string written_;
  std::string out_;
};

}  // namespace

absl::StatusOr<std::string> TranslatePosixPattern(absl::string_view pattern, PosixSyntax syntax,
                                                  PosixCase letters) {
  if (pattern.size() > kMaxPatternBytes) return Malformed("Regular expression too big");
  return Translator(pattern, syntax, letters).Translate();
}

}  // namespace stagepost
