#include "tools/stagepost_lint.h"

#include <sysexits.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/cf/not_implemented.h"
#include "mta/site/site.h"
#include "sim/scenario/suggest.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

// What sendmail ends with when it cannot open its configuration.
constexpr int kExitNoFile = 72;

constexpr absl::string_view kHelp =
    R"(usage: stagepost lint [OPTION...] FILE.cf...

Reads configurations as sendmail would on this host, class files and maps
included, and shows what is wrong, what is odd and what has no effect.

  --json       the findings as one JSON object
  --help       this text

Exit status: 0 nothing was found, 1 something was, 64 wrong command line,
65 a file could not be read to its end, 66 a file could not be opened,
74 the output could not be written.
)";

Task<LintedFile> LintFile(Environment& env, std::string file) {
  LintedFile linted;
  linted.file = file;
  ReadOptions options;
  options.file = file;
  LoadedSite loaded = co_await LoadSite(env, std::move(options));
  linted.findings = std::move(loaded.diagnostics);
  if (loaded.writable_by_others) {
    linted.findings.push_back({.severity = Diagnostic::Severity::kWarning,
                               .where = {file, 0},
                               .text = absl::StrCat(file, ": WARNING: dangerous write permissions"),
                               .exit_code = 0});
  }
  for (const Diagnostic& found : linted.findings) {
    if (found.severity != Diagnostic::Severity::kFatal) continue;
    linted.cut_short = true;
    if (found.exit_code == kExitNoFile && found.where.line == 0) linted.unreadable = true;
  }
  if (loaded.site != nullptr) {
    for (Diagnostic& found : NotImplemented(loaded.site->configuration())) {
      linted.findings.push_back(std::move(found));
    }
  }
  co_return linted;
}

}  // namespace

absl::StatusOr<LintOptions> ParseLintOptions(const std::vector<std::string>& words) {
  LintOptions options;
  bool only_files = false;
  for (const std::string& word : words) {
    if (only_files || word.size() < 2 || word[0] != '-') {
      options.files.push_back(word);
    } else if (word == "--") {
      only_files = true;
    } else if (word == "--json") {
      options.json = true;
    } else if (word == "--help" || word == "-h") {
      options.help = true;
    } else {
      return absl::InvalidArgumentError(absl::StrCat("unknown option \"", OneLine(word, 80), "\"",
                                                     DidYouMean(word, {"--json", "--help"})));
    }
  }
  if (!options.help && options.files.empty()) {
    return absl::InvalidArgumentError("no file given");
  }
  return options;
}

absl::string_view LintHelp() { return kHelp; }

int LintExitCode(const std::vector<LintedFile>& files) {
  int exit_code = 0;
  for (const LintedFile& file : files) {
    int own = file.clean() ? 0 : 1;
    if (file.cut_short) own = EX_DATAERR;
    if (file.unreadable) own = EX_NOINPUT;
    if (own > exit_code) exit_code = own;
  }
  return exit_code;
}

Task<int> LintMain(Environment& env, Arguments arguments) {
  const absl::StatusOr<LintOptions> options =
      ParseLintOptions({arguments.begin() + 1, arguments.end()});
  if (!options.ok()) {
    (void)co_await WriteAll(env.process().standard_error(),
                            absl::StrCat("stagepost lint: ", options.status().message(),
                                         "\nTry: stagepost lint --help\n"));
    co_return EX_USAGE;
  }
  std::string text(kHelp);
  int exit_code = 0;
  if (!options->help) {
    std::vector<LintedFile> files;
    for (const std::string& file : options->files) {
      LintedFile linted = co_await LintFile(env, file);
      files.push_back(std::move(linted));
    }
    text = options->json ? LintJson(files) : LintText(files);
    exit_code = LintExitCode(files);
  }
  const absl::Status written = co_await WriteAll(env.process().standard_output(), text);
  if (written.ok()) co_return exit_code;
  if (!absl::IsUnavailable(written)) {  // a reader that has gone by its own will (`… | head`)
    (void)co_await WriteAll(env.process().standard_error(),
                            "stagepost lint: standard output cannot be written\n");
  }
  co_return EX_IOERR;
}

}  // namespace stagepost
