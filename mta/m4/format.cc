#include "mta/m4/format.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/charconv.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "mta/m4/number.h"

namespace stagepost {
namespace {

constexpr absl::string_view kConversions = "aAcdeEfFgGiosuxX";
constexpr int kMaxPrecision = 4000;  // digits that a double cannot have

bool Has(absl::string_view text, char c) { return text.find(c) != absl::string_view::npos; }

struct Specifier {
  std::string flags;
  int width = 0;
  int precision = -1;  // -1: none
  std::string length;  // "", "h", "hh", "l"
  char conversion = 0;
};

class Formatter {
 public:
  Formatter(absl::string_view format, absl::Span<const absl::string_view> arguments,
            size_t max_bytes)
      : format_(format), rest_(format), arguments_(arguments), max_bytes_(max_bytes) {}

  M4FormatResult Run() {
    while (!rest_.empty() && !result_.too_long) {
      const size_t percent = rest_.find('%');
      Append(rest_.substr(0, percent));
      if (percent == absl::string_view::npos) break;
      rest_.remove_prefix(percent + 1);
      Convert();
    }
    return std::move(result_);
  }

 private:
  void Append(absl::string_view text) {
    if (text.size() > max_bytes_ - result_.text.size()) {
      result_.too_long = true;
      return;
    }
    absl::StrAppend(&result_.text, text);
  }

  char Peek() const { return rest_.empty() ? '\0' : rest_.front(); }

  absl::string_view NextArgument() {
    if (arguments_.empty()) return "0";
    const absl::string_view argument = arguments_.front();
    arguments_.remove_prefix(1);
    return argument;
  }

  int64_t NextInteger(bool is_long) {
    const absl::string_view argument = NextArgument();
    const M4Number number = ParseM4Number(argument);
    NoteNumber(argument, number.empty, number.leading_space, number.numeric);
    const bool fits = is_long || number.value == static_cast<int32_t>(number.value);
    if (number.numeric && (number.overflow || !fits))
      result_.messages.push_back("numeric overflow detected");
    return is_long ? number.value : static_cast<int32_t>(number.value);
  }

  double NextDouble() {
    const absl::string_view argument = NextArgument();
    double value = 0;
    absl::string_view rest = argument;
    while (!rest.empty() && absl::ascii_isspace(static_cast<unsigned char>(rest.front()))) {
      rest.remove_prefix(1);
    }
    const bool space = rest.size() < argument.size();
    absl::ConsumePrefix(&rest, "+");
    const char* const end = rest.data() + rest.size();
    const absl::from_chars_result parsed = absl::from_chars(rest.data(), end, value);
    const bool numeric = parsed.ec != std::errc::invalid_argument && parsed.ptr == end;
    NoteNumber(argument, argument.empty(), space, numeric);
    return value;
  }

  void NoteNumber(absl::string_view argument, bool empty, bool space, bool numeric) {
    if (empty) {
      result_.messages.push_back("empty string treated as 0");
    } else if (!numeric) {
      result_.messages.push_back(absl::StrCat("non-numeric argument ", argument));
    } else if (space) {
      result_.messages.push_back("leading whitespace ignored");
    }
  }

