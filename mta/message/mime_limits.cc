#include "mta/message/mime_limits.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "mta/cf/well_known_names.h"

namespace stagepost {
namespace {

// What is inside quotes or parentheses, and what must still come to close it.
struct Nesting {
  bool escaped = false;
  bool quoted = false;
  size_t comments = 0;

  void Take(char c) {
    if (escaped) {
      escaped = false;
      return;
    }
    if (c == '\\') {
      escaped = true;
    } else if (c == '(' && !quoted) {
      ++comments;
    } else if (c == ')' && !quoted) {
      comments -= comments > 0 ? 1 : 0;
    } else if (c == '"' && comments == 0) {
      quoted = !quoted;
    }
  }
  bool open() const { return quoted || comments > 0; }
  size_t needed() const { return comments + (quoted ? 1 : 0) + (escaped ? 1 : 0); }
};

// The blank in front of a value does not count.
size_t LimitOf(int64_t option) { return static_cast<size_t>(option) + 1; }

std::string Alert(absl::string_view name, absl::string_view field, size_t size, bool cut,
                  bool parameter) {
  if (!cut) {
    return absl::StrCat("Fixed MIME ", name, " header", field, " (possible attack)");
  }
  return parameter
             ? absl::StrCat("Truncated MIME ", name, " header due to field size (length = ", size,
                            ") (possible attack)")
             : absl::StrCat("Truncated long MIME ", name, " header (length = ", size,
                            ") (possible attack)");
}

// Where the semicolon that ends the parameter at `begin` stands, or the end.
size_t EndOfParameter(const std::string& value, size_t begin) {
  Nesting nesting;
  size_t end = begin;
  for (; end < value.size(); ++end) {
    if (value[end] == ';' && !nesting.open() && !nesting.escaped) break;
    nesting.Take(value[end]);
  }
  return end;
}

void LimitParameters(size_t limit, HeaderField& field, std::vector<std::string>& alerts) {
  std::string value;
  std::string alert;
  size_t begin = 0;
  for (;;) {
    const size_t end = EndOfParameter(field.value, begin);
    std::string parameter = field.value.substr(begin, end - begin);
    const size_t size = parameter.size();
    if (ShortenBalanced(parameter, limit)) {
      alert = Alert(field.name, " field", size, size > limit, true);
    }
    absl::StrAppend(&value, parameter);
    if (end == field.value.size()) break;
    value.push_back(';');
    begin = end + 1;
  }
  field.value = std::move(value);
  if (!alert.empty()) alerts.push_back(std::move(alert));
}

}  // namespace

bool ShortenBalanced(std::string& text, size_t limit) {
  const size_t room = std::min(text.size(), limit);
  Nesting nesting;
  size_t kept = 0;
  for (; kept < text.size(); ++kept) {
    const Nesting before = nesting;
    nesting.Take(text[kept]);
    if (room - kept <= nesting.needed()) {
      nesting = before;
      break;
    }
  }
  const std::string tail = nesting.quoted ? "\"" : std::string(nesting.comments, ')');
  if (kept == text.size() && tail.empty()) return false;
  std::string shortened = absl::StrCat(text.substr(0, kept), tail);
  if (shortened == text) return false;
  text = std::move(shortened);
  return true;
}

std::vector<std::string> LimitMimeField(const Configuration& configuration, HeaderField& field) {
  std::vector<std::string> alerts;
  const int64_t header = configuration.options.max_mime_header_bytes();
  const int64_t parameter = configuration.options.max_mime_parameter_bytes();
  const Classes& classes = configuration.classes;
  const size_t size = field.value.size();
  if (header > 0 && classes.Contains(well_known::kCheckMimeTextHeaders, field.name) &&
      size > static_cast<size_t>(header)) {
    field.value.resize(static_cast<size_t>(header));
    alerts.push_back(Alert(field.name, "", size, true, false));
  }
  if (parameter > 0 && classes.Contains(well_known::kCheckMimeFieldHeaders, field.name)) {
    LimitParameters(LimitOf(parameter), field, alerts);
  }
  if (header > 0 && classes.Contains(well_known::kCheckMimeHeaders, field.name)) {
    const size_t before = field.value.size();
    if (ShortenBalanced(field.value, LimitOf(header))) {
      alerts.push_back(Alert(field.name, "", before, before > LimitOf(header), false));
    }
  }
  return alerts;
}

}  // namespace stagepost
