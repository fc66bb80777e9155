// Maps that know their answers: null, arith, arpa, dequote, macro, syslog, user.
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "mta/maps/map_classes.h"

namespace stagepost {
namespace {

using MapWords = absl::Span<const absl::string_view>;

class NullMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  Task<MapAnswer> AskClass(absl::string_view, MapWords) override {
    co_return MapAnswer{.status = kExitNoHost};
  }
};

// As strtol(3) with base 0: what follows the number does not matter, too much is the most there is.
int64_t ParseLong(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  const bool negative = absl::StartsWith(text, "-");
  if (negative || absl::StartsWith(text, "+")) text.remove_prefix(1);
  uint64_t base = 10;
  if (absl::StartsWithIgnoreCase(text, "0x") && text.size() > 2 && absl::ascii_isxdigit(text[2])) {
    base = 16;
    text.remove_prefix(2);
  } else if (absl::StartsWith(text, "0")) {
    base = 8;
  }
  const uint64_t most = uint64_t{std::numeric_limits<int64_t>::max()} + (negative ? 1 : 0);
  uint64_t number = 0;
  for (const char c : text) {
    if (!absl::ascii_isxdigit(c)) break;
    const uint64_t digit = absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
    if (digit >= base) break;
    if (number > (most - digit) / base) {
      number = most;
      break;
    }
    number = number * base + digit;
  }
  return static_cast<int64_t>(negative ? 0 - number : number);
}

class ArithMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  // sendmail's buffer for the result.
  static constexpr size_t kMaxResultBytes = 15;

  Task<MapAnswer> AskClass(absl::string_view key, MapWords arguments) override {
    if (key.empty() || arguments.size() < 2) co_return MapAnswer{.status = kExitConfiguration};
    const int64_t a = ParseLong(arguments[0]);
    const int64_t b = ParseLong(arguments[1]);
    if (key[0] == 'l' || key[0] == '=') {
      const bool holds = key[0] == 'l' ? a < b : a == b;
      co_return MapAnswer{.value = holds ? "TRUE" : "FALSE"};
    }
    if (!absl::StrContains("+-*/%|&r", key.substr(0, 1))) {
      LogUnknown(key[0]);
      co_return MapAnswer{.status = kExitConfiguration};
    }
    const std::optional<int64_t> result = Compute(key[0], a, b);
    if (!result.has_value()) co_return MapAnswer{};
    co_return MapAnswer{.value = absl::StrCat(*result).substr(0, kMaxResultBytes)};
  }

  // Wraps as the machine does.
  std::optional<int64_t> Compute(char op, int64_t a, int64_t b) {
    const auto x = static_cast<uint64_t>(a);
    const auto y = static_cast<uint64_t>(b);
    const bool divisible = b != 0 && !(a == std::numeric_limits<int64_t>::min() && b == -1);
    switch (op) {
      case '+':
        return static_cast<int64_t>(x + y);
      case '-':
        return static_cast<int64_t>(x - y);
      case '*':
        return static_cast<int64_t>(x * y);
      case '|':
        return static_cast<int64_t>(x | y);
      case '&':
        return static_cast<int64_t>(x & y);
      case '/':
        return divisible ? std::optional(a / b) : std::nullopt;
      case '%':
        return divisible ? std::optional(a % b) : std::nullopt;
      default:
        break;
    }
    // r: one of a … b.
    const uint64_t range = y - x + 1;
    if (b < a || range == 0) return std::nullopt;
    return static_cast<int64_t>(x + context().env.random().Uniform(range));
  }

  void LogUnknown(char op) {
    context().env.log().Write(Severity::kWarning,
                              absl::StrCat("arith_map: unknown operator ",
                                           std::string(1, absl::ascii_isprint(op) ? op : '?')));
  }
};

class ArpaMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  Task<MapAnswer> AskClass(absl::string_view key, MapWords) override {
    const bool v6 = absl::StartsWithIgnoreCase(key, "IPv6:");
    const std::optional<IpAddress> address = IpAddress::Parse(v6 ? key.substr(5) : key);
    if (!address.has_value() || address->is_v4() == v6)
      co_return MapAnswer{.status = kExitDataError};
    std::string reversed;
    for (int i = v6 ? 15 : 3; i >= 0; --i) {
      const int byte = address->bytes()[i];
      if (!reversed.empty()) reversed += '.';
      if (v6) {
        absl::StrAppend(&reversed, absl::Hex(byte & 15), ".", absl::Hex(byte >> 4));
      } else {
        absl::StrAppend(&reversed, byte);
      }
    }
    co_return MapAnswer{.value = AppendToValue(reversed, flags())};
  }
};

