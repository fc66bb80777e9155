// Arguments, expansions and messages; see m4.h.
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/m4/m4.h"

namespace stagepost {

absl::string_view M4::Text(size_t n) const {
  if (n == 0) return current_.name;
  if (n > current_.count) return "";
  const size_t begin = n == 1 ? current_.text_begin : arguments_[current_.first + n - 2].end;
  const size_t end = arguments_[current_.first + n - 1].end;
  return absl::string_view(argument_text_).substr(begin, end - begin);
}

std::optional<M4Builtin> M4::BuiltinOf(size_t n) const {
  if (n == 0 || n > current_.count || current_.flat) return std::nullopt;
  return arguments_[current_.first + n - 1].builtin;
}

bool M4::Room(size_t more) {
  if (state_ == State::kFinished) return false;
  if (more <= limits_.bytes && result().size() - input_.text_begin() <= limits_.bytes - more) {
    return true;
  }
  FailLimit("bytes held");
  return false;
}

bool M4::Append(absl::string_view text) {
  if (!Room(text.size())) return false;
  result().append(text.data(), text.size());
  return true;
}

// Arguments from number `from` on.
bool M4::AppendArguments(size_t from, absl::string_view separator, bool quoted) {
  for (size_t n = from; n <= current_.count; ++n) {
    if (n != from && !Append(separator)) return false;
    if (quoted && !Append(input_.open_quote())) return false;
    if (!Append(Text(n))) return false;
    if (quoted && !Append(input_.close_quote())) return false;
  }
  return true;
}

void M4::ExpandText(const M4Definition& definition) {
  absl::string_view rest = definition.text;
  while (true) {
    const size_t dollar = rest.find('$');
    if (!Append(rest.substr(0, dollar)) || dollar == absl::string_view::npos) return;
    rest.remove_prefix(dollar + 1);
    const char next = rest.empty() ? '\0' : rest[0];
    if (absl::ascii_isdigit(static_cast<unsigned char>(next))) {
      size_t number = 0;
      while (!rest.empty() && absl::ascii_isdigit(static_cast<unsigned char>(rest[0]))) {
        if (number < 1'000'000'000) number = number * 10 + static_cast<size_t>(rest[0] - '0');
        rest.remove_prefix(1);
      }
      if (!Append(Text(number))) return;
      continue;
    }
    if (next == '#') {
      if (!Append(absl::StrCat(current_.count))) return;
    } else if (next == '*' || next == '@') {
      if (!AppendArguments(1, ",", next == '@')) return;
    } else {
      if (!Append("$")) return;
      continue;
    }
    rest.remove_prefix(1);
  }
}

bool M4::TooFew(const M4BuiltinInfo& info) {
  if (current_.count < static_cast<size_t>(info.min_arguments)) {
    Warn(absl::StrCat("Warning: too few arguments to builtin `", current_.name, "'"));
    return true;
  }
  if (info.max_arguments >= 0 && current_.count > static_cast<size_t>(info.max_arguments)) {
    WarnExcess();
  }
  return false;
}

void M4::WarnExcess() {
  Warn(absl::StrCat("Warning: excess arguments to builtin `", current_.name, "' ignored"));
}

std::optional<int32_t> M4::Number(size_t n) {
  const M4Number number = ParseM4Number(Text(n));
  if (number.empty) {
    Warn(absl::StrCat("empty string treated as 0 in builtin `", current_.name, "'"));
    return 0;
  }
  if (!number.numeric) {
    Warn(absl::StrCat("non-numeric argument to builtin `", current_.name, "'"));
    return std::nullopt;
  }
  if (number.leading_space) {
    Warn(absl::StrCat("leading whitespace ignored in builtin `", current_.name, "'"));
  } else if (number.overflow) {
    Warn(absl::StrCat("numeric overflow detected in builtin `", current_.name, "'"));
  }
  return static_cast<int32_t>(number.value);
}

void M4::Warn(absl::string_view text) { WarnAt(input_.here(), text); }

void M4::WarnAt(const M4Place& place, absl::string_view text) {
  const size_t before = messages_.size();
  if (place.use == 0) {
    absl::StrAppend(&messages_, "m4: ", text, "\n");
  } else {
    absl::StrAppend(&messages_, "m4:", input_.file_name(place), ":", place.line, ": ", text, "\n");
  }
  message_bytes_ += messages_.size() - before;
}

}  // namespace stagepost
