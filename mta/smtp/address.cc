#include "mta/smtp/address.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

// Every step takes a host or a pair of quotes away; honest addresses need two or three.
constexpr int kMaxSteps = 32;

// sendmail's operators (OperatorChars and the fixed ones): what a word ends at.
bool IsOperator(char c) { return absl::StrContains(".:%@!^/[]+<>(),;\"", c); }

// Walks through an address outside of quoted strings, escapes and domain literals.
class Unquoted {
 public:
  explicit Unquoted(absl::string_view text) : text_(text) {}
  // The next position that is unquoted; npos at the end.
  size_t Next() {
    while (next_ < text_.size()) {
      const size_t at = next_++;
      const char c = text_[at];
      if (c == '\\') {
        ++next_;
      } else if (c == '"') {
        quoted_ = !quoted_;
      } else if (!quoted_) {
        return at;
      }
    }
    return absl::string_view::npos;
  }

 private:
  absl::string_view text_;
  size_t next_ = 0;
  bool quoted_ = false;
};

std::string WithoutComments(absl::string_view text) {
  std::string result;
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      if (depth == 0) absl::StrAppend(&result, text.substr(i, 2));
      ++i;
      continue;
    }
    if (c == '"' && depth == 0) quoted = !quoted;
    if (c == '(' && !quoted) ++depth;
    if (depth == 0) result.push_back(c);
    if (c == ')' && !quoted && depth > 0) --depth;
  }
  return result;
}

// The inside of the innermost pair of the first angle brackets, or everything.
absl::string_view InsideBrackets(absl::string_view text) {
  size_t open = absl::string_view::npos;
  Unquoted walk(text);
  for (size_t at = walk.Next(); at != absl::string_view::npos; at = walk.Next()) {
    if (text[at] == '<') open = at;
    if (text[at] == '>' && open != absl::string_view::npos) {
      return text.substr(open + 1, at - open - 1);
    }
  }
  return text;
}

std::string WithoutBlanks(absl::string_view text) {
  std::string result;
  bool quoted = false, blank = false, escaped = false;
  for (const char c : text) {
    if (!quoted && !escaped && (c == ' ' || c == '\t')) {
      blank = true;
      continue;
    }
    if (blank && !result.empty() && !IsOperator(c) && !IsOperator(result.back())) {
      result.push_back(' ');
    }
    blank = false;
    result.push_back(c);
    if (c == '"' && !escaped) quoted = !quoted;
    escaped = c == '\\' && !escaped;
  }
  return result;
}

// Without quotes and without the backslashes of escapes.
std::string Dequoted(absl::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      result.push_back(text[++i]);
    } else if (text[i] != '"' && text[i] != '\\') {
      result.push_back(text[i]);
    }
  }
  return result;
}

std::optional<AddressError> CheckDomain(absl::string_view domain) {
  if (domain.empty()) return AddressError{553, "5.1.3", "Hostname required"};
  if (domain.front() == '.' || absl::StrContains(domain, "..")) {
    return AddressError{553, "5.1.2", "Invalid host name"};
  }
  return std::nullopt;
}

std::string CanonicalDomain(absl::string_view domain) {
  if (domain.size() > 1 && domain.back() == '.') domain.remove_suffix(1);
  return absl::AsciiStrToLower(domain);
}

// "@host:rest", "@host,@host2:rest". REQUIRES: begins with '@'.
std::variant<SplitAddress, AddressError> SplitRoute(absl::string_view address) {
  Unquoted walk(address);
  bool literal = false;
  for (size_t at = walk.Next(); at != absl::string_view::npos; at = walk.Next()) {
    const char c = address[at];
    if (c == '[') literal = true;
    if (c == ']') literal = false;
    if (literal || (c != ',' && c != ':')) continue;
    const absl::string_view host = address.substr(1, at - 1);
    if (auto error = CheckDomain(host); error.has_value()) return *std::move(error);
    return SplitAddress{true, CanonicalDomain(host), std::string(address.substr(at + 1))};
  }
  if (address.size() == 1) {
    return AddressError{553, "5.1.3", "List:; syntax illegal for recipient addresses"};
  }
  return AddressError{553, "5.1.3", "User address required"};
}

