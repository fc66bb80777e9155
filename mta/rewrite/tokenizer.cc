#include "mta/rewrite/tokenizer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace stagepost {

using Type = CharacterTypes::Type;

namespace {

// Operators wherever they stand, whatever OperatorChars says.
constexpr absl::string_view kBuiltInOperators = "()<>,;";
// In an address; more find room, too.
constexpr size_t kUsualTokens = 12;
// Quotes the character behind it inside sendmail, which does not expect it in an address.
constexpr char kMetaQuote = '\xff';

// One scan: reads characters, cuts tokens. What it is in the middle of decides where tokens end.
class Scan {
 public:
  Scan(const CharacterTypes& types, const ScanOptions& options, size_t room, TokenList& out)
      : types_(types), options_(options), out_(out), first_(out.size()) {
    token_ = write_ = out_.arena().Allocate(room);
    start_ = token_;
  }

  // False: the scan is over, by the delimiter or an error. `next` is where `c` stands in `rest`.
  bool Character(char c, absl::string_view rest) {
    if (c == options_.delimiter && options_.delimiter != '\0' && comments_ <= 0 &&
        state_ != State::kQuoted) {
      if (angles_ <= 0) return false;
      if (options_.delimiter == ',' && !route_ && !options_.lenient) {
        // One forgotten bracket must not swallow the rest of the list.
        Repair();
        return false;
      }
    }
    if (options_.delimiter == ' ' && absl::ascii_isspace(c) && !escaped_ && comments_ <= 0 &&
        angles_ <= 0 && state_ != State::kQuoted) {
      return false;
    }
    return Plain(c, rest);
  }

  // How many characters `rest` begins with that go on with the word being cut; they are stored.
  size_t Word(absl::string_view rest) {
    if (state_ != State::kAtom || escaped_ || comments_ > 0) return 0;
    size_t size = 0;
    while (size < rest.size() && types_[rest[size]] == Type::kAtom && rest[size] != '\\' &&
           rest[size] != '\0' && rest[size] != options_.delimiter) {
      ++size;
    }
    // The last few characters of the room are counted one by one.
    if (static_cast<size_t>(write_ - start_) + size + out_.size() - first_ + 5 >=
        kScanBufferBytes) {
      return 0;
    }
    write_ = std::copy_n(rest.data(), size, write_);
    return size;
  }

  // An operator of the configuration; inside quotes its characters.
  bool OperatorToken(Token token) {
    if (escaped_ || state_ == State::kQuoted) {
      for (const char c : token.text()) {
        if (!Plain(c, {})) return false;
      }
      return true;
    }
    if (!EndToken()) return false;
    for (const char c : token.text()) *write_++ = c;
    token.data = token_;
    token.MeasureInArena();
    token_ = write_;
    state_ = State::kOperator;
    if (!HasRoom()) return false;
    out_.tokens().push_back(token);
    return true;
  }

  void Finish() {
    if (failed_) return;
    if (!options_.lenient && !Repair()) return;
    EndToken();
  }

  ScanResult Result(size_t end) {
    out_.arena().Shrink(write_ - start_);
    if (failed_) out_.tokens().resize(first_);
    return {.ok = out_.size() > first_, .end = end, .messages = std::move(messages_)};
  }

 private:
  enum class State : uint8_t { kOperator, kAtom, kQuoted, kSpace, kOne };

  void Complain(absl::string_view text) {
    messages_.push_back({.reply = "553", .text = std::string(text), .names_address = true});
  }
  bool Fail(absl::string_view code, absl::string_view text) {
    messages_.push_back(
        {.reply = absl::StrCat("553 ", code), .text = std::string(text), .names_address = true});
    failed_ = true;
    return false;
  }

  bool EndToken() {
    if (write_ == token_) return true;
    const auto size = static_cast<uint32_t>(write_ - token_);
    if (size > kMaxTokenBytes) return Fail("5.1.0", "prescan: token too long");
    if (!HasRoom()) return false;
    const Type type = types_[*token_];
    const bool word = type == Type::kAtom || type == Type::kOne;
    // Filled where it will stand: to copy what has just been written takes time.
    Token& token = out_.tokens().emplace_back();
    token.data = token_;
    token.size = size;
    token.kind = word ? Token::Kind::kWord : Token::Kind::kSpecial;
    token.MeasureInArena();
    token_ = write_;
    return true;
  }

