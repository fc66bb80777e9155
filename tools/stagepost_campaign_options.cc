#include "tools/stagepost_campaign_options.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "sim/scenario/suggest.h"
#include "sim/scenario/values.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

constexpr absl::string_view kHelp =
    R"(usage: stagepost campaign [OPTION...] FILE|DIR|DIR/... ...

Runs scenarios with many seeds, in several processes, each seed twice: the
second run, in a process with other addresses, must give the same events.

  --seeds A..B     the seeds (default 1..1000)
  --faults         draws faults on top of the scenarios' own; then only the
                   invariants count, and that everything comes to an end
  --jobs N         processes that run at the same time (default 1)
  --time-limit D   stops after D, such as 90s, 10m or 2h, with what it has
  --resume FILE    keeps results in FILE, and goes on from what is there
  --no-determinism-check
                   runs each seed once
  --canary         plants a defect, with --faults, and runs until it is found
  --json           results as one JSON object; see docs/stagepost.md
  --help           this text

Exit status: 0 everything that was run held, and no two runs of a seed differed
(with --canary: it was found); 1 otherwise; 64 wrong usage; 65 a scenario or the
file of --resume is wrong; 66 a file cannot be read; 70 the simulator cannot be
started; 73 the file of --resume cannot be written; 130 interrupted.
)";

absl::Status Usage(const std::string& what) { return absl::InvalidArgumentError(what); }
std::string Quoted(absl::string_view text) { return absl::StrCat("\"", OneLine(text, 80), "\""); }

bool ParseNumber(absl::string_view text, uint64_t& number) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos &&
         absl::SimpleAtoi(text, &number);
}

absl::Status ParseSeeds(absl::string_view text, CampaignOptions& options) {
  constexpr uint64_t kMaxSeeds = 100'000'000;
  const size_t dots = text.find("..");
  if (dots == text.npos || !ParseNumber(text.substr(0, dots), options.first_seed) ||
      !ParseNumber(text.substr(dots + 2), options.last_seed) ||
      options.first_seed > options.last_seed) {
    return Usage(absl::StrCat("--seeds takes A..B, such as 1..1000, not ", Quoted(text)));
  }
  if (options.last_seed - options.first_seed >= kMaxSeeds) {
    return Usage(absl::StrCat("--seeds takes ", kMaxSeeds, " seeds at most"));
  }
  return absl::OkStatus();
}

absl::Status SetValue(absl::string_view name, absl::string_view value, CampaignOptions& options) {
  if (name == "--seeds") return ParseSeeds(value, options);
  if (name == "--jobs") {
    uint64_t jobs = 0;
    if (!ParseNumber(value, jobs) || jobs < 1 || jobs > kMaxCampaignJobs) {
      return Usage(absl::StrCat("--jobs takes a number from 1 to ", kMaxCampaignJobs, ", not ",
                                Quoted(value)));
    }
    options.jobs = static_cast<int>(jobs);
  } else if (name == "--time-limit") {
    const auto limit = ParseScenarioDuration(std::string(value));
    if (!limit.ok() || *limit <= absl::ZeroDuration()) {
      return Usage(absl::StrCat("--time-limit takes a duration such as 10m, not ", Quoted(value)));
    }
    options.time_limit = *limit;
  } else {
    if (value.empty()) return Usage(absl::StrCat(name, " takes the name of a file"));
    options.resume_file = std::string(value);
  }
  return absl::OkStatus();
}

bool TakesValue(absl::string_view name) {
  return name == "--seeds" || name == "--jobs" || name == "--time-limit" || name == "--resume";
}

absl::Status SetFlag(absl::string_view name, bool has_value, CampaignOptions& options) {
  if (name == "--help" || name == "-h") {
    options.help = true;
  } else if (name == "--faults") {
    options.faults = true;
  } else if (name == "--canary") {
    options.canary = options.faults = true;
  } else if (name == "--json") {
    options.json = true;
  } else if (name == "--no-determinism-check") {
    options.check_determinism = false;
  } else {
    const std::string nearest =
        NearestWord(name, {"--seeds", "--faults", "--jobs", "--time-limit", "--resume",
                           "--no-determinism-check", "--canary", "--json", "--help"});
    return Usage(absl::StrCat(
        "unknown option ", Quoted(name),
        nearest.empty() ? std::string() : absl::StrCat(" (did you mean \"", nearest, "\"?)")));
  }
  return has_value ? Usage(absl::StrCat(name, " takes no value")) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<CampaignOptions> ParseCampaignOptions(const std::vector<std::string>& words) {
  CampaignOptions options;
  for (size_t i = 0; i < words.size(); ++i) {
    const absl::string_view word = words[i];
    if (word == "--") {
      options.arguments.insert(options.arguments.end(), words.begin() + static_cast<long>(i) + 1,
                               words.end());
      break;
    }
    if (word.size() < 2 || word[0] != '-') {
      options.arguments.emplace_back(word);
      continue;
    }
    const size_t equals = word.find('=');
    const absl::string_view name = word.substr(0, equals);
    if (!TakesValue(name)) {
      RETURN_IF_ERROR(SetFlag(name, equals != word.npos, options));
      continue;
    }
    const bool next = equals == word.npos;
    if (next && i + 1 == words.size()) return Usage(absl::StrCat(name, " takes a value"));
    RETURN_IF_ERROR(
        SetValue(name, next ? absl::string_view(words[++i]) : word.substr(equals + 1), options));
  }
  if (options.help) return options;
  if (options.arguments.empty()) return Usage("campaign needs a scenario file or a directory");
  if (options.canary && !options.resume_file.empty()) {
    return Usage("--canary starts from the beginning: it excludes --resume");
  }
  return options;
}

absl::string_view CampaignHelp() { return kHelp; }

}  // namespace stagepost
