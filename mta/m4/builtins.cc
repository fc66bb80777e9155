// The builtins that define, divert, read and decide; see m4.h.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/m4/m4.h"

namespace stagepost {

void M4::RunBuiltin(M4Builtin builtin) {
  // indir and builtin may name each other: a loop, so that the stack does not grow.
  while (builtin == M4Builtin::kIndir || builtin == M4Builtin::kBuiltin) {
    const std::shared_ptr<const M4Definition> named = NamedByFirst(builtin);
    if (named == nullptr) return;
    current_.name = Text(1);
    current_.text_begin = arguments_[current_.first].end;
    ++current_.first;
    --current_.count;
    current_.flat = !named->builtin.has_value() || !InfoOf(*named->builtin).takes_builtins;
    if (!named->builtin.has_value()) return ExpandText(*named);
    builtin = *named->builtin;
  }
  const M4BuiltinInfo& info = InfoOf(builtin);
  if (builtin != M4Builtin::kIfelse && TooFew(info)) return AfterTooFew(builtin);
  if (!RunDefinition(builtin) && !RunText(builtin) && !RunDebug(builtin)) RunOther(builtin);
}

// What indir or builtin is to carry out; null: nothing, and it has been said.
std::shared_ptr<const M4Definition> M4::NamedByFirst(M4Builtin builtin) {
  if (TooFew(InfoOf(builtin))) return nullptr;
  if (BuiltinOf(1).has_value()) {
    Warn(absl::StrCat("Warning: ", current_.name, ": invalid macro name ignored"));
    return nullptr;
  }
  const absl::string_view name = Text(1);
  if (builtin == M4Builtin::kIndir) {
    const M4Symbol* const symbol = symbols_.Find(name);
    if (symbol != nullptr && symbol->defined()) return symbol->definitions.back();
    Warn(absl::StrCat("undefined macro `", name, "'"));
    return nullptr;
  }
  if (const std::optional<M4Builtin> found = FindM4Builtin(name)) {
    return std::make_shared<const M4Definition>(M4Definition{"", found});
  }
  Warn(absl::StrCat("undefined builtin `", name, "'"));
  return nullptr;
}

// The result of those that have one even so.
void M4::AfterTooFew(M4Builtin builtin) {
  switch (builtin) {
    case M4Builtin::kIndex:
    case M4Builtin::kRegexp:
      Append("0");
      return;
    case M4Builtin::kSubstr:
    case M4Builtin::kTranslit:
    case M4Builtin::kPatsubst:
      Append(Text(1));
      return;
    default:
      return;
  }
}

bool M4::RunDefinition(M4Builtin builtin) {
  switch (builtin) {
    case M4Builtin::kDefine:
    case M4Builtin::kPushdef:
      DoDefine(builtin == M4Builtin::kPushdef);
      return true;
    case M4Builtin::kUndefine:
      for (size_t n = 1; n <= current_.count; ++n) symbols_.Undefine(Text(n));
      return true;
    case M4Builtin::kPopdef:
      for (size_t n = 1; n <= current_.count; ++n) symbols_.Pop(Text(n));
      return true;
    case M4Builtin::kDefn:
      DoDefn();
      return true;
    case M4Builtin::kIfdef: {
      const M4Symbol* const symbol = symbols_.Find(Text(1));
      Append(Text(symbol != nullptr && symbol->defined() ? 2 : 3));
      return true;
    }
    case M4Builtin::kIfelse:
      DoIfelse();
      return true;
    case M4Builtin::kShift:
      AppendArguments(2, ",", /*quoted=*/true);
      return true;
    default:
      return false;
  }
}

void M4::RunOther(M4Builtin builtin) {
  switch (builtin) {
    case M4Builtin::kFile:
      Append(
          absl::StrCat(input_.open_quote(), input_.file_name(input_.here()), input_.close_quote()));
      return;
    case M4Builtin::kLine:
      Append(absl::StrCat(input_.here().line));
      return;
    case M4Builtin::kProgram:
      Append(absl::StrCat(input_.open_quote(), "m4", input_.close_quote()));
      return;
    case M4Builtin::kChangecom:
      return DoChangecom();
    case M4Builtin::kChangequote:
      return DoChangequote();
    case M4Builtin::kDivert:
      return DoDivert();
    case M4Builtin::kDivnum:
      Append(absl::StrCat(divert_));
      return;
    case M4Builtin::kDnl:
      return DoDnl();
    case M4Builtin::kErrprint:
      return DoErrprint();
    case M4Builtin::kM4exit:
      return DoM4exit();
    case M4Builtin::kM4wrap:
      return DoM4wrap();
    case M4Builtin::kSysval:
      Append(absl::StrCat(sysval_));
      return;
    case M4Builtin::kUndivert:
      return DoUndivert();
    default:
      return Ask(builtin);
  }
}

// Those that need the caller.
void M4::Ask(M4Builtin builtin) {
  waiting_ = true;
  request_ = {std::string(Text(1)), builtin};
  switch (builtin) {
    case M4Builtin::kSyscmd:
    case M4Builtin::kEsyscmd:
      wanted_ = M4Event::kNeedCommand;
      return;
    case M4Builtin::kMaketemp:
    case M4Builtin::kMkstemp:
      wanted_ = M4Event::kNeedTemporary;
      return;
    default:
      wanted_ = M4Event::kNeedFile;
  }
}

void M4::DoDefine(bool push) {
  if (BuiltinOf(1).has_value()) {
    Warn(absl::StrCat("Warning: ", current_.name, ": invalid macro name ignored"));
    return;
  }
  auto definition =
      std::make_shared<const M4Definition>(M4Definition{std::string(Text(2)), BuiltinOf(2)});
  if (push) {
    symbols_.Push(Text(1), std::move(definition));
  } else {
    symbols_.Define(Text(1), std::move(definition));
  }
}

void M4::DoDefn() {
  for (size_t n = 1; n <= current_.count; ++n) {
    const M4Symbol* const symbol = symbols_.Find(Text(n));
    if (symbol == nullptr || !symbol->defined()) continue;
    const M4Definition& definition = *symbol->definitions.back();
    if (!definition.builtin.has_value()) {
      if (!Append(input_.open_quote()) || !Append(definition.text) ||
          !Append(input_.close_quote())) {
        return;
      }
    } else if (current_.count == 1) {
      input_.PushBuiltin(*definition.builtin);
    } else {
      Warn(absl::StrCat("Warning: cannot concatenate builtin `", Text(n), "'"));
    }
  }
}

void M4::DoIfelse() {
  const size_t count = current_.count;
  if (count == 1) return;
  if (count < 3) {
    Warn(absl::StrCat("Warning: too few arguments to builtin `", current_.name, "'"));
    return;
  }
  if (count % 3 == 2) WarnExcess();
  for (size_t n = 1;; n += 3) {
    if (Text(n) == Text(n + 1)) {
      Append(Text(n + 2));
      return;
    }
    const size_t left = count - (n - 1);
    if (left <= 3) return;
    if (left <= 5) {
      Append(Text(n + 3));
      return;
    }
  }
}

void M4::DoChangecom() {
  if (current_.count == 0) return input_.SetComments("", "");
  input_.SetComments(Text(1), Text(2).empty() ? "\n" : Text(2));
}

void M4::DoChangequote() {
  if (current_.count == 0) return input_.SetQuotes("`", "'");
  const bool standard = current_.count < 2 || (!Text(1).empty() && Text(2).empty());
  input_.SetQuotes(Text(1), standard ? "'" : Text(2));
}

void M4::DoDnl() {
  const M4Place place = input_.here();
  if (!input_.SkipLine()) WarnAt(place, "Warning: end of file treated as newline");
}

void M4::DoErrprint() {
  for (size_t n = 1; n <= current_.count; ++n) {
    absl::StrAppend(&messages_, n == 1 ? "" : " ", Text(n));
    message_bytes_ += Text(n).size() + 1;
  }
}

void M4::DoM4exit() {
  int32_t code = 0;
  if (current_.count > 0) code = Number(1).value_or(1);
  if (code < 0 || code > 255) {
    Warn(absl::StrCat("exit status out of range: `", code, "'"));
    code = 1;
  }
  Finish(code == 0 ? exit_code_ : code);
}

void M4::DoM4wrap() {
  Wrapped wrapped{"", input_.here()};
  for (size_t n = 1; n <= current_.count; ++n) {
    absl::StrAppend(&wrapped.text, n == 1 ? "" : " ", Text(n));
  }
  wrapped_bytes_ += wrapped.text.size() + sizeof(Wrapped);
  wrapped_.push_back(std::move(wrapped));
}

void M4::DoDivert() {
  if (current_.count == 0) {
    divert_ = 0;
  } else if (const std::optional<int32_t> number = Number(1)) {
    divert_ = *number;
  }
}

void M4::DoUndivert() {
  if (current_.count == 0) return UndivertAll();
  if (undivert_next_ == 0) undivert_next_ = 1;
  while (undivert_next_ <= current_.count) {
    const absl::string_view text = Text(undivert_next_++);
    const M4Number number = ParseM4Number(text);
    if (number.numeric && !number.leading_space) {
      UndivertNumber(number.value);
    } else {
      request_ = {std::string(text), M4Builtin::kUndivert};
      waiting_ = true;
      wanted_ = M4Event::kNeedFile;
      return;
    }
  }
}

void M4::UndivertNumber(int64_t number) {
  if (number <= 0 || number == divert_ || number > INT32_MAX) return;
  const auto found = diversions_.find(static_cast<int32_t>(number));
  if (found == diversions_.end()) return;
  const std::string text = std::move(found->second);
  diverted_bytes_ -= text.size();
  diversions_.erase(found);
  Ship(text);
}

void M4::UndivertAll() {
  std::vector<int32_t> numbers;
  for (const auto& [number, text] : diversions_) numbers.push_back(number);
  for (const int32_t number : numbers) UndivertNumber(number);
}

}  // namespace stagepost
