// What each kind of line of sendmail.cf means. Operations Guide, chapter 5.
#ifndef STAGEPOST_MTA_CF_LINE_LOADER_H_
#define STAGEPOST_MTA_CF_LINE_LOADER_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/class_line.h"
#include "mta/cf/lines.h"
#include "mta/cf/load_context.h"
#include "mta/cf/reader.h"
#include "mta/cf/ruleset_names.h"
#include "mta/env/environment.h"

namespace stagepost {

// Reads line after line into a Configuration. Its references outlive it.
class LineLoader {
 public:
  LineLoader(Environment& env, LoadContext context, ClassQuery& query)
      : env_(env), context_(std::move(context)), query_(query) {}

  Task<void> Read(ConfigurationLine line);

  // "xvalue", "{name}value": a macro of the command line. Nothing in the value means anything.
  void ReadMacroArgument(absl::string_view argument);

  LoadContext& context() { return context_; }

 private:
  // All kinds but F and X, which may have to wait.
  void ReadAtOnce(absl::string_view line);
  void ReadMacro(absl::string_view rest);
  void ReadClass(absl::string_view rest);
  void AddWords(NameId name, const Text& text);
  void ReadMap(absl::string_view rest);
  void ReadOption(absl::string_view rest);
  void ReadPrecedence(absl::string_view line);
  void ReadRule(absl::string_view line);
  void ReadRuleset(absl::string_view rest);
  void ReadTrusted(absl::string_view rest);
  void ReadVersion(absl::string_view rest);
  void ReadEnvironment(absl::string_view rest);
  Task<void> ReadMilter(std::string line);
  Task<void> ReadClassFrom(ClassLine line);
  Task<absl::Status> ReadFileOrProgram(const ClassLine& line);

  // With its macros put in; what is wrong with them is reported.
  Text Expanded(const Text& text);
  void Unknown(absl::string_view line);
  std::optional<Identity> DefaultIdentity();

  Environment& env_;
  LoadContext context_;
  ClassQuery& query_;
  RulesetNames rulesets_;
  std::optional<size_t> ruleset_;  // the one that rules belong to
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_LINE_LOADER_H_
