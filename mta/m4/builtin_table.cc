#include "mta/m4/builtin_table.h"

#include <algorithm>

namespace stagepost {
namespace {

constexpr int kAny = -1;

constexpr M4BuiltinInfo kBuiltins[] = {
    {M4Builtin::kFile, "__file__", false, false, 0, 0},
    {M4Builtin::kLine, "__line__", false, false, 0, 0},
    {M4Builtin::kProgram, "__program__", false, false, 0, 0},
    {M4Builtin::kBuiltin, "builtin", true, true, 1, kAny},
    {M4Builtin::kChangecom, "changecom", false, false, 0, 2},
    {M4Builtin::kChangequote, "changequote", false, false, 0, 2},
    {M4Builtin::kDebugfile, "debugfile", false, false, 0, 1},
    {M4Builtin::kDebugmode, "debugmode", false, false, 0, 1},
    {M4Builtin::kDecr, "decr", true, false, 1, 1},
    {M4Builtin::kDefine, "define", true, true, 1, 2},
    {M4Builtin::kDefn, "defn", true, false, 1, kAny},
    {M4Builtin::kDivert, "divert", false, false, 0, 1},
    {M4Builtin::kDivnum, "divnum", false, false, 0, 0},
    {M4Builtin::kDnl, "dnl", false, false, 0, 0},
    {M4Builtin::kDumpdef, "dumpdef", false, false, 0, kAny},
    {M4Builtin::kErrprint, "errprint", true, false, 1, kAny},
    {M4Builtin::kEsyscmd, "esyscmd", true, false, 1, 1},
    {M4Builtin::kEval, "eval", true, false, 1, 3},
    {M4Builtin::kFormat, "format", true, false, 1, kAny},
    {M4Builtin::kIfdef, "ifdef", true, false, 2, 3},
    {M4Builtin::kIfelse, "ifelse", true, false, 0, kAny},
    {M4Builtin::kInclude, "include", true, false, 1, 1},
    {M4Builtin::kIncr, "incr", true, false, 1, 1},
    {M4Builtin::kIndex, "index", true, false, 2, 2},
    {M4Builtin::kIndir, "indir", true, true, 1, kAny},
    {M4Builtin::kLen, "len", true, false, 1, 1},
    {M4Builtin::kM4exit, "m4exit", false, false, 0, 1},
    {M4Builtin::kM4wrap, "m4wrap", true, false, 1, kAny},
    {M4Builtin::kMaketemp, "maketemp", true, false, 1, 1},
    {M4Builtin::kMkstemp, "mkstemp", true, false, 1, 1},
    {M4Builtin::kPatsubst, "patsubst", true, false, 2, 3},
    {M4Builtin::kPopdef, "popdef", true, false, 1, kAny},
    {M4Builtin::kPushdef, "pushdef", true, true, 1, 2},
    {M4Builtin::kRegexp, "regexp", true, false, 2, 3},
    {M4Builtin::kShift, "shift", true, false, 1, kAny},
    {M4Builtin::kSinclude, "sinclude", true, false, 1, 1},
    {M4Builtin::kSubstr, "substr", true, false, 2, 3},
    {M4Builtin::kSyscmd, "syscmd", true, false, 1, 1},
    {M4Builtin::kSysval, "sysval", false, false, 0, kAny},
    {M4Builtin::kTraceoff, "traceoff", false, false, 0, kAny},
    {M4Builtin::kTraceon, "traceon", false, false, 0, kAny},
    {M4Builtin::kTranslit, "translit", true, false, 2, 3},
    {M4Builtin::kUndefine, "undefine", true, false, 1, kAny},
    {M4Builtin::kUndivert, "undivert", false, false, 0, kAny},
};

}  // namespace

absl::Span<const M4BuiltinInfo> M4Builtins() { return kBuiltins; }

const M4BuiltinInfo& InfoOf(M4Builtin builtin) { return kBuiltins[static_cast<size_t>(builtin)]; }

std::optional<M4Builtin> FindM4Builtin(absl::string_view name) {
  const auto* const found = std::lower_bound(
      std::begin(kBuiltins), std::end(kBuiltins), name,
      [](const M4BuiltinInfo& info, absl::string_view wanted) { return info.name < wanted; });
  if (found == std::end(kBuiltins) || found->name != name) return std::nullopt;
  return found->builtin;
}

}  // namespace stagepost