// Takes the quotes off, when nothing is left that needs them.
class DequoteMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  Task<MapAnswer> AskClass(absl::string_view key, MapWords) override { co_return Answer(key); }
  std::optional<MapAnswer> AnswerClassNow(absl::string_view key, MapWords) override {
    return Answer(key);
  }

  MapAnswer Answer(absl::string_view key) const {
    const std::optional<std::string> plain = Dequote(key);
    if (!plain.has_value()) return {};
    return {.value = AppendToValue(*plain, flags())};
  }

  std::optional<std::string> Dequote(absl::string_view key) const {
    std::string plain;
    int angles = 0, parentheses = 0, quotes = 0;
    bool escaped = false;
    for (char c : key) {
      if (escaped) {
        escaped = false;
        plain += c;
        continue;
      }
      if (c == ' ' && flags().delimiter.has_value()) c = *flags().delimiter;
      if (c == ' ' || c == '\t') return std::nullopt;
      escaped = c == '\\';
      parentheses += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (parentheses < 0) return std::nullopt;
      if (parentheses == 0) {
        if (c == '"') {
          ++quotes;
          continue;
        }
        angles += c == '<' ? 1 : c == '>' ? -1 : 0;
        if (angles < 0) return std::nullopt;
      }
      plain += c;
    }
    if (escaped || angles != 0 || parentheses != 0 || quotes == 0 || quotes % 2 != 0) {
      return std::nullopt;
    }
    return plain;
  }
};

// Sets the macro that the key names to the first argument, or unsets it.
class MacroMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  Task<MapAnswer> AskClass(absl::string_view key, MapWords arguments) override {
    std::vector<std::string> errors;
    const ScannedName name = context().configuration.names.Scan(key, errors);
    if (!name.id.has_value()) co_return Failed(kExitConfiguration, absl::StrJoin(errors, "\n"));
    Macros& macros =
        context().macros != nullptr ? *context().macros : context().configuration.macros;
    if (arguments.empty()) {
      macros.Unset(*name.id);
    } else {
      macros.SetLiteral(*name.id, arguments[0]);
    }
    co_return MapAnswer{.value = "", .message = absl::StrJoin(errors, "\n")};
  }
};

class SyslogMap final : public BaseMap {
 public:
  SyslogMap(const MapArguments& arguments, MapFlags flags, Severity severity)
      : BaseMap(arguments.context, arguments.name, arguments.map_class, std::move(flags)),
        severity_(severity) {}

 private:
  Task<MapAnswer> AskClass(absl::string_view key, MapWords arguments) override {
    const absl::string_view id = context().queue_id;
    context().env.log().Write(severity_,
                              absl::StrCat(id.empty() ? absl::string_view("NOQUEUE") : id, ": ",
                                           FillInValue(key, key, arguments, flags())));
    co_return MapAnswer{.value = ""};
  }

  const Severity severity_;
};

std::optional<Severity> SeverityNamed(absl::string_view name) {
  static constexpr std::pair<const char*, Severity> kLevels[] = {
      {"EMERG", Severity::kEmergency}, {"ALERT", Severity::kAlert},
      {"CRIT", Severity::kCritical},   {"ERR", Severity::kError},
      {"WARNING", Severity::kWarning}, {"NOTICE", Severity::kNotice},
      {"INFO", Severity::kInfo},       {"DEBUG", Severity::kDebug}};
  if (absl::StartsWithIgnoreCase(name, "LOG_")) name.remove_prefix(4);
  for (const auto& [text, severity] : kLevels) {
    if (absl::EqualsIgnoreCase(name, text)) return severity;
  }
  return std::nullopt;
}

// What GECOS says of the name: up to the first separator, with & for the login name.
std::string FullName(const User& user) {
  std::string full;
  absl::string_view gecos = user.full_name;
  absl::ConsumePrefix(&gecos, "*");
  for (const char c : gecos) {
    if (c == ',' || c == ';' || c == '%') break;
    if (c != '&') {
      full += c;
    } else if (!user.name.empty()) {
      full += absl::ascii_toupper(user.name[0]);
      full.append(user.name, 1);
    }
  }
  return full;
}

class UserMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  enum class Column : uint8_t { kName, kPassword, kUserId, kGroupId, kFullName, kHome, kShell };

  static std::optional<Column> ColumnNamed(absl::string_view name) {
    static constexpr std::pair<const char*, Column> kColumns[] = {
        {"", Column::kName},      {"name", Column::kName},   {"passwd", Column::kPassword},
        {"uid", Column::kUserId}, {"gid", Column::kGroupId}, {"gecos", Column::kFullName},
        {"dir", Column::kHome},   {"shell", Column::kShell}};
    for (const auto& [text, column] : kColumns) {
      if (absl::EqualsIgnoreCase(name, text)) return column;
    }
    return std::nullopt;
  }

  Task<absl::Status> OpenClass(std::string&) override {
    const std::string name = flags().value_column.value_or("");
    const std::optional<Column> column = ColumnNamed(name);
    if (!column.has_value()) {
      co_return absl::InvalidArgumentError(
          absl::StrCat("User map ", this->name(), ": unknown column name ", name));
    }
    column_ = *column;
    co_return absl::OkStatus();
  }

  Task<MapAnswer> AskClass(absl::string_view key, MapWords arguments) override {
    const std::string folded = Folded(key);
    absl::StatusOr<User> user = context().env.accounts().FindUser(folded);
    if (absl::IsNotFound(user.status())) {
      // With -f, too: users' names are in lower case.
      user = context().env.accounts().FindUser(absl::AsciiStrToLower(folded));
    }
    if (!user.ok()) {
      co_return MapAnswer{.status = absl::IsNotFound(user.status()) ? kExitNoUser
                                                                    : kExitTemporaryFailure};
    }
    co_return Found(Field(*user), folded, arguments);
  }

  std::string Field(const User& user) const {
    switch (column_) {
      case Column::kName:
        return user.name;
      case Column::kPassword:
        return "x";
      case Column::kUserId:
        return absl::StrCat(static_cast<uint32_t>(user.id));
      case Column::kGroupId:
        return absl::StrCat(static_cast<uint32_t>(user.group));
      case Column::kFullName:
        return FullName(user);
      case Column::kHome:
        return user.home;
      case Column::kShell:
        return user.shell;
    }
    return "";
  }

  Column column_ = Column::kName;
};

template <class M>
std::unique_ptr<BaseMap> Make(const MapArguments& arguments, MapFlags flags) {
  return std::make_unique<M>(arguments.context, arguments.name, arguments.map_class,
                             std::move(flags));
}

}  // namespace

MapFlags CommonFlags(const MapArguments& arguments) {
  MapFlags flags = ParseCommonFlags(arguments.text, arguments.name, arguments.errors);
  if (arguments.of_aliases) flags.max_value_bytes = kMaxAliasValueBytes;
  return flags;
}

bool HasFile(const MapArguments& arguments, const MapFlags& flags) {
  if (!flags.file.empty()) return true;
  arguments.errors.push_back(
      absl::StrCat("No file name for ", arguments.map_class, " map ", arguments.name));
  return false;
}

std::unique_ptr<BaseMap> MakeNullMap(const MapArguments& arguments) {
  return Make<NullMap>(arguments, CommonFlags(arguments));
}
std::unique_ptr<BaseMap> MakeArithMap(const MapArguments& arguments) {
  return Make<ArithMap>(arguments, ParseDequoteFlags(arguments.text));
}
std::unique_ptr<BaseMap> MakeArpaMap(const MapArguments& arguments) {
  return Make<ArpaMap>(arguments, ParseDequoteFlags(arguments.text));
}
std::unique_ptr<BaseMap> MakeDequoteMap(const MapArguments& arguments) {
  return Make<DequoteMap>(arguments, ParseDequoteFlags(arguments.text));
}
std::unique_ptr<BaseMap> MakeMacroMap(const MapArguments& arguments) {
  return Make<MacroMap>(arguments, ParseDequoteFlags(arguments.text));
}
std::unique_ptr<BaseMap> MakeUserMap(const MapArguments& arguments) {
  return Make<UserMap>(arguments, CommonFlags(arguments));
}

std::unique_ptr<BaseMap> MakeSyslogMap(const MapArguments& arguments) {
  MapFlags flags = ParseSyslogFlags(arguments.text, arguments.errors);
  std::optional<Severity> severity = Severity::kInfo;
  const std::optional<std::string> level = flags.level;
  if (level.has_value()) severity = SeverityNamed(*level);
  auto map =
      std::make_unique<SyslogMap>(arguments, std::move(flags), severity.value_or(Severity::kInfo));
  if (!severity.has_value()) {
    arguments.errors.push_back(absl::StrCat("syslog_map_parseargs: Unknown priority ", *level));
    map->Invalidate();
  }
  return map;
}

}  // namespace stagepost
