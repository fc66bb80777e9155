#include "tools/stagepost_worker.h"

#include <sysexits.h>

#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/async/frame_pool.h"
#include "sim/campaign/seed_result.h"
#include "sim/trace/one_line.h"
#include "tools/scenario_files.h"

namespace stagepost {
namespace {

class Worker {
 public:
  explicit Worker(const StagepostContext& context) : context_(context) {}

  int Execute(const std::vector<std::string>& words) {
    uint32_t poison = 0;
    if (words.size() < 3 || context_.in == nullptr || !absl::SimpleAtoi(words[0], &poison)) {
      return EX_USAGE;
    }
    options_.faults = words[1].find('f') != std::string::npos;
    options_.canary = words[1].find('c') != std::string::npos;
    ScenarioFiles files;
    for (size_t i = 2; i < words.size(); ++i) {
      absl::StatusOr<LoadedScenario> loaded = files.Load(words[i]);
      if (!loaded.ok()) return Refuse(loaded.status());
      scenarios_.push_back(*std::move(loaded));
    }
    PoisonFreshFrames(static_cast<uint8_t>(poison));
    Say("ready");
    std::string line;
    while (context_.out && std::getline(*context_.in, line)) {
      if (!Answer(line)) return EX_SOFTWARE;
    }
    return EX_OK;
  }

 private:
  void Say(const std::string& line) { context_.out << line << "\n" << std::flush; }
  int Refuse(const absl::Status& status) {
    Say(absl::StrCat("error ", OneLine(status.message(), kMaxFailureBytes)));
    return EX_DATAERR;
  }

  bool Answer(const std::string& line) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    size_t index = 0;
    if (words.size() != 3 || !absl::SimpleAtoi(words[1], &index) || index >= scenarios_.size() ||
        !absl::SimpleAtoi(words[2], &options_.seed)) {
      return false;
    }
    const bool trace = words[0] == "trace";
    options_.keep_trace = trace ? TraceLog::Keep::kEverything : TraceLog::Keep::kNothing;
    const absl::StatusOr<RunResult> result = context_.run(scenarios_[index], options_);
    if (!result.ok()) {
      Refuse(result.status());
    } else if (trace) {
      for (const absl::string_view event : absl::StrSplit(result->trace_text, '\n')) {
        context_.out << "trace " << std::string(event) << "\n";
      }
      Say("end");
    } else {
      Report(*result);
    }
    return true;
  }

  void Report(const RunResult& result) {
    for (const std::string& probe : result.probes) {
      if (told_.insert(probe).second) Say(absl::StrCat("probe ", probe));
    }
    Say(absl::StrCat("result ", FormatSeedResult({options_.seed, result.hash.ToString(),
                                                  result.events, result.failures})));
  }

  const StagepostContext& context_;
  RunOptions options_;
  std::vector<LoadedScenario> scenarios_;
  std::set<std::string> told_;
};

}  // namespace

int RunWorker(const std::vector<std::string>& words, const StagepostContext& context) {
  return Worker(context).Execute(words);
}

}  // namespace stagepost
