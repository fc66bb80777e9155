#include "mta/m4/expression.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"

namespace stagepost {
namespace {

using Error = M4ExpressionError;

enum class Op : uint8_t {
  kEnd,
  kNumber,
  kOpen,
  kClose,
  kComplement,
  kNot,
  kPower,
  kTimes,
  kDivide,
  kModulo,
  kPlus,
  kMinus,
  kShiftLeft,
  kShiftRight,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kSingleEqual,  // `=`, which GNU m4 takes for `==`
  kNotEqual,
  kBitAnd,
  kBitXor,
  kBitOr,
  kAnd,
  kOr,
  kInvalid,  // C has such an operator, m4 has not
  kUnknown,  // no token at all
};

// How tightly a binary operator binds; 0: none.
int LevelOf(Op op) {
  switch (op) {
    case Op::kOr:
      return 1;
    case Op::kAnd:
      return 2;
    case Op::kBitOr:
      return 3;
    case Op::kBitXor:
      return 4;
    case Op::kBitAnd:
      return 5;
    case Op::kEqual:
    case Op::kSingleEqual:
    case Op::kNotEqual:
      return 6;
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual:
      return 7;
    case Op::kShiftLeft:
    case Op::kShiftRight:
      return 8;
    case Op::kPlus:
    case Op::kMinus:
      return 9;
    case Op::kTimes:
    case Op::kDivide:
    case Op::kModulo:
      return 10;
    case Op::kPower:
      return 11;
    default:
      return 0;
  }
}
constexpr int kPowerLevel = 11;

int DigitOf(char c) {
  if (absl::ascii_isdigit(static_cast<unsigned char>(c))) return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
}

int32_t Wrap(uint64_t value) { return static_cast<int32_t>(static_cast<uint32_t>(value)); }

// Splits the expression into tokens, one at a time.
class Lexer {
 public:
  explicit Lexer(absl::string_view text) : text_(text) { Next(); }

  Op op() const { return op_; }
  int32_t number() const { return number_; }

  void Next() {
    while (!text_.empty() && absl::ascii_isspace(static_cast<unsigned char>(text_.front()))) {
      text_.remove_prefix(1);
    }
    if (text_.empty()) {
      op_ = Op::kEnd;
    } else if (absl::ascii_isdigit(static_cast<unsigned char>(text_.front()))) {
      op_ = ReadNumber();
    } else {
      op_ = ReadOperator();
    }
  }

 private:
  bool Take(absl::string_view what) {
    if (text_.substr(0, what.size()) != what) return false;
    text_.remove_prefix(what.size());
    return true;
  }

  Op ReadNumber() {
    int radix = 10;
    if (Take("0")) {
      radix = 8;
      if (Take("x") || Take("X")) {
        radix = 16;
      } else if (Take("b") || Take("B")) {
        radix = 2;
      } else if (Take("r") || Take("R")) {
        radix = 0;
        while (!text_.empty() && DigitOf(text_.front()) < 10 && radix <= 36) {
          radix = radix * 10 + DigitOf(text_.front());
          text_.remove_prefix(1);
        }
        if (radix < 1 || radix > 36 || !Take(":")) return Op::kUnknown;
      }
    }
    uint32_t value = 0;
    while (!text_.empty()) {
      const int digit = DigitOf(text_.front());
      if (radix == 1 ? digit != 1 : digit >= radix) break;
      value = radix == 1 ? value + 1 : value * radix + digit;
      text_.remove_prefix(1);
    }
    number_ = Wrap(value);
    return Op::kNumber;
  }

