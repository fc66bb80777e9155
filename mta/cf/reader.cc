#include "mta/cf/reader.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/base/version.h"
#include "mta/cf/line_loader.h"
#include "mta/cf/lines.h"
#include "mta/cf/load_context.h"
#include "mta/cf/mailer_line.h"

namespace stagepost {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr FileMode kOthersWrite = 0022;

std::string ReasonOf(const absl::Status& status) {
  const Errno error = ErrnoOf(status);
  return std::string(error == Errno::kOk ? status.message() : ErrnoText(error));
}

Task<absl::StatusOr<std::string>> ReadWhole(File& file, uint64_t expected) {
  std::string text;
  size_t used = 0;
  while (true) {
    // One byte more than expected shows the end without growing.
    text.resize(used + std::min<uint64_t>(kReadBytes, expected + 1));
    CO_ASSIGN_OR_RETURN(
        const size_t got,
        co_await file.Read(used, absl::MakeSpan(text.data() + used, text.size() - used)));
    used += got;
    text.resize(used);
    if (got == 0) co_return text;
    if (used > kMaxConfigurationBytes) {
      co_return absl::ResourceExhaustedError(
          absl::StrCat("larger than ", kMaxConfigurationBytes, " bytes"));
    }
  }
}

// The text of the configuration file; an error's message is what sendmail says.
Task<absl::StatusOr<std::string>> ReadFile(Environment& env, std::string path,
                                           bool& writable_by_others) {
  OpenOptions options;
  options.read = true;
  // Whoever puts a FIFO there must not stop the program.
  options.non_blocking = true;
  const absl::StatusOr<std::unique_ptr<File>> file = co_await env.files().Open(path, options);
  if (!file.ok()) {
    co_return absl::NotFoundError(absl::StrCat("cannot open: ", ReasonOf(file.status())));
  }
  const absl::StatusOr<FileStat> stat = co_await (*file)->Stat();
  if (!stat.ok()) {
    co_return absl::NotFoundError(absl::StrCat("cannot fstat: ", ReasonOf(stat.status())));
  }
  if (stat->type != FileType::kRegular) co_return absl::NotFoundError("not a plain file");
  writable_by_others = (stat->mode & kOthersWrite) != 0;
  absl::StatusOr<std::string> text = co_await ReadWhole(**file, stat->size);
  if (!text.ok()) {
    co_return absl::NotFoundError(absl::StrCat("I/O read error: ", ReasonOf(text.status())));
  }
  co_return text;
}

// A fatal error, after which sendmail looks at nothing more.
bool IsOver(const Diagnostics& diagnostics) {
  return !diagnostics.empty() && diagnostics.back().severity == Diagnostic::Severity::kFatal;
}

Task<void> ReadLines(absl::string_view text, LineLoader& reader) {
  ConfigurationLines lines(text, kMaxConfigurationLineBytes);
  const int& level = reader.context().configuration.version_level;
  while (true) {
    lines.set_inline_comments(level > 2);
    std::optional<ConfigurationLine> line = lines.Next();
    if (!line.has_value()) co_return;
    co_await reader.Read(*std::move(line));
    if (IsOver(reader.context().diagnostics)) co_return;
  }
}

void ApplyCommandLine(const ReadOptions& options, LineLoader& reader) {
  LoadContext& context = reader.context();
  for (const std::string& macro : options.macros) reader.ReadMacroArgument(macro);
  const auto add = [&](const Diagnostics& found) {
    context.diagnostics.insert(context.diagnostics.end(), found.begin(), found.end());
  };
  Options& set = context.configuration.options;
  for (const std::string& option : options.long_options) {
    if (IsOver(context.diagnostics)) return;
    add(set.SetLong(option, context.where, Options::Origin::kCommandLine));
  }
  for (const std::string& option : options.short_options) {
    if (IsOver(context.diagnostics)) return;
    if (option.empty()) continue;
    add(set.SetShort(option[0], absl::string_view(option).substr(1), context.where,
                     Options::Origin::kCommandLine));
  }
}

std::string TextOf(const Configuration& configuration, NameId macro) {
  const Text* const text = configuration.macros.Find(macro);
  if (text == nullptr) return "";
  const absl::StatusOr<std::string> value =
      configuration.macros.ExpandToString(*text, configuration.names);
  return value.value_or("");
}

void Say(Diagnostics& to, Diagnostic::Severity severity, std::string text) {
  const bool error = severity == Diagnostic::Severity::kError;
  to.push_back({severity, SourceLine(), std::move(text), error ? kExitSoftware : kExitOk});
}

// What sendmail says when it has read everything.
void CheckWhole(const Configuration& configuration, Diagnostics& to) {
  const int level = configuration.version_level;
  if (level > kConfigurationLevel) {
    Say(to, Diagnostic::Severity::kError,
        absl::StrCat("Warning: .cf version level (", level, ") exceeds sendmail version ",
                     kSendmailVersion, " functionality (", kConfigurationLevel, ")"));
  } else if (level < kConfigurationLevel) {
    Say(to, Diagnostic::Severity::kWarning,
        absl::StrCat("Warning: .cf file is out of date: sendmail ", kSendmailVersion,
                     " supports version ", kConfigurationLevel, ", .cf file is version ", level));
  }
  const Diagnostics together = configuration.options.CheckTogether();
  to.insert(to.end(), together.begin(), together.end());
  const std::string host = TextOf(configuration, OneCharacterName('j'));
  if (host.find('.') == host.npos) {
    Say(to, Diagnostic::Severity::kWarning,
        absl::StrCat("WARNING: local host name (", host,
                     ") is not qualified; see cf/README: WHO AM I?"));
  }
  if (configuration.FindMailer("local") == nullptr) {
    Say(to, Diagnostic::Severity::kError, "No local mailer defined");
  }
}

int LateExitCodeOf(const Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity == Diagnostic::Severity::kWarning && diagnostic.exit_code != 0) {
      return diagnostic.exit_code;
    }
  }
  return 0;
}

}  // namespace

