#include "tools/stagepost_campaign.h"

#include <sysexits.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "sim/campaign/seed_result.h"
#include "sim/campaign/tally.h"
#include "sim/trace/hash128.h"
#include "tools/campaign_journal.h"
#include "tools/child_process.h"
#include "tools/scenario_files.h"
#include "tools/stagepost_campaign_report.h"
#include "tools/stagepost_files.h"
#include "tools/stagepost_worker.h"
#include "tools/trace_difference.h"

namespace stagepost {
namespace {

constexpr absl::Duration kProgressInterval = absl::Seconds(5);
// A run takes milliseconds. One that takes so long will never end.
constexpr absl::Duration kRunLimit = absl::Minutes(2);
// What fresh coroutine frames are filled with in the first and the second run of a seed.
constexpr int kPoisons[2] = {0xa5, 0x5a};
constexpr int kInterrupted = 130;  // 128 + SIGINT, as shells have it

class Campaign {
 public:
  Campaign(const std::string& program, const CampaignOptions& options,
           const StagepostContext& context)
      : program_(program), options_(options), context_(context) {}

  int Execute() {
    start_ = last_progress_ = context_.now();
    if (!LoadScenarios() || !OpenJournal()) return exit_code_;
    cursor_seed_ = options_.first_seed;
    slots_.resize(static_cast<size_t>(options_.jobs));
    for (Slot& slot : slots_) {
      for (int half = 0; half < (options_.check_determinism ? 2 : 1); ++half) {
        if (!StartWorker(slot, half)) return exit_code_;
      }
      Assign(slot);
    }
    while (Busy() && exit_code_ == EX_OK) {
      HandleInput();
      HandleTime();
    }
    return Finish();
  }

 private:
  // Two processes that run the same seeds, one after the other.
  struct Slot {
    std::unique_ptr<ChildProcess> workers[2];
    bool busy = false;
    int half = 0;  // whose turn it is
    size_t scenario = 0;
    uint64_t seed = 0;
    absl::Duration since;
    SeedResult first;  // what the first run gave, during the second
  };

  bool Complain(absl::string_view what, int exit_code) {
    context_.err << "stagepost: " << std::string(what) << "\n";
    if (exit_code_ == EX_OK) exit_code_ = exit_code;
    return false;
  }

  bool LoadScenarios() {
    absl::StatusOr<std::vector<std::string>> files = FindScenarios(options_.arguments);
    if (!files.ok()) return Complain(files.status().message(), EX_NOINPUT);
    files_ = *std::move(files);
    header_ = absl::StrCat("stagepost-campaign 1 ", Flags(),
                           options_.check_determinism ? " twice\n" : " once\n");
    for (const std::string& file : files_) {
      std::string text;
      const absl::StatusOr<LoadedScenario> loaded = scenario_files_.Load(file, &text);
      if (absl::IsNotFound(loaded.status())) {
        return Complain(loaded.status().message(), EX_NOINPUT);
      }
      if (!loaded.ok()) {
        // FILE:LINE:COLUMN first, as editors expect it.
        context_.err << std::string(loaded.status().message()) << "\n";
        exit_code_ = EX_DATAERR;
        continue;
      }
      ScenarioTally& tally = tally_.scenarios.emplace_back();
      tally.name = loaded->scenario.name();
      tally.file = file;
      Hasher128 hasher;
      hasher.AddText(text);
      // A scenario with another configuration is another scenario.
      for (const std::string& cf : loaded->configurations) hasher.AddText(cf);
      absl::StrAppend(&header_, "scenario ", hasher.Finish().ToString(), " ", file, "\n");
    }
    done_.resize(files_.size());
    return exit_code_ == EX_OK;
  }