  Op ReadOperator() {
    struct Spelling {
      absl::string_view text;
      Op op;
    };
    // Longer ones first.
    static constexpr std::array kSpellings = {
        Spelling{"<<=", Op::kInvalid},  Spelling{">>=", Op::kInvalid},
        Spelling{"<<", Op::kShiftLeft}, Spelling{">>", Op::kShiftRight},
        Spelling{"**=", Op::kInvalid},  Spelling{"**", Op::kPower},
        Spelling{"*=", Op::kInvalid},   Spelling{"++", Op::kInvalid},
        Spelling{"+=", Op::kInvalid},   Spelling{"--", Op::kInvalid},
        Spelling{"-=", Op::kInvalid},   Spelling{"/=", Op::kInvalid},
        Spelling{"%=", Op::kInvalid},   Spelling{"&&", Op::kAnd},
        Spelling{"&=", Op::kInvalid},   Spelling{"||", Op::kOr},
        Spelling{"|=", Op::kInvalid},   Spelling{"^=", Op::kInvalid},
        Spelling{"==", Op::kEqual},     Spelling{"!=", Op::kNotEqual},
        Spelling{"<=", Op::kLessEqual}, Spelling{">=", Op::kGreaterEqual},
        Spelling{"<", Op::kLess},       Spelling{">", Op::kGreater},
        Spelling{"*", Op::kTimes},      Spelling{"+", Op::kPlus},
        Spelling{"-", Op::kMinus},      Spelling{"/", Op::kDivide},
        Spelling{"%", Op::kModulo},     Spelling{"&", Op::kBitAnd},
        Spelling{"|", Op::kBitOr},      Spelling{"^", Op::kBitXor},
        Spelling{"~", Op::kComplement}, Spelling{"!", Op::kNot},
        Spelling{"(", Op::kOpen},       Spelling{")", Op::kClose},
    };
    for (const Spelling& spelling : kSpellings) {
      if (Take(spelling.text)) return spelling.op;
    }
    return Take("=") ? Op::kSingleEqual : Op::kUnknown;
  }

  absl::string_view text_;
  Op op_ = Op::kEnd;
  int32_t number_ = 0;
};

Error Power(int32_t base, int32_t exponent, int32_t* value) {
  if (base == 0 && exponent == 0) return Error::kDivideByZero;
  if (exponent < 0) return Error::kNegativeExponent;
  uint32_t result = 1;
  uint32_t square = static_cast<uint32_t>(base);
  for (uint32_t left = static_cast<uint32_t>(exponent); left != 0; left >>= 1) {
    if ((left & 1) != 0) result *= square;
    square *= square;
  }
  *value = Wrap(result);
  return Error::kNone;
}

Error Divide(Op op, int32_t a, int32_t b, int32_t* value) {
  if (b == 0) return op == Op::kDivide ? Error::kDivideByZero : Error::kModuloByZero;
  const int64_t x = a;
  *value = Wrap(static_cast<uint64_t>(op == Op::kDivide ? x / b : x % b));
  return Error::kNone;
}

// *a = *a op b, for the operators that need both.
Error Apply(Op op, int32_t* a, int32_t b) {
  const uint32_t x = static_cast<uint32_t>(*a);
  const uint32_t y = static_cast<uint32_t>(b);
  switch (op) {
    case Op::kBitOr:
      *a = Wrap(x | y);
      return Error::kNone;
    case Op::kBitXor:
      *a = Wrap(x ^ y);
      return Error::kNone;
    case Op::kBitAnd:
      *a = Wrap(x & y);
      return Error::kNone;
    case Op::kEqual:
    case Op::kSingleEqual:
      *a = *a == b;
      return Error::kNone;
    case Op::kNotEqual:
      *a = *a != b;
      return Error::kNone;
    case Op::kLess:
      *a = *a < b;
      return Error::kNone;
    case Op::kLessEqual:
      *a = *a <= b;
      return Error::kNone;
    case Op::kGreater:
      *a = *a > b;
      return Error::kNone;
    case Op::kGreaterEqual:
      *a = *a >= b;
      return Error::kNone;
    case Op::kShiftLeft:
      *a = Wrap(x << (y & 31));
      return Error::kNone;
    case Op::kShiftRight:
      *a >>= y & 31;
      return Error::kNone;
    case Op::kPlus:
      *a = Wrap(x + y);
      return Error::kNone;
    case Op::kMinus:
      *a = Wrap(x - y);
      return Error::kNone;
    case Op::kTimes:
      *a = Wrap(x * y);
      return Error::kNone;
    case Op::kPower:
      return Power(*a, b, a);
    default:
      return Divide(op, *a, b, a);
  }
}

// Whether an error of computing, not of writing.
bool IsArithmetic(Error error) {
  return error == Error::kDivideByZero || error == Error::kModuloByZero ||
         error == Error::kNegativeExponent;
}

class Evaluator {
 public:
  explicit Evaluator(absl::string_view text) : lexer_(text) {}

  M4ExpressionResult Run() {
    int32_t value = 0;
    Error error = Binary(1, &value);
    if (error == Error::kNone && lexer_.op() != Op::kEnd) {
      error = lexer_.op() == Op::kInvalid   ? Error::kInvalidOperator
              : lexer_.op() == Op::kUnknown ? Error::kBadInput
                                            : Error::kExcessInput;
    }
    return {value, error, single_equals_};
  }