// One step further into a local part at a host of ours: the address it stands for, if it is one.
std::optional<std::string> AddressInside(absl::string_view local) {
  const std::string plain = Dequoted(local);
  if (absl::StrContains(plain, '@')) return plain;
  if (const size_t bang = plain.find('!'); bang != std::string::npos && bang > 0) {
    return absl::StrCat(plain.substr(bang + 1), "@", plain.substr(0, bang));
  }
  if (const size_t percent = plain.rfind('%'); percent != std::string::npos && percent > 0) {
    return absl::StrCat(plain.substr(0, percent), "@", plain.substr(percent + 1));
  }
  return std::nullopt;
}

}  // namespace

std::string AddressOfPath(absl::string_view path) {
  const std::string plain = WithoutComments(path);
  return WithoutBlanks(absl::StripAsciiWhitespace(InsideBrackets(plain)));
}

std::variant<std::monostate, AddressError> CheckAddressLength(absl::string_view address) {
  size_t token = 0;
  bool quoted = false;
  for (const char c : address) {
    if (c == '"') quoted = !quoted;
    token = !quoted && IsOperator(c) ? 0 : token + 1;
    if (token > kMaxAddressLength) return AddressError{553, "5.1.0", "prescan: token too long"};
  }
  if (address.size() <= kMaxAddressLength) return std::monostate();
  return AddressError{553, "5.1.0",
                      absl::StrCat("Address too long (", kMaxAddressLength, " bytes max)")};
}

std::variant<SplitAddress, AddressError> SplitOnce(absl::string_view address) {
  if (absl::StartsWith(address, "@")) return SplitRoute(address);
  if (absl::EndsWith(address, ":")) {
    return AddressError{553, "5.1.3", "List:; syntax illegal for recipient addresses"};
  }
  if (Dequoted(address).empty()) return AddressError{553, "5.1.3", "User address required"};
  size_t sign = absl::string_view::npos;
  Unquoted walk(address);
  for (size_t at = walk.Next(); at != absl::string_view::npos; at = walk.Next()) {
    if (address[at] != '@') continue;
    if (sign != absl::string_view::npos) {
      return AddressError{553, "5.1.3", "Invalid route address"};
    }
    sign = at;
  }
  if (sign == absl::string_view::npos) return SplitAddress{false, "", std::string(address)};
  const absl::string_view domain = address.substr(sign + 1);
  if (auto error = CheckDomain(domain); error.has_value()) return *std::move(error);
  return SplitAddress{false, CanonicalDomain(domain), std::string(address.substr(0, sign))};
}

std::variant<Destination, AddressError> ResolveAddress(
    absl::string_view address, const std::function<bool(absl::string_view)>& is_local) {
  std::string current(address);
  for (int step = 0; step < kMaxSteps; ++step) {
    std::variant<SplitAddress, AddressError> split = SplitOnce(current);
    if (auto* error = std::get_if<AddressError>(&split)) return std::move(*error);
    SplitAddress& parts = std::get<SplitAddress>(split);
    if (!parts.domain.empty() && !is_local(parts.domain)) {
      return Destination{false, std::move(parts.domain), ""};
    }
    if (parts.route) {
      current = std::move(parts.local);
    } else if (auto inside = AddressInside(parts.local); inside.has_value()) {
      current = *std::move(inside);
    } else {
      return Destination{true, "", Dequoted(parts.local)};
    }
  }
  return Destination{false, std::move(current), ""};
}

bool IsHostName(absl::string_view domain) {
  return !domain.empty() && std::all_of(domain.begin(), domain.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace stagepost