  bool OpenJournal() {
    tally_.left = (options_.last_seed - options_.first_seed + 1) * files_.size();
    if (options_.resume_file.empty()) return true;
    const absl::Status opened = journal_.Open(options_.resume_file, header_, tally_, done_);
    if (!opened.ok()) {
      return Complain(opened.message(),
                      absl::IsInvalidArgument(opened) ? EX_DATAERR : EX_CANTCREAT);
    }
    for (const std::set<uint64_t>& seeds : done_) {
      tally_.left -= static_cast<uint64_t>(std::distance(seeds.lower_bound(options_.first_seed),
                                                         seeds.upper_bound(options_.last_seed)));
    }
    return true;
  }

  std::string Flags() const { return options_.canary ? "fc" : options_.faults ? "f" : "-"; }

  bool StartWorker(Slot& slot, int half) {
    std::vector<std::string> words = {program_, kWorkerCommand, absl::StrCat(kPoisons[half]),
                                      Flags()};
    words.insert(words.end(), files_.begin(), files_.end());
    auto started = ChildProcess::StartSelf(words);
    if (!started.ok()) return Complain(started.status().message(), EX_SOFTWARE);
    slot.workers[half] = *std::move(started);
    const std::optional<std::string> line = slot.workers[half]->WaitForLine();
    if (line == "ready") return true;
    return Complain(absl::StrCat("a worker does not start: ", line.value_or("(nothing)")),
                    EX_SOFTWARE);
  }

  // The next seed that is not done; scenario by scenario for each seed, so that all of them come
  // on at the same pace.
  bool Next(size_t& scenario, uint64_t& seed) {
    while (!stopping_ && !exhausted_) {
      scenario = cursor_scenario_;
      seed = cursor_seed_;
      if (++cursor_scenario_ == files_.size()) {
        cursor_scenario_ = 0;
        exhausted_ = cursor_seed_++ == options_.last_seed;
      }
      if (!done_[scenario].contains(seed)) return true;
    }
    return false;
  }

  void Assign(Slot& slot) {
    slot.busy = Next(slot.scenario, slot.seed);
    if (slot.busy) Run(slot, 0);
  }

  void Run(Slot& slot, int half) {
    slot.half = half;
    slot.since = context_.now();
    // That a worker has died shows when it is read from.
    (void)slot.workers[half]->Send(absl::StrCat("run ", slot.scenario, " ", slot.seed));
  }

  bool Busy() const {
    return std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.busy; });
  }

  void HandleInput() {
    std::vector<int> fds = {interrupts_.fd()};
    for (const Slot& slot : slots_) {
      fds.push_back(slot.busy ? slot.workers[slot.half]->output_fd() : -1);
    }
    for (const int fd : WaitForInput(fds, absl::Milliseconds(200))) {
      if (fd == interrupts_.fd()) {
        if (stopping_ && tally_.interrupted) abandoned_ = true;  // asked twice
        stopping_ = tally_.interrupted = true;
        if (abandoned_) exit_code_ = kInterrupted;
        interrupts_.Take();
        continue;
      }
      for (Slot& slot : slots_) {
        if (slot.busy && slot.workers[slot.half]->output_fd() == fd) {
          Listen(slot);
          break;
        }
      }
    }
  }

  void HandleTime() {
    const absl::Duration now = context_.now();
    if (options_.time_limit.has_value() && now - start_ >= *options_.time_limit) stopping_ = true;
    for (Slot& slot : slots_) {
      if (slot.busy && now - slot.since > kRunLimit) Died(slot, "has not ended after two minutes");
    }
    if (now - last_progress_ < kProgressInterval) return;
    last_progress_ = now;
    context_.err << absl::StrFormat(
                        "campaign: %d runs, %d left, %d failed, %d not the same twice\n",
                        tally_.held() + tally_.failed(), tally_.left, tally_.failed(),
                        tally_.differences())
                 << std::flush;
  }

  void Listen(Slot& slot) {
    ChildProcess& worker = *slot.workers[slot.half];
    worker.Receive();
    while (const std::optional<std::string> line = worker.NextLine()) {
      absl::string_view text = *line;
      if (absl::ConsumePrefix(&text, "probe ")) {
        if (tally_.probes.emplace(text).second) Keep(absl::StrCat("probe ", text));
      } else if (absl::ConsumePrefix(&text, "result ")) {
        const absl::StatusOr<SeedResult> result = ParseSeedResult(text);
        if (result.ok()) return OnResult(slot, *result);
      } else if (absl::ConsumePrefix(&text, "error ")) {
        Complain(text, EX_DATAERR);
      }
    }
    if (worker.ended()) Died(slot, absl::StrCat("the simulator ended: ", worker.HowItEnded()));
  }