 private:
  // A chain of operators that bind at `level` or tighter.
  Error Binary(int level, int32_t* value) {
    if (Error error = Unary(value); error != Error::kNone) return error;
    return BinaryRest(level, value);
  }

  Error BinaryRest(int level, int32_t* value) {
    while (true) {
      const Op op = lexer_.op();
      const int found = LevelOf(op);
      if (found == 0 || found < level) return Error::kNone;
      lexer_.Next();
      int32_t right = 0;
      if (++depth_ > kMaxM4ExpressionDepth) return Error::kTooDeep;
      Error error = Binary(found == kPowerLevel ? found : found + 1, &right);
      --depth_;
      if (op == Op::kAnd || op == Op::kOr) {
        const bool decided = (*value != 0) == (op == Op::kOr);
        if (decided && IsArithmetic(error)) {
          // Reading stopped at the error; what is left of the operand is too much.
          if (LevelOf(lexer_.op()) > found) return Error::kExcessInput;
          error = Error::kNone;
        }
        if (error != Error::kNone) return error;
        *value = decided ? op == Op::kOr : right != 0;
        continue;
      }
      if (error == Error::kNone && op == Op::kSingleEqual) ++single_equals_;
      if (error == Error::kNone) error = Apply(op, value, right);
      if (error != Error::kNone) return error;
    }
  }

  Error Unary(int32_t* value) {
    if (++depth_ > kMaxM4ExpressionDepth) return Error::kTooDeep;
    const Error error = UnaryHere(value);
    --depth_;
    return error;
  }

  Error UnaryHere(int32_t* value) {
    const Op op = lexer_.op();
    *value = lexer_.number();
    if (op == Op::kUnknown) return begun_ ? Error::kBadInput : Error::kBad;
    begun_ = true;
    lexer_.Next();
    if (op == Op::kNumber) return Error::kNone;
    if (op == Op::kOpen) {
      if (Error error = Binary(1, value); error != Error::kNone) return error;
      return CloseParenthesis();
    }
    if (op == Op::kInvalid) return Error::kInvalidOperator;
    if (op != Op::kPlus && op != Op::kMinus && op != Op::kComplement && op != Op::kNot) {
      return Error::kBad;
    }
    const Error error = Unary(value);
    if (op == Op::kMinus) *value = Wrap(0u - static_cast<uint32_t>(*value));
    if (op == Op::kComplement) *value = ~*value;
    if (op == Op::kNot) *value = *value == 0;
    return error;
  }

  Error CloseParenthesis() {
    const Op op = lexer_.op();
    if (op == Op::kUnknown) return Error::kBadInput;
    if (op != Op::kClose) return Error::kMissingParenthesis;
    lexer_.Next();
    return Error::kNone;
  }

  Lexer lexer_;
  int depth_ = 0;
  bool begun_ = false;  // a token has been taken
  uint32_t single_equals_ = 0;
};

}  // namespace

M4ExpressionResult EvaluateM4(absl::string_view expression) { return Evaluator(expression).Run(); }

absl::string_view M4ExpressionErrorText(M4ExpressionError error) {
  switch (error) {
    case Error::kNone:
      return "no error in eval";
    case Error::kDivideByZero:
      return "divide by zero in eval";
    case Error::kModuloByZero:
      return "modulo by zero in eval";
    case Error::kNegativeExponent:
      return "negative exponent in eval";
    case Error::kBad:
      return "bad expression in eval";
    case Error::kMissingParenthesis:
      return "bad expression in eval (missing right parenthesis)";
    case Error::kBadInput:
      return "bad expression in eval (bad input)";
    case Error::kExcessInput:
      return "bad expression in eval (excess input)";
    case Error::kInvalidOperator:
      return "invalid operator in eval";
    case Error::kTooDeep:
      return "expression nested too deeply in eval";
  }
  return "error in eval";
}

std::string FormatM4Integer(int32_t value, int radix, size_t width) {
  uint32_t left = value < 0 ? 0u - static_cast<uint32_t>(value) : static_cast<uint32_t>(value);
  std::string digits;
  if (radix == 1) {
    digits.assign(left, '1');
  } else {
    do {
      digits += "0123456789abcdefghijklmnopqrstuvwxyz"[left % static_cast<uint32_t>(radix)];
      left /= static_cast<uint32_t>(radix);
    } while (left != 0);
  }
  if (digits.size() < width) digits.append(width - digits.size(), '0');
  if (value < 0) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace stagepost
