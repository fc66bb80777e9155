// What a scenario may give to the simulated shell: scripts.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "sim/peer/sh_parser.h"

namespace {

using stagepost::ShCommand;
using stagepost::ShPart;
using stagepost::ShRedirection;
using stagepost::ShWord;

// The bytes of it; no pattern or blank is left without quotes.
size_t CheckWord(const ShWord& word) {
  size_t bytes = 0;
  for (const ShPart& part : word.parts) {
    bytes += part.text.size();
    CHECK(part.text.find('\0') == part.text.npos);
    if (part.kind == ShPart::Kind::kVariable) CHECK(!part.text.empty());
    if (part.kind == ShPart::Kind::kText && !part.quoted) {
      CHECK(!stagepost::IsShellPattern(part.text));
      CHECK(part.text.find_first_of(" \t\n;&|<>()`'\"\\") == part.text.npos);
    }
  }
  return bytes;
}

size_t CheckCommand(const ShCommand& command) {
  CHECK(!command.words.empty() || !command.redirections.empty());
  size_t bytes = 0;
  for (const ShWord& word : command.words) bytes += CheckWord(word);
  for (const ShRedirection& redirection : command.redirections) {
    CHECK(redirection.descriptor >= 0 && redirection.descriptor <= 2);
    CHECK((redirection.kind == ShRedirection::Kind::kRead) == (redirection.descriptor == 0));
    if (redirection.kind == ShRedirection::Kind::kDuplicate) {
      CHECK(redirection.source == 1 || redirection.source == 2);
    } else {
      CHECK(!redirection.target.parts.empty());
    }
    bytes += CheckWord(redirection.target);
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto script = stagepost::ParseShell(text);
  if (!script.ok()) {
    CHECK(!script.status().message().empty());
    return 0;
  }
  CHECK(size <= stagepost::kMaxShScriptBytes);
  size_t bytes = 0;
  for (const auto& pipeline : *script) {
    CHECK(!pipeline.commands.empty() && pipeline.commands.size() <= stagepost::kMaxShStages);
    for (const ShCommand& command : pipeline.commands) bytes += CheckCommand(command);
  }
  // Nothing comes from nowhere.
  CHECK(bytes <= size);
  return 0;
}