int ExitCodeOf(const Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.severity == Diagnostic::Severity::kError ||
        diagnostic.severity == Diagnostic::Severity::kFatal) {
      return diagnostic.exit_code;
    }
  }
  return 0;
}

Diagnostics InPrintingOrder(const ReadResult& read, const Diagnostics& of_maps_and_rules) {
  std::multimap<int, const Diagnostic*> by_line;
  for (const Diagnostic& found : read.diagnostics) by_line.emplace(found.where.line, &found);
  for (const Diagnostic& found : of_maps_and_rules) by_line.emplace(found.where.line, &found);
  Diagnostics all;
  for (const auto& [line, found] : by_line) all.push_back(*found);
  all.insert(all.end(), read.last_diagnostics.begin(), read.last_diagnostics.end());
  return all;
}

Task<ReadResult> ReadConfiguration(Environment& env, std::unique_ptr<Configuration> initial,
                                   ReadOptions options, ClassQuery& query) {
  ReadResult result;
  Configuration& configuration = *initial;
  configuration.file = options.file;
  configuration.options.set_accounts(&env.accounts());
  // As it is before the file may call itself otherwise.
  DefineOwnMailers(configuration);
  LineLoader reader(env, LoadContext{configuration, result.diagnostics, SourceLine()}, query);
  ApplyCommandLine(options, reader);
  if (IsOver(result.diagnostics)) {
    result.exit_code = result.diagnostics.back().exit_code;
    co_return result;
  }
  reader.context().where.file = options.file;
  const absl::StatusOr<std::string> text =
      co_await ReadFile(env, options.file, result.writable_by_others);
  if (!text.ok()) {
    result.diagnostics.push_back({Diagnostic::Severity::kFatal,
                                  {options.file, 0},
                                  std::string(text.status().message()),
                                  kExitOsFile});
    result.exit_code = kExitOsFile;
    co_return result;
  }
  co_await ReadLines(*text, reader);
  if (IsOver(result.diagnostics)) {
    result.exit_code = result.diagnostics.back().exit_code;
    co_return result;
  }
  // Whatever this host calls itself belongs to it.
  configuration.classes.Add(OneCharacterName('w'), TextOf(configuration, OneCharacterName('j')));
  CheckWhole(configuration, result.last_diagnostics);
  result.configuration = std::move(initial);
  result.exit_code = ExitCodeOf(result.diagnostics);
  if (result.exit_code == 0) result.exit_code = ExitCodeOf(result.last_diagnostics);
  result.late_exit_code = LateExitCodeOf(result.diagnostics);
  co_return result;
}

}  // namespace stagepost
