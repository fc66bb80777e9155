#include "mta/cf/text.h"

#include <utility>

#include "absl/status/status.h"

namespace stagepost {
namespace {

struct OperatorName {
  char character;
  Operator op;
};
// Those with a name or a digit behind them are not here.
constexpr OperatorName kOperators[] = {
    {'*', Operator::kZeroOrMore}, {'+', Operator::kOneOrMore}, {'-', Operator::kExactlyOne},
    {'#', Operator::kMailer},     {'@', Operator::kHost},      {':', Operator::kUser},
    {'>', Operator::kCall},       {'[', Operator::kCanonical}, {']', Operator::kCanonicalEnd},
    {'(', Operator::kLookup},     {')', Operator::kLookupEnd}, {'|', Operator::kSeparator},
    {'.', Operator::kEndIf},
};

Piece OperatorPiece(Operator op, NameId name = NameId{}, uint8_t digit = 0) {
  return {.kind = Piece::Kind::kOperator, .op = op, .digit = digit, .name = name, .characters = {}};
}

Piece MacroPiece(Piece::Kind kind, NameId name) {
  Piece piece;
  piece.kind = kind;
  piece.name = name;
  return piece;
}

// Reads what stands behind dollar signs.
class DollarParser {
 public:
  DollarParser(Names& names, std::vector<std::string>& errors, Text& text)
      : names_(names), errors_(errors), text_(text) {}

  // A name was none.
  bool failed() const { return failed_; }

  // `rest` begins behind a dollar sign; gives how much of it belongs to the sequence.
  size_t Parse(absl::string_view rest) {
    if (rest.empty()) {
      AppendCharacters(text_, "$");
      return 0;
    }
    switch (rest[0]) {
      case '$':
        AppendCharacters(text_, "$");
        return 1;
      case '&':
        return 1 + Macro(Piece::Kind::kDeferredMacro, rest.substr(1));
      case '=':
        return 1 + Named(Operator::kClass, rest.substr(1));
      case '~':
        return 1 + Named(Operator::kNotClass, rest.substr(1));
      case '?':
        return 1 + Named(Operator::kIf, rest.substr(1));
      default:
        break;
    }
    if (rest[0] >= '0' && rest[0] <= '9') {
      text_.push_back(
          OperatorPiece(Operator::kReplacement, NameId{}, static_cast<uint8_t>(rest[0] - '0')));
      return 1;
    }
    for (const OperatorName& known : kOperators) {
      if (known.character != rest[0]) continue;
      text_.push_back(OperatorPiece(known.op));
      return 1;
    }
    return Macro(Piece::Kind::kMacro, rest);
  }

 private:
  size_t Macro(Piece::Kind kind, absl::string_view rest) {
    const ScannedName scanned = names_.Scan(rest, errors_);
    text_.push_back(MacroPiece(kind, scanned.id.value_or(NameId{})));
    failed_ |= !scanned.id.has_value();
    return scanned.length;
  }

  size_t Named(Operator op, absl::string_view rest) {
    if (rest.empty()) {
      text_.push_back(OperatorPiece(op));
      return 0;
    }
    const ScannedName scanned = names_.Scan(rest, errors_);
    text_.push_back(OperatorPiece(op, scanned.id.value_or(NameId{})));
    failed_ |= !scanned.id.has_value();
    return scanned.length;
  }

  Names& names_;
  std::vector<std::string>& errors_;
  Text& text_;
  bool failed_ = false;
};

// Parses `line` up to its end or to a name that is none; gives where it stopped, npos: at the end.
size_t Parse(absl::string_view line, Names& names, std::vector<std::string>& errors, Text& text) {
  DollarParser parser(names, errors, text);
  size_t at = 0;
  while (true) {
    const size_t dollar = line.find('$', at);
    AppendCharacters(text, line.substr(at, dollar - at));
    if (dollar == line.npos) return line.npos;
    at = dollar + 1;
    at += parser.Parse(line.substr(at));
    if (parser.failed()) return dollar;
  }
}

void WriteOperator(const Piece& piece, const Names& names, std::string& to) {
  to.push_back('$');
  switch (piece.op) {
    case Operator::kClass:
      to += "=" + names.Written(piece.name);
      return;
    case Operator::kNotClass:
      to += "~" + names.Written(piece.name);
      return;
    case Operator::kIf:
      to += "?" + names.Written(piece.name);
      return;
    case Operator::kReplacement:
      to.push_back(static_cast<char>('0' + piece.digit));
      return;
    default:
      break;
  }
  for (const OperatorName& known : kOperators) {
    if (known.op == piece.op) to.push_back(known.character);
  }
}

}  // namespace

void AppendCharacters(Text& text, absl::string_view characters) {
  if (characters.empty()) return;
  if (text.empty() || text.back().kind != Piece::Kind::kCharacters) text.emplace_back();
  text.back().characters.append(characters.data(), characters.size());
}

Text ParseText(absl::string_view line, Names& names, std::vector<std::string>& errors) {
  Text text;
  Parse(line, names, errors, text);
  return text;
}

absl::string_view UntilBadName(absl::string_view line, Names& names) {
  Text text;
  std::vector<std::string> errors;
  const size_t dollar = Parse(line, names, errors, text);
  if (dollar == line.npos) return line;
  const size_t brace = line.find('{', dollar);
  return line.substr(0, brace == line.npos ? brace : brace + 1);
}

absl::StatusOr<Text> ParseText(absl::string_view line, Names& names) {
  std::vector<std::string> errors;
  Text text = ParseText(line, names, errors);
  if (!errors.empty()) return absl::InvalidArgumentError(errors[0]);
  return text;
}

Text Literal(absl::string_view characters) {
  Text text;
  AppendCharacters(text, characters);
  return text;
}

std::string WriteText(const Text& text, const Names& names) {
  std::string written;
  for (const Piece& piece : text) {
    switch (piece.kind) {
      case Piece::Kind::kCharacters:
        written += piece.characters;
        break;
      case Piece::Kind::kMacro:
        written += "$" + names.Written(piece.name);
        break;
      case Piece::Kind::kDeferredMacro:
        written += "$&" + names.Written(piece.name);
        break;
      case Piece::Kind::kOperator:
        WriteOperator(piece, names, written);
        break;
    }
  }
  return written;
}

}  // namespace stagepost
