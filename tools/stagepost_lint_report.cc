#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "sim/trace/one_line.h"
#include "tools/stagepost_lint.h"
#include "tools/stagepost_report.h"

namespace stagepost {
namespace {

constexpr size_t kMaxShownBytes = 2000;

// Of the words of the two reports, those for people and those for programs.
struct Words {
  absl::string_view text;
  absl::string_view json;
};

Words WordsOf(Diagnostic::Severity severity) {
  switch (severity) {
    case Diagnostic::Severity::kWarning:
      return {"warning", "warning"};
    case Diagnostic::Severity::kError:
      return {"error", "error"};
    case Diagnostic::Severity::kFatal:
      return {"error", "fatal"};
    case Diagnostic::Severity::kNotImplemented:
      return {"no effect", "not_implemented"};
  }
  return {"error", "error"};
}

// sendmail's messages may have two lines.
std::string Message(const Diagnostic& found) {
  return OneLine(absl::StrReplaceAll(found.text, {{"\n         ", " "}, {"\n", " "}}),
                 kMaxShownBytes);
}

std::string Count(size_t number, absl::string_view one, absl::string_view many) {
  return absl::StrCat(number, " ", number == 1 ? one : many);
}

}  // namespace

std::string LintText(const std::vector<LintedFile>& files) {
  std::string text;
  std::map<absl::string_view, size_t> sums;
  for (const LintedFile& file : files) {
    for (const Diagnostic& found : file.findings) {
      const absl::string_view word = WordsOf(found.severity).text;
      ++sums[word];
      const std::string& name = found.where.file.empty() ? file.file : found.where.file;
      absl::StrAppend(&text, OneLine(name, kMaxShownBytes), ":");
      if (found.where.line != 0) absl::StrAppend(&text, found.where.line, ":");
      absl::StrAppend(&text, " ", word, ": ", Message(found), "\n");
    }
  }
  return absl::StrCat(text, Count(files.size(), "file", "files"), ": ",
                      Count(sums["error"], "error", "errors"), ", ",
                      Count(sums["warning"], "warning", "warnings"), ", ", sums["no effect"],
                      " without effect\n");
}

std::string LintJson(const std::vector<LintedFile>& files) {
  std::vector<std::string> objects;
  for (const LintedFile& file : files) {
    std::vector<std::string> findings;
    for (const Diagnostic& found : file.findings) {
      findings.push_back(absl::StrCat(
          "\n      {\"severity\": ", JsonString(WordsOf(found.severity).json),
          ", \"file\": ", JsonString(found.where.file), ", \"line\": ", found.where.line,
          ", \"text\": ", JsonString(found.text), "}"));
    }
    objects.push_back(absl::StrCat("\n    {\"file\": ", JsonString(file.file),
                                   ", \"clean\": ", file.clean() ? "true" : "false",
                                   ", \"findings\": [", absl::StrJoin(findings, ","),
                                   findings.empty() ? "" : "\n    ", "]}"));
  }
  return absl::StrCat("{\n  \"files\": [", absl::StrJoin(objects, ","), "\n  ]\n}\n");
}

}  // namespace stagepost