  void OnResult(Slot& slot, const SeedResult& result) {
    if (options_.check_determinism && slot.half == 0) {
      slot.first = result;
      return Run(slot, 1);
    }
    if (slot.half == 1 && result.hash != slot.first.hash) NoteDifference(slot, result);
    Settle(slot, slot.half == 1 ? slot.first : result);
  }

  // The run came to no end.
  void Died(Slot& slot, const std::string& how) {
    SeedResult result;
    result.seed = slot.seed;
    result.hash = std::string(32, '0');
    result.failures = {{files_[slot.scenario], how}};
    slot.workers[slot.half].reset();
    if (StartWorker(slot, slot.half)) Settle(slot, result);
  }

  void Settle(Slot& slot, const SeedResult& result) {
    tally_.scenarios[slot.scenario].Add(result);
    --tally_.left;
    Keep(absl::StrCat("result ", slot.scenario, " ", FormatSeedResult(result)));
    if (options_.canary && FindCanary(tally_).result != nullptr) stopping_ = true;
    Assign(slot);
  }

  void NoteDifference(Slot& slot, const SeedResult& second) {
    HashDifference difference = {slot.seed, slot.first.hash, second.hash, ""};
    std::vector<std::string> traces[2];
    for (int half = 0; half < 2; ++half) {
      ChildProcess& worker = *slot.workers[half];
      (void)worker.Send(absl::StrCat("trace ", slot.scenario, " ", slot.seed));
      while (std::optional<std::string> line = worker.WaitForLine()) {
        if (!absl::StartsWith(*line, "trace ")) break;
        traces[half].push_back(line->substr(6));
      }
    }
    difference.where = DescribeTraceDifference(traces[0], traces[1]);
    Keep(absl::StrCat("difference ", slot.scenario, " ", slot.seed, " ", difference.first_hash, " ",
                      difference.second_hash));
    tally_.scenarios[slot.scenario].differences.push_back(std::move(difference));
  }

  void Keep(const std::string& line) {
    if (!journal_.Add(line)) {
      Complain(absl::StrCat(options_.resume_file, ": cannot be written"), EX_CANTCREAT);
    }
  }

  int Finish() {
    slots_.clear();
    const absl::Duration real_time = context_.now() - start_;
    context_.out << (options_.json ? CampaignJson(program_, options_, tally_, real_time)
                                   : CampaignText(program_, options_, tally_, real_time));
    if (exit_code_ != EX_OK) return exit_code_;
    if (options_.canary) return FindCanary(tally_).result != nullptr ? EX_OK : 1;
    if (tally_.failed() > 0 || tally_.differences() > 0) return 1;
    return tally_.interrupted ? kInterrupted : EX_OK;
  }

  const std::string& program_;
  const CampaignOptions& options_;
  const StagepostContext& context_;
  int exit_code_ = EX_OK;
  ScenarioFiles scenario_files_;
  std::vector<std::string> files_;
  std::string header_;  // of the journal
  CampaignTally tally_;
  std::vector<std::set<uint64_t>> done_;  // before this campaign, by scenario
  CampaignJournal journal_;
  Interrupts interrupts_;
  std::vector<Slot> slots_;
  uint64_t cursor_seed_ = 0;
  size_t cursor_scenario_ = 0;
  bool exhausted_ = false;
  bool stopping_ = false;
  bool abandoned_ = false;
  absl::Duration start_, last_progress_;
};

}  // namespace

int RunCampaign(const std::string& program, const CampaignOptions& options,
                const StagepostContext& context) {
  return Campaign(program, options, context).Execute();
}

}  // namespace stagepost
