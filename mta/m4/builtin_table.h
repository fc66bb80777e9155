// The macros that m4 knows by itself.
#ifndef STAGEPOST_MTA_M4_BUILTIN_TABLE_H_
#define STAGEPOST_MTA_M4_BUILTIN_TABLE_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace stagepost {

enum class M4Builtin : uint8_t {
  kFile,
  kLine,
  kProgram,
  kBuiltin,
  kChangecom,
  kChangequote,
  kDebugfile,
  kDebugmode,
  kDecr,
  kDefine,
  kDefn,
  kDivert,
  kDivnum,
  kDnl,
  kDumpdef,
  kErrprint,
  kEsyscmd,
  kEval,
  kFormat,
  kIfdef,
  kIfelse,
  kInclude,
  kIncr,
  kIndex,
  kIndir,
  kLen,
  kM4exit,
  kM4wrap,
  kMaketemp,
  kMkstemp,
  kPatsubst,
  kPopdef,
  kPushdef,
  kRegexp,
  kShift,
  kSinclude,
  kSubstr,
  kSyscmd,
  kSysval,
  kTraceoff,
  kTraceon,
  kTranslit,
  kUndefine,
  kUndivert,
};

struct M4BuiltinInfo {
  M4Builtin builtin;
  absl::string_view name;
  bool blind;           // a macro only when an open parenthesis follows
  bool takes_builtins;  // arguments may be what defn gives of a builtin
  int min_arguments;    // fewer: a warning, and a result that does without
  int max_arguments;    // more: a warning; -1: any number
};

// All of them, in the order of the enum and of their names.
absl::Span<const M4BuiltinInfo> M4Builtins();
const M4BuiltinInfo& InfoOf(M4Builtin builtin);
std::optional<M4Builtin> FindM4Builtin(absl::string_view name);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_BUILTIN_TABLE_H_
