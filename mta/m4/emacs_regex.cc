#include "mta/m4/emacs_regex.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mta/base/status_macros.h"
#include "re2/re2.h"

namespace stagepost {
namespace {

constexpr int64_t kMaxRegexMemory = 8 << 20;
constexpr int kMaxGroupDepth = 200;
constexpr int kMaxPostfixes = 50;  // of one atom: a**** nests in RE2

bool IsWordByte(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

std::string Byte(char c) { return absl::StrFormat("\\x%02x", static_cast<unsigned char>(c)); }

class Translator {
 public:
  explicit Translator(absl::string_view pattern) : rest_(pattern) {}

  absl::StatusOr<std::string> Run() {
    while (!rest_.empty()) RETURN_IF_ERROR(Piece());
    if (!groups_.empty()) return absl::InvalidArgumentError("Unmatched ( or \\(");
    if (word_start_open_) return NoWordBorder();
    return std::move(out_);
  }

 private:
  static absl::Status NoWordBorder() {
    return absl::UnimplementedError(
        "\\< and \\> are understood only next to something that must be a word character");
  }

  char Take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  // Whether * + ? and ^ stand at the beginning of an alternative.
  bool at_start() const { return at_start_; }

  bool AtEndOfAlternative() const {
    return rest_.empty() || absl::string_view(rest_).substr(0, 2) == "\\)" ||
           absl::string_view(rest_).substr(0, 2) == "\\|";
  }

  absl::Status Piece() {
    const char c = Take();
    switch (c) {
      case '*':
      case '+':
      case '?':
        if (at_start()) return Atom(Byte(c), IsWordByte(c));
        return Postfix(c);
      case '.':
        return Atom("[^\\n]", false);
      case '[':
        return Bracket();
      case '^':
        if (!at_start()) return Atom(Byte(c), false);
        return Border("(?m:^)");
      case '$':
        if (!AtEndOfAlternative()) return Atom(Byte(c), false);
        return Border("(?m:$)");
      case '\\':
        return Escape();
      default:
        return Atom(Byte(c), IsWordByte(c));
    }
  }

  absl::Status Escape() {
    if (rest_.empty()) return absl::InvalidArgumentError("Trailing backslash");
    const char c = Take();
    switch (c) {
      case '(':
        return Open();
      case ')':
        return Close();
      case '|':
        return Alternative();
      case 'w':
        return Atom("[0-9A-Za-z_]", true);
      case 'W':
        return Atom("[^0-9A-Za-z_]", false);
      case 's':
        return Atom("[\\x09-\\x0d ]", false);
      case 'S':
        return Atom("[^\\x09-\\x0d ]", false);
      case 'b':
        return Border("\\b");
      case 'B':
        return Border("\\B");
      case '`':
        return Border("\\A");
      case '\'':
        return Border("\\z");
      case '<':
        RETURN_IF_ERROR(Border("\\b"));
        word_start_open_ = true;
        return absl::OkStatus();
      case '>':
        if (!last_is_word_ || last_is_optional_) return NoWordBorder();
        return Border("\\b");
      default:
        if (c >= '1' && c <= '9') {
          return absl::UnimplementedError("back-references are not supported");
        }
        return Atom(Byte(c), IsWordByte(c));
    }
  }

  // Something of width one, or a group.
  absl::Status Atom(absl::string_view translated, bool is_word) {
    first_of_word_ = false;
    atom_ = out_.size();
    absl::StrAppend(&out_, translated);
    postfixes_ = 0;
    has_atom_ = true;
    at_start_ = false;
    last_is_word_ = is_word;
    last_is_optional_ = false;
    if (word_start_open_) {
      if (!is_word) return NoWordBorder();
      word_start_open_ = false;
      first_of_word_ = true;
    }
    return absl::OkStatus();
  }

  // Something of width zero.
  absl::Status Border(absl::string_view translated) {
    first_of_word_ = false;
    if (word_start_open_) return NoWordBorder();
    atom_ = out_.size();
    absl::StrAppend(&out_, translated);
    postfixes_ = 0;
    has_atom_ = true;
    at_start_ = absl::StrContains(translated, "^");
    last_is_word_ = false;
    return absl::OkStatus();
  }

  absl::Status Postfix(char op) {
    if (!has_atom_) return Atom(Byte(op), false);
    if (op != '+') {
      if (first_of_word_) return NoWordBorder();
      last_is_optional_ = true;
    }
    if (++postfixes_ > kMaxPostfixes) {
      return absl::UnimplementedError("too many repetitions of one thing");
    }
    // RE2 would take a second one for another operator.
    if (postfixes_ > 1) {
      out_.insert(atom_, "(?:");
      absl::StrAppend(&out_, ")");
    }
    out_ += op;
    return absl::OkStatus();
  }

  absl::Status Open() {
    first_of_word_ = false;
    if (word_start_open_) return NoWordBorder();
    if (groups_.size() >= kMaxGroupDepth) {
      return absl::UnimplementedError("groups are nested too deeply");
    }
    groups_.push_back(out_.size());
    out_ += '(';
    StartAlternative();
    return absl::OkStatus();
  }

  absl::Status Close() {
    if (groups_.empty()) return absl::InvalidArgumentError("Unmatched ) or \\)");
    if (word_start_open_) return NoWordBorder();
    out_ += ')';
    atom_ = groups_.back();
    groups_.pop_back();
    postfixes_ = 0;
    has_atom_ = true;
    at_start_ = false;
    first_of_word_ = false;
    last_is_word_ = false;
    return absl::OkStatus();
  }

  absl::Status Alternative() {
    if (word_start_open_) return NoWordBorder();
    out_ += '|';
    StartAlternative();
    return absl::OkStatus();
  }

  void StartAlternative() {
    at_start_ = true;
    has_atom_ = false;
    first_of_word_ = false;
    last_is_word_ = false;
    postfixes_ = 0;
  }

  // After '['.
  absl::Status Bracket() {
    const absl::Status unmatched = absl::InvalidArgumentError("Unmatched [, [^, [:, [., or [=");
    std::vector<bool> members(256);
    const bool negated = !rest_.empty() && rest_.front() == '^';
    if (negated) rest_.remove_prefix(1);
    if (rest_.empty()) return absl::InvalidArgumentError("Invalid regular expression");
    bool first = true;
    while (true) {
      if (rest_.empty()) return unmatched;
      const char low = Take();
      if (low == ']' && !first) break;
      first = false;
      if (low == '[' && !rest_.empty() && (rest_.front() == '.' || rest_.front() == '=')) {
        return absl::UnimplementedError("collating elements are not supported");
      }
      char high = low;
      if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        high = Take();
      }
      for (int c = static_cast<unsigned char>(low); c <= static_cast<unsigned char>(high); ++c) {
        members[static_cast<size_t>(c)] = true;
      }
    }
    if (negated) members.flip();
    bool is_word = true;
    std::string out = "[";
    for (size_t c = 0; c < 256; ++c) {
      if (!members[c]) continue;
      is_word = is_word && IsWordByte(static_cast<char>(c));
      size_t last = c;
      while (last < 255 && members[last + 1]) ++last;
      for (size_t k = c; k <= last; ++k) is_word = is_word && IsWordByte(static_cast<char>(k));
      absl::StrAppend(&out, Byte(static_cast<char>(c)), "-", Byte(static_cast<char>(last)));
      c = last;
    }
    const bool empty = out == "[";
    return Atom(empty ? "[^\\x00-\\xff]" : absl::StrCat(out, "]"), is_word && !empty);
  }

  absl::string_view rest_;
  std::string out_;
  std::vector<size_t> groups_;  // where each open one begins in out_
  size_t atom_ = 0;             // where the last atom begins in out_
  int postfixes_ = 0;           // of the last atom
  bool has_atom_ = false;
  bool at_start_ = true;
  bool word_start_open_ = false;   // \< came last
  bool first_of_word_ = false;     // the last atom comes after \<
  bool last_is_word_ = false;      // the last atom is a word character
  bool last_is_optional_ = false;  // or may be nothing
};

}  // namespace

absl::StatusOr<std::string> TranslateEmacsRegex(absl::string_view pattern) {
  return Translator(pattern).Run();
}

absl::StatusOr<std::shared_ptr<const EmacsRegex>> EmacsRegex::Compile(absl::string_view pattern) {
  if (pattern.size() > kMaxM4RegexBytes) {
    return absl::ResourceExhaustedError("the regular expression is too long");
  }
  ASSIGN_OR_RETURN(const std::string translated, TranslateEmacsRegex(pattern));
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_longest_match(true);
  options.set_log_errors(false);
  options.set_max_mem(kMaxRegexMemory);
  auto regex = std::make_unique<const re2::RE2>(translated, options);
  if (!regex->ok()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the regular expression is too much: ", regex->error()));
  }
  return std::make_shared<const EmacsRegex>(std::move(regex));
}

EmacsRegex::EmacsRegex(std::unique_ptr<const re2::RE2> regex) : regex_(std::move(regex)) {}
EmacsRegex::~EmacsRegex() = default;

int EmacsRegex::groups() const { return regex_->NumberOfCapturingGroups(); }

bool EmacsRegex::Search(absl::string_view text, size_t start,
                        std::vector<absl::string_view>* match) const {
  std::vector<re2::StringPiece> found(static_cast<size_t>(groups()) + 1);
  if (!regex_->Match(re2::StringPiece(text.data(), text.size()), start, text.size(),
                     re2::RE2::UNANCHORED, found.data(), static_cast<int>(found.size()))) {
    return false;
  }
  match->clear();
  for (const re2::StringPiece& piece : found) match->emplace_back(piece.data(), piece.size());
  return true;
}

}  // namespace stagepost
