// The builtins for finding errors in macros; see m4.h.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/m4/m4.h"

namespace stagepost {
namespace {

constexpr absl::string_view kAllFlags = "acefilpqtx";
constexpr absl::string_view kStandardFlags = "aeq";

}  // namespace

bool M4::RunDebug(M4Builtin builtin) {
  switch (builtin) {
    case M4Builtin::kDebugfile:
      DoDebugfile();
      return true;
    case M4Builtin::kDebugmode:
      DoDebugmode();
      return true;
    case M4Builtin::kDumpdef:
      DoDumpdef();
      return true;
    case M4Builtin::kTraceon:
    case M4Builtin::kTraceoff:
      DoTrace(builtin == M4Builtin::kTraceon);
      return true;
    default:
      return false;
  }
}

void M4::DoDebugfile() {
  if (current_.count > 0 && !Text(1).empty()) {
    M4Finding finding;
    finding.place = input_.here();
    finding.what = "debugfile with the name of a file is not supported";
    finding.hint = "debug output goes to standard error";
    return Fail(std::move(finding), absl::StrCat("cannot set debug file `", Text(1), "'"));
  }
  debug_output_ = current_.count == 0;
}

void M4::DoDebugmode() {
  if (current_.count == 0) {
    debug_flags_.clear();
    return;
  }
  absl::string_view text = Text(1);
  const char change = text.empty() ? '\0' : text[0];
  if (change == '+' || change == '-') text.remove_prefix(1);
  if (text.find_first_not_of("acefilpqtxV") != absl::string_view::npos) {
    Warn(absl::StrCat("Debugmode: bad debug flags: `", Text(1), "'"));
    return;
  }
  if (text.empty()) text = kStandardFlags;
  if (text.find('V') != absl::string_view::npos) text = kAllFlags;
  std::string flags = change == '+' || change == '-' ? debug_flags_ : "";
  for (const char flag : text) {
    flags.erase(std::remove(flags.begin(), flags.end(), flag), flags.end());
    if (change != '-') flags += flag;
  }
  debug_flags_ = std::move(flags);
}

void M4::DoDumpdef() {
  std::vector<const M4Symbol*> symbols;
  if (current_.count == 0) symbols = symbols_.Defined();
  for (size_t n = 1; n <= current_.count; ++n) {
    const M4Symbol* const symbol = symbols_.Find(Text(n));
    if (symbol != nullptr && symbol->defined()) {
      symbols.push_back(symbol);
    } else {
      Warn(absl::StrCat("undefined macro `", Text(n), "'"));
    }
  }
  std::sort(symbols.begin(), symbols.end(),
            [](const M4Symbol* a, const M4Symbol* b) { return a->name < b->name; });
  for (const M4Symbol* const symbol : symbols) {
    const M4Definition& definition = *symbol->definitions.back();
    DebugLine(definition.builtin.has_value()
                  ? absl::StrCat(symbol->name, ":\t<", InfoOf(*definition.builtin).name, ">\n")
                  : absl::StrCat(symbol->name, ":\t", definition.text, "\n"));
    if (!CheckedMessages()) return;
  }
}

void M4::DoTrace(bool on) {
  if (current_.count == 0) {
    trace_all_ = on;
    if (!on) symbols_.TraceNone();
  }
  for (size_t n = 1; n <= current_.count; ++n) symbols_.FindOrAdd(Text(n)).traced = on;
}

void M4::DebugLine(absl::string_view text) {
  if (!debug_output_) return;
  message_bytes_ += text.size();
  absl::StrAppend(&messages_, text);
}

// "m4debug:" or "m4trace:", with file and line if wanted.
std::string M4::DebugHead(absl::string_view what) const {
  std::string head = absl::StrCat(what, ":");
  const M4Place& here = input_.here();
  if (here.line > 0) {
    if (debug('f')) absl::StrAppend(&head, input_.file_name(here), ":");
    if (debug('l')) absl::StrAppend(&head, here.line, ":");
  }
  return head;
}

void M4::Debug(absl::string_view text) {
  DebugLine(absl::StrCat(DebugHead("m4debug"), " ", text, "\n"));
}

std::string M4::TraceHead() const {
  const Call& call = calls_.back();
  std::string head = absl::StrCat(DebugHead("m4trace"), " -", calls_.size(), "- ");
  if (debug('x')) absl::StrAppend(&head, "id ", call.id, ": ");
  return absl::StrCat(head, call.symbol->name);
}

void M4::TraceName() { DebugLine(absl::StrCat(TraceHead(), " ...\n")); }

void M4::TraceCall() { DebugLine(absl::StrCat(TraceHead(), TracedArguments(), " -> ???\n")); }

void M4::TraceResult() {
  const Call& call = calls_.back();
  const bool has_arguments = arguments_.size() > call.first;
  std::string line = TraceHead();
  if (!debug('c')) {
    absl::StrAppend(&line, TracedArguments());
  } else if (has_arguments) {
    absl::StrAppend(&line, "(...)");
  }
  const absl::string_view text = absl::string_view(input_.text()).substr(input_.text_begin());
  if (debug('e') && !text.empty()) {
    absl::StrAppend(&line, " -> ", debug('q') ? input_.open_quote() : "", text,
                    debug('q') ? input_.close_quote() : "");
  }
  DebugLine(absl::StrCat(line, "\n"));
}

// "(`a', `b')", "(...)" without the flag a, nothing for a call without arguments.
std::string M4::TracedArguments() const {
  const Call& call = calls_.back();
  const size_t count = arguments_.size() - call.first;
  if (count == 0 || (!debug('a') && !debug('c'))) return "";
  if (!debug('a')) return "(...)";
  std::string text = "(";
  size_t begin = call.text_begin;
  for (size_t i = 0; i < count; ++i) {
    const Argument& argument = arguments_[call.first + i];
    if (i > 0) absl::StrAppend(&text, ", ");
    if (argument.builtin.has_value()) {
      absl::StrAppend(&text, "<", InfoOf(*argument.builtin).name, ">");
    } else {
      absl::StrAppend(&text, debug('q') ? input_.open_quote() : "",
                      absl::string_view(argument_text_).substr(begin, argument.end - begin),
                      debug('q') ? input_.close_quote() : "");
    }
    begin = argument.end;
  }
  return absl::StrCat(text, ")");
}

}  // namespace stagepost
