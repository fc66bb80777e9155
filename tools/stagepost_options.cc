#include "tools/stagepost_options.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "sim/scenario/suggest.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

constexpr absl::string_view kHelp =
    R"(usage: stagepost replay [OPTION...] FILE|DIR|DIR/... ...

Replays scenarios in the simulator and says of each whether everything held. A
directory stands for every *.textproto file below it.

  --seed N         the seed that all choices are drawn from (default 1)
  --seeds A..B     every seed from A to B, and a summary of each scenario
  --choices FILE   replays the choices in FILE instead of drawing them
  --record FILE    writes the choices of the run to FILE
  --faults         draws faults on top of the scenario's own; then only the
                   invariants count, and that everything comes to an end
  --canary         plants a defect: the queue directory is never synced
  --trace          shows what happened, one line for each change of state
  --full-trace     shows everything, down to bytes, file reads and scheduling
  --json           results as one JSON object; see docs/stagepost.md
  --help           this text

--choices and --record take one scenario and one run; --trace takes one seed.

Exit status: 0 every expectation and invariant held; 1 some did not; 64 wrong
usage; 65 a scenario or choice file is wrong; 66 a file cannot be read; 70 the
simulator failed; 73 a file cannot be written.
)";

absl::Status Usage(const std::string& what) { return absl::InvalidArgumentError(what); }

std::string Quoted(absl::string_view text) { return absl::StrCat("\"", OneLine(text, 80), "\""); }

std::optional<uint64_t> Number(absl::string_view text) {
  uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
  }
  if (!absl::SimpleAtoi(text, &number)) return std::nullopt;
  return number;
}

absl::Status ParseSeeds(absl::string_view text, ReplayOptions& options) {
  const size_t dots = text.find("..");
  std::optional<uint64_t> first, last;
  if (dots != absl::string_view::npos) {
    first = Number(text.substr(0, dots));
    last = Number(text.substr(dots + 2));
  }
  if (!first.has_value() || !last.has_value() || *first > *last) {
    return Usage(absl::StrCat("--seeds takes A..B, such as 1..1000, not ", Quoted(text)));
  }
  if (*last - *first >= kMaxSeeds) {
    return Usage(absl::StrCat("--seeds takes ", kMaxSeeds, " seeds at most"));
  }
  options.first_seed = *first;
  options.last_seed = *last;
  options.many_seeds = true;
  return absl::OkStatus();
}

// Options that are followed by a value.
bool TakesValue(absl::string_view name) {
  return name == "--seed" || name == "--seeds" || name == "--choices" || name == "--record";
}

absl::Status SetValue(absl::string_view name, absl::string_view value, ReplayOptions& options) {
  if (name == "--seeds") return ParseSeeds(value, options);
  if (name == "--seed") {
    const std::optional<uint64_t> seed = Number(value);
    if (!seed.has_value()) {
      return Usage(absl::StrCat("--seed takes a number, not ", Quoted(value)));
    }
    options.first_seed = options.last_seed = *seed;
    return absl::OkStatus();
  }
  if (value.empty()) return Usage(absl::StrCat(name, " takes the name of a file"));
  (name == "--choices" ? options.choices_file : options.record_file) = std::string(value);
  return absl::OkStatus();
}

absl::Status SetFlag(absl::string_view name, bool has_value, ReplayOptions& options) {
  if (name == "--help" || name == "-h") {
    options.help = true;
  } else if (name == "--json") {
    options.json = true;
  } else if (name == "--faults") {
    options.faults = true;
  } else if (name == "--canary") {
    options.canary = true;
  } else if (name == "--trace") {
    options.trace = TraceLog::Keep::kReadable;
  } else if (name == "--full-trace") {
    options.trace = TraceLog::Keep::kEverything;
  } else {
    const std::vector<std::string> known = {"--seed",   "--seeds",      "--choices", "--record",
                                            "--trace",  "--full-trace", "--json",    "--faults",
                                            "--canary", "--help"};
    const std::string nearest = NearestWord(name, known);
    return Usage(absl::StrCat(
        "unknown option ", Quoted(name),
        nearest.empty() ? std::string() : absl::StrCat(" (did you mean \"", nearest, "\"?)")));
  }
  return has_value ? Usage(absl::StrCat(name, " takes no value")) : absl::OkStatus();
}

absl::Status CheckCombination(const ReplayOptions& options, bool seed_given) {
  if (options.arguments.empty()) return Usage("replay needs a scenario file or a directory");
  if (seed_given && options.many_seeds) return Usage("--seed and --seeds exclude each other");
  if (!options.choices_file.empty() && (seed_given || options.many_seeds)) {
    return Usage("--choices replaces the seed: it excludes --seed and --seeds");
  }
  if (options.many_seeds && !options.record_file.empty()) {
    return Usage("--record takes one seed, not --seeds");
  }
  if (options.many_seeds && options.trace != TraceLog::Keep::kNothing) {
    return Usage("a trace is of one seed, not of --seeds");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ReplayOptions> ParseReplayOptions(const std::vector<std::string>& words) {
  ReplayOptions options;
  bool seed_given = false;
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
    if (TakesValue(name)) {
      const bool next = equals == absl::string_view::npos;
      if (next && i + 1 == words.size()) return Usage(absl::StrCat(name, " takes a value"));
      const absl::string_view value =
          next ? absl::string_view(words[++i]) : word.substr(equals + 1);
      RETURN_IF_ERROR(SetValue(name, value, options));
      seed_given = seed_given || name == "--seed";
    } else {
      RETURN_IF_ERROR(SetFlag(name, equals != absl::string_view::npos, options));
    }
  }
  if (options.help) return options;
  RETURN_IF_ERROR(CheckCombination(options, seed_given));
  return options;
}

absl::string_view ReplayHelp() { return kHelp; }

}  // namespace stagepost
