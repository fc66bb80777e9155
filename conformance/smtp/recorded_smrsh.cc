#include "conformance/smtp/recorded_smrsh.h"

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/sysexits.h"

namespace stagepost {

Task<int> RecordedSmrshMain(Environment& env, Arguments arguments) {
  if (arguments.size() != 3 || arguments[1] != "-c") co_return kExitUsage;
  const std::vector<std::string> words =
      absl::StrSplit(arguments[2], absl::ByAnyChar(" \t;"), absl::SkipEmpty());
  int code = 0;
  if (words.size() == 2 && words[0] == "exit" && absl::SimpleAtoi(words[1], &code)) co_return code;
  const std::string path = words.empty() ? "" : words[0];
  const std::string name = path.substr(path.rfind('/') + 1);
  (void)co_await WriteAll(
      env.process().standard_error(),
      absl::StrCat("smrsh: \"", name, "\" not available for sendmail programs (stat failed)\n"));
  co_return kExitUnavailable;
}

}  // namespace stagepost