  // A width or a precision: digits, or * for an argument.
  int64_t ReadSize() {
    if (Peek() == '*') {
      rest_.remove_prefix(1);
      return NextInteger(/*is_long=*/false);
    }
    int64_t value = 0;
    while (absl::ascii_isdigit(static_cast<unsigned char>(Peek()))) {
      if (value < std::numeric_limits<int32_t>::max()) value = value * 10 + (Peek() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  void ReadWidth(Specifier* specifier) {
    int64_t width = ReadSize();
    if (width < 0) {
      specifier->flags += '-';
      width = -width;
    }
    if (width > static_cast<int64_t>(max_bytes_) || width > 100'000'000) {
      result_.too_long = true;
      width = 0;
    }
    specifier->width = static_cast<int>(width);
  }

  // Which conversions still make sense after what has been read.
  static std::string Allowed(const Specifier& specifier, bool precision) {
    std::string refused;
    const auto has = [&](char flag) { return Has(specifier.flags, flag); };
    if (has('#')) refused += "cdisu";
    if (has('+') || has(' ')) refused += "cosuxX";
    if (has('0')) refused += "cs";
    if (has('\'')) refused += "aAceEosxX";
    if (precision) refused += "c";
    if (specifier.length == "h" || specifier.length == "hh") refused += "aAceEfFgGs";
    if (specifier.length == "l") refused += "cs";
    std::string allowed;
    for (const char c : kConversions) {
      if (!Has(refused, c)) allowed += c;
    }
    return allowed;
  }

  void Convert() {
    if (Peek() == '%') {
      rest_.remove_prefix(1);
      Append("%");
      return;
    }
    Specifier specifier;
    while (Has("'+ 0#-", Peek()) && Peek() != '\0') {
      specifier.flags += Peek();
      rest_.remove_prefix(1);
    }
    ReadWidth(&specifier);
    const bool precision = Peek() == '.';
    if (precision) {
      rest_.remove_prefix(1);
      const int64_t value = ReadSize();
      specifier.precision = value < 0 ? -1 : static_cast<int>(std::min<int64_t>(value, 1 << 30));
    }
    for (const absl::string_view length : {"hh", "h", "l"}) {
      if (absl::StartsWith(rest_, length)) {
        specifier.length = std::string(length);
        rest_.remove_prefix(length.size());
        break;
      }
    }
    const char conversion = Peek();
    if (!rest_.empty()) rest_.remove_prefix(1);
    if (conversion == '\0' || !Has(Allowed(specifier, precision), conversion)) {
      result_.messages.push_back(
          absl::StrCat("Warning: unrecognized specifier in `", format_, "'"));
      return;
    }
    specifier.conversion = conversion;
    Print(specifier);
  }

  void Print(Specifier specifier) {
    if (specifier.conversion == 's') {
      const absl::string_view text = arguments_.empty() ? "" : NextArgument();
      Pad(specifier, text.substr(0, specifier.precision < 0 ? text.npos : specifier.precision));
    } else if (specifier.conversion == 'c') {
      const char c = static_cast<char>(NextInteger(/*is_long=*/false));
      // A NUL ends what C prints.
      Pad(specifier, absl::string_view(&c, c == '\0' ? 0 : 1));
    } else if (Has("aAeEfFgG", specifier.conversion)) {
      PrintDouble(specifier, NextDouble());
    } else {
      PrintInteger(specifier);
    }
  }

  void Pad(const Specifier& specifier, absl::string_view text) {
    const size_t width = static_cast<size_t>(specifier.width);
    const std::string space(width > text.size() ? width - text.size() : 0, ' ');
    if (Has(specifier.flags, '-')) {
      Append(text);
      Append(space);
    } else {
      Append(space);
      Append(text);
    }
  }

  void PrintInteger(const Specifier& specifier) {
    int64_t value = NextInteger(specifier.length == "l");
    const bool is_signed = specifier.conversion == 'd' || specifier.conversion == 'i';
    uint64_t magnitude = 0;
    if (specifier.length == "h") value = static_cast<int16_t>(value);
    if (specifier.length == "hh") value = static_cast<int8_t>(value);
    if (is_signed) {
      magnitude = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    } else {
      magnitude = static_cast<uint64_t>(value);
      if (specifier.length.empty()) magnitude = static_cast<uint32_t>(magnitude);
      if (specifier.length == "h") magnitude = static_cast<uint16_t>(magnitude);
      if (specifier.length == "hh") magnitude = static_cast<uint8_t>(magnitude);
    }
    std::string digits = Digits(specifier, magnitude);
    std::string sign;
    if (is_signed && value < 0) {
      sign = "-";
    } else if (Has(specifier.flags, '+')) {
      sign = "+";
    } else if (Has(specifier.flags, ' ')) {
      sign = " ";
    }
    if (Has(specifier.flags, '#') && magnitude != 0) {
      if (specifier.conversion == 'x') sign = "0x";
      if (specifier.conversion == 'X') sign = "0X";
    }
    const size_t width = static_cast<size_t>(specifier.width);
    if (specifier.precision < 0 && Has(specifier.flags, '0') && !Has(specifier.flags, '-') &&
        width > sign.size() + digits.size()) {
      digits.insert(0, width - sign.size() - digits.size(), '0');
    }
    Pad(specifier, sign + digits);
  }

  // The digits of `magnitude`, at least as many as the precision asks for.
  std::string Digits(const Specifier& specifier, uint64_t magnitude) {
    std::string digits;
    if (specifier.conversion == 'x') {
      digits = absl::StrFormat("%x", magnitude);
    } else if (specifier.conversion == 'X') {
      digits = absl::StrFormat("%X", magnitude);
    } else if (specifier.conversion == 'o') {
      digits = absl::StrFormat("%o", magnitude);
    } else {
      digits = absl::StrCat(magnitude);
    }
    if (specifier.precision == 0 && magnitude == 0) digits.clear();
    if (specifier.precision > 0 && digits.size() < static_cast<size_t>(specifier.precision)) {
      if (static_cast<size_t>(specifier.precision) > max_bytes_) {
        result_.too_long = true;
      } else {
        digits.insert(0, static_cast<size_t>(specifier.precision) - digits.size(), '0');
      }
    }
    if (specifier.conversion == 'o' && Has(specifier.flags, '#') &&
        !absl::StartsWith(digits, "0")) {
      digits.insert(0, "0");
    }
    return digits;
  }

  void PrintDouble(const Specifier& specifier, double value) {
    if (specifier.precision > kMaxPrecision) {
      result_.too_long = true;
      return;
    }
    std::string flags = specifier.flags;
    flags.erase(std::remove(flags.begin(), flags.end(), '\''), flags.end());
    const std::string pattern =
        specifier.precision < 0
            ? absl::StrCat("%", flags, specifier.width > 0 ? absl::StrCat(specifier.width) : "",
                           std::string(1, specifier.conversion))
            : absl::StrCat("%", flags, specifier.width > 0 ? absl::StrCat(specifier.width) : "",
                           ".", specifier.precision, std::string(1, specifier.conversion));
    std::string text;
    if (absl::FormatUntyped(&text, absl::UntypedFormatSpec(pattern), {absl::FormatArg(value)})) {
      Append(text);
    }
  }

  const absl::string_view format_;
  absl::string_view rest_;
  absl::Span<const absl::string_view> arguments_;
  const size_t max_bytes_;
  M4FormatResult result_;
};

}  // namespace

M4FormatResult FormatM4(absl::string_view format, absl::Span<const absl::string_view> arguments,
                        size_t max_bytes) {
  return Formatter(format, arguments, max_bytes).Run();
}

}  // namespace stagepost
