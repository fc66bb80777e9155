#include "mta/cf/class_line.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/cf/munch.h"

namespace stagepost {
namespace {

// Takes a leading word that begins with -o, the mark of optional files.
bool TakeOptional(absl::string_view& rest) {
  if (rest.substr(0, 2) != "-o") return false;
  rest.remove_prefix(std::min(rest.find_first_of(" \t"), rest.size()));
  rest = TrimmedStart(rest);
  return true;
}

// "key@class:spec" and "@LDAP"; false: it is something else.
bool ParseMap(absl::string_view rest, ClassLine& line) {
  if (rest[0] == '/' || rest[0] == '|') return false;
  const size_t at = rest.find('@');
  if (at == rest.npos) return false;
  const absl::string_view map = rest.substr(at + 1);
  const size_t colon = map.find(':');
  if (colon == map.npos && map != "LDAP") return false;
  line.kind = ClassLine::Kind::kMap;
  line.key = std::string(rest.substr(0, at));
  line.map_class = absl::AsciiStrToLower(map.substr(0, colon));
  if (colon != map.npos) line.spec = std::string(TrimmedStart(map.substr(colon + 1)));
  return true;
}

}  // namespace

std::optional<ClassLine> ParseClassLine(absl::string_view text, LoadContext& context) {
  const std::optional<NameId> name = context.TakeName(text);
  if (!name.has_value()) return std::nullopt;
  ClassLine line;
  line.name = *name;
  absl::string_view rest = TrimmedStart(text);
  line.optional = TakeOptional(rest);
  if (rest.empty()) {
    context.Error("fileclass: missing file name");
    return std::nullopt;
  }
  if (ParseMap(rest, line)) return line;
  if (absl::ConsumePrefix(&rest, "|")) {
    line.kind = ClassLine::Kind::kProgram;
    rest = TrimmedStart(rest);
  }
  line.path = TakeMunched(rest, ' ');
  line.pattern = std::string(TrimmedStart(rest));
  return line;
}

}  // namespace stagepost