  // Closes what is still open, innermost first. A backslash in front makes it need one more.
  bool Repair() {
    while (true) {
      char closing = '>';
      if (state_ == State::kQuoted) {
        Complain("Unbalanced '\"'");
        closing = '"';
      } else if (comments_ > 0) {
        Complain("Unbalanced '('");
        closing = ')';
      } else if (angles_ > 0) {
        Complain("Unbalanced '<'");
      } else {
        return true;
      }
      if (!Plain(closing, {})) return false;
    }
  }

  bool HasRoom() {
    return out_.size() - first_ < kMaxTokens || Fail("5.1.0", "prescan: too many tokens");
  }

  bool Store(char c) {
    // Room is counted as if every token had its own end, as sendmail's buffer has.
    if (static_cast<size_t>(write_ - start_) + (out_.size() - first_) + 5 >= kScanBufferBytes) {
      return Fail("5.1.1", "Address too long");
    }
    *write_++ = c;
    return true;
  }

  bool Plain(char c, absl::string_view rest) {
    if (escaped_) {
      escaped_ = false;
      if (comments_ > 0) return true;
      // "\!" is what shells taught people to write.
      if (c != '!' || state_ == State::kQuoted) return Store('\\') && Store(c);
    }
    if (c == '\\') {
      escaped_ = true;
    } else if (state_ != State::kQuoted) {
      if (c == '(' && options_.comments == Comments::kStrip) {
        ++comments_;
        return true;
      }
      if (c == ')' && options_.comments == Comments::kStrip) {
        if (comments_ > 0) {
          --comments_;
        } else {
          Complain("Unbalanced ')'");
          return true;
        }
        c = ' ';  // what stands around a comment stays apart
        if (comments_ > 0) return true;
      } else if (comments_ > 0) {
        return true;
      } else if (c == '<') {
        ++angles_;
        const absl::string_view after = absl::StripLeadingAsciiWhitespace(rest);
        if (!after.empty() && after[0] == '@') route_ = true;
      } else if (c == '>') {
        route_ = false;
        if (angles_ > 0) {
          --angles_;
        } else if (!options_.lenient) {
          Complain("Unbalanced '>'");
          return true;
        }
      }
    }
    return Advance(c);
  }

  // Cuts tokens by the type of the character.
  bool Advance(char c) {
    Type type = types_[c];
    if (type == Type::kOne && options_.comments == Comments::kStrip) type = Type::kAtom;
    if (state_ == State::kQuoted) {
      if (type == Type::kQuote) state_ = State::kOperator;
      return c == '\\' ? true : Store(c);
    }
    if (state_ == State::kOne) {
      state_ = State::kOperator;
      return c == '\\' ? true : Store(c);
    }
    const bool joins = state_ == State::kAtom && type == Type::kAtom;
    if (!joins && !EndToken()) return false;
    switch (type) {
      case Type::kOperator:
        state_ = State::kOperator;
        break;
      case Type::kAtom:
        state_ = State::kAtom;
        break;
      case Type::kQuote:
        state_ = State::kQuoted;
        break;
      case Type::kOne:
        state_ = State::kOne;
        break;
      case Type::kSpace:
        state_ = State::kSpace;
        return true;
    }
    return c == '\\' ? true : Store(c);
  }

  const CharacterTypes& types_;
  const ScanOptions& options_;
  TokenList& out_;
  const size_t first_;
  char* start_ = nullptr;
  char* token_ = nullptr;  // where the current token begins
  char* write_ = nullptr;
  State state_ = State::kAtom;
  bool escaped_ = false;
  bool route_ = false;  // inside <@…
  bool failed_ = false;
  int angles_ = 0;
  int comments_ = 0;
  std::vector<RewriteMessage> messages_;
};

// Whether joining these tokens and cutting the string again gives the same ones.
bool StaysAsItIs(absl::Span<const Token> tokens) {
  bool after_word = false;
  for (const Token& token : tokens) {
    const bool word = token.kind == Token::Kind::kWord;
    if (after_word && word) return false;
    after_word = word;
    if (token.kind >= Token::Kind::kOperator) continue;
    if (absl::StrContains(absl::string_view("()<>\xff"), token.data[0])) return false;
  }
  return true;
}

}  // namespace

CharacterTypes::CharacterTypes(absl::string_view operator_chars) {
  types_.fill(Type::kAtom);
  for (const absl::string_view operators : {operator_chars, kBuiltInOperators}) {
    for (const char c : operators) types_[static_cast<uint8_t>(c)] = Type::kOperator;
  }
  for (const char c : absl::string_view(" \t\n\v\f\r")) {
    types_[static_cast<uint8_t>(c)] = Type::kSpace;
  }
  types_['"'] = Type::kQuote;
  types_[static_cast<uint8_t>(kMetaQuote)] = Type::kOne;
  for (size_t c = 0; c < simple_.size(); ++c) {
    simple_[c] = types_[c] == Type::kAtom || types_[c] == Type::kOperator;
  }
  for (const char c : {'\\', '\0', '(', ')', '<', '>'}) simple_[static_cast<uint8_t>(c)] = false;
}

