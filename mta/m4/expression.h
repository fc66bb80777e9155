// What eval computes: an expression of 32-bit two's complement integers.
//
// Operators, from what binds least: || && | ^ & ==,!= <,<=,>,>= <<,>> +,- *,/,% ** (to the right),
// and before a value + - ~ !. Numbers: decimal, 0 octal, 0x, 0b, 0rRADIX:DIGITS with a radix of 1
// to
// 36. Arithmetic wraps; shifts count modulo 32. GNU m4 manual, "Eval".
#ifndef STAGEPOST_MTA_M4_EXPRESSION_H_
#define STAGEPOST_MTA_M4_EXPRESSION_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

enum class M4ExpressionError : uint8_t {
  kNone,
  // These three do not matter where && or || does not need the value.
  kDivideByZero,
  kModuloByZero,
  kNegativeExponent,
  kBad,
  kMissingParenthesis,
  kBadInput,     // what follows a whole expression is no operator
  kExcessInput,  // what follows a whole expression is the beginning of another
  kInvalidOperator,
  kTooDeep,
};

struct M4ExpressionResult {
  int32_t value = 0;
  M4ExpressionError error = M4ExpressionError::kNone;
  uint32_t single_equals = 0;  // how often `=` stood for `==`, which GNU m4 warns about
};

// Parentheses, signs and ** nest to this depth.
inline constexpr int kMaxM4ExpressionDepth = 1000;

M4ExpressionResult EvaluateM4(absl::string_view expression);

// As GNU m4 says it, up to the expression itself: "divide by zero in eval".
absl::string_view M4ExpressionErrorText(M4ExpressionError error);

// `value` in `radix` (1 to 36) with at least `width` digits. Radix 1: as many 1s as the value.
std::string FormatM4Integer(int32_t value, int radix, size_t width);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_EXPRESSION_H_
