// The parts of LineLoader that wait: words of classes from files, programs and maps, and the hosts
// of mail filters.
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/cf/class_file.h"
#include "mta/cf/default_user.h"
#include "mta/cf/group_lines.h"
#include "mta/cf/line_loader.h"
#include "mta/dns/host_lookup.h"

namespace stagepost {
namespace {

std::string ReasonOf(const absl::Status& status) {
  const Errno error = ErrnoOf(status);
  return std::string(error == Errno::kOk ? status.message() : ErrnoText(error));
}

}  // namespace

std::optional<Identity> LineLoader::DefaultIdentity() {
  if (env_.process().credentials().effective_user != kRootUser) return std::nullopt;
  return DefaultUser(context_.configuration.options, env_.accounts());
}

Task<absl::Status> LineLoader::ReadFileOrProgram(const ClassLine& line) {
  std::optional<ScanFormat> pattern;
  if (!line.pattern.empty()) {
    absl::StatusOr<ScanFormat> parsed = ScanFormat::Parse(line.pattern);
    if (!parsed.ok()) {
      context_.Error(absl::StrCat("fileclass: ", line.path, ": ", parsed.status().message()));
      co_return absl::OkStatus();
    }
    pattern = *std::move(parsed);
  }
  ClassWords words(context_.configuration.classes, line.name,
                   pattern.has_value() ? &*pattern : nullptr);
  if (line.kind == ClassLine::Kind::kProgram) {
    co_return co_await ReadClassProgram(env_, line.path, DefaultIdentity(), words);
  }
  co_return co_await ReadClassFile(env_, line.path, context_.configuration.options.blame(), words);
}

Task<void> LineLoader::ReadClassFrom(ClassLine line) {
  if (line.kind == ClassLine::Kind::kMap) {
    const absl::StatusOr<std::string> found =
        co_await query_.Query(line.map_class, line.spec, line.key);
    if (found.ok()) {
      for (const absl::string_view word : WordsOf(*found)) {
        context_.configuration.classes.Add(line.name, word);
      }
    } else if (!line.optional) {
      context_.Error(absl::StrCat("fileclass: F{", context_.configuration.names.NameOf(line.name),
                                  "}: ", found.status().message()));
    }
    co_return;
  }
  const absl::Status status = co_await ReadFileOrProgram(line);
  if (status.ok() || line.optional) co_return;
  const std::string shown = Shown(line.path, context_.configuration.names);
  if (line.kind == ClassLine::Kind::kFile) {
    context_.Error(ClassFileError(shown, status), kExitOsError);
  } else {
    // For sendmail, the message of the child that could not run it is a word of the class.
    context_.diagnostics.push_back(
        {.severity = Diagnostic::Severity::kWarning,
         .where = context_.where,
         .text = absl::StrCat("fileclass: cannot exec '", shown, "': ", ReasonOf(status)),
         .exit_code = 0});
  }
}

Task<void> LineLoader::ReadMilter(std::string line) {
  const std::optional<std::string> host = ReadMilterLine(line, context_);
  if (!host.has_value()) co_return;
  if (!host->empty()) {
    HostLookup hosts(env_, HostLookupOptions());
    const HostAddresses found = co_await hosts.ByName(*host);
    if (found.status == LookupStatus::kFound) co_return;
  }
  context_.Error(
      absl::StrCat("X", context_.configuration.milters.back().name, ": Unknown host name ", *host));
}

}  // namespace stagepost