Tokenizer::Tokenizer(absl::string_view operator_chars) : types_(operator_chars) {}

namespace {

// Messages name all that was scanned, not only what stood before the delimiter.
ScanResult About(ScanResult result, absl::string_view characters) {
  for (RewriteMessage& message : result.messages) {
    if (message.names_address) message.address = std::string(characters);
  }
  return result;
}

}  // namespace

std::optional<size_t> Tokenizer::ScanSimple(absl::string_view characters,
                                            const ScanOptions& options, TokenList& out) const {
  // No limit of sendmail's can be reached then.
  if (characters.size() > kMaxAddressBytes) return std::nullopt;
  size_t end = 0;
  while (end < characters.size() && characters[end] != options.delimiter) {
    if (!types_.IsSimple(characters[end])) return std::nullopt;
    ++end;
  }
  const char* next = out.arena().Copy(characters.substr(0, end)).data();
  const char* const text_end = next + end;
  while (next < text_end) {
    Token& token = out.tokens().emplace_back();
    token.data = next;
    const bool word = types_[*next] == Type::kAtom;
    do {
      ++next;
    } while (word && next < text_end && types_[*next] == Type::kAtom);
    token.size = static_cast<uint32_t>(next - token.data);
    token.kind = word ? Token::Kind::kWord : Token::Kind::kSpecial;
    token.MeasureInArena();
  }
  return end;
}

ScanResult Tokenizer::Scan(absl::string_view characters, const ScanOptions& options,
                           TokenList& out) const {
  out.tokens().reserve(out.size() + kUsualTokens);
  const std::optional<size_t> simple = ScanSimple(characters, options, out);
  if (simple.has_value()) return {.ok = *simple > 0, .end = *simple, .messages = {}};
  // Longer ones than this fail on the way. Repairs add characters.
  const size_t room = std::min(characters.size(), kScanBufferBytes) + 64;
  class Scan scan(types_, options, room, out);
  size_t end = 0;
  for (; end < characters.size(); ++end) {
    end += scan.Word(characters.substr(end));
    if (end == characters.size() || characters[end] == '\0') break;
    if (!scan.Character(characters[end], characters.substr(end + 1))) break;
  }
  scan.Finish();
  return About(scan.Result(end), characters);
}

ScanResult Tokenizer::ScanText(const Text& text, const Names& names, TokenList& out) const {
  const ScanOptions options = {.comments = Comments::kKeep, .lenient = true};
  class Scan scan(types_, options, 2 * kScanBufferBytes, out);
  bool more = true;
  for (const Piece& piece : text) {
    if (!more) break;
    if (piece.kind == Piece::Kind::kCharacters) {
      for (size_t i = 0; more && i < piece.characters.size(); ++i) {
        more = scan.Character(piece.characters[i], {});
      }
      continue;
    }
    const std::string written = WriteText({piece}, names);
    Token token = {.data = written.data(),
                   .size = static_cast<uint32_t>(written.size()),
                   .kind = piece.kind == Piece::Kind::kOperator ? Token::Kind::kOperator
                                                                : Token::Kind::kDeferredMacro,
                   .op = piece.op,
                   .digit = piece.digit,
                   .name = piece.name};
    more = scan.OperatorToken(token);
  }
  scan.Finish();
  return scan.Result(0);
}

ScanResult Tokenizer::ScanAgain(absl::Span<const Token> tokens, char blank, TokenList& out) const {
  if (StaysAsItIs(tokens)) {
    out.tokens().insert(out.tokens().end(), tokens.begin(), tokens.end());
    return {};
  }
  const ScanOptions options = {};
  class Scan scan(types_, options, 2 * kScanBufferBytes, out);
  bool more = true;
  bool after_word = false;
  for (const Token& token : tokens) {
    const bool word = token.kind == Token::Kind::kWord;
    if (more && after_word && word) more = scan.Character(blank, {});
    after_word = word;
    if (token.kind >= Token::Kind::kOperator) {
      more = more && scan.OperatorToken(token);
      continue;
    }
    for (size_t i = 0; more && i < token.size; ++i) {
      more = scan.Character(token.data[i], token.text().substr(i + 1));
    }
  }
  scan.Finish();
  ScanResult result = scan.Result(0);
  if (!result.messages.empty()) return About(std::move(result), JoinTokens(tokens, blank));
  return result;
}

}  // namespace stagepost
