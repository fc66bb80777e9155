// F lines: where the words of a class come from. Operations Guide, 5.3.
//
//   F{w}/etc/mail/names            the first word of every line
//   F{w}-o /etc/mail/names %[^:]   the file may be missing; a scanf pattern finds the words
//   F{w}|/usr/bin/program %s       what a program prints
//   F{w}key@class:spec             what a map says about the key
#ifndef STAGEPOST_MTA_CF_CLASS_LINE_H_
#define STAGEPOST_MTA_CF_CLASS_LINE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/cf/load_context.h"

namespace stagepost {

struct ClassLine {
  enum class Kind : uint8_t { kFile, kProgram, kMap };
  Kind kind = Kind::kFile;
  NameId name{};
  bool optional = false;
  std::string path;     // of a file or program; in messages as Shown() shows it
  std::string pattern;  // empty: the first word
  std::string key;      // of a map
  std::string map_class;
  std::string spec;
};

// `line` is what stands behind the F; nullopt: an error was reported.
std::optional<ClassLine> ParseClassLine(absl::string_view line, LoadContext& context);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_CLASS_LINE_H_
