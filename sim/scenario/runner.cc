#include "sim/scenario/runner.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "sim/check/expectations.h"
#include "sim/check/invariants.h"
#include "sim/check/sink_records.h"
#include "sim/scenario/attack.h"
#include "sim/scenario/changes.h"
#include "sim/scenario/command.h"
#include "sim/scenario/dialogue.h"
#include "sim/scenario/dns_values.h"
#include "sim/scenario/faults.h"
#include "sim/scenario/host_builder.h"
#include "sim/scenario/pattern_cache.h"
#include "sim/scenario/services.h"
#include "sim/scenario/swarm.h"
#include "sim/trace/render.h"
#include "sim/world/world.h"

namespace stagepost {
namespace {

// Every run begins at the same wall time: a Friday, so that dates in expectations can be written
// down.
constexpr absl::CivilSecond kStart(2026, 11, 20, 6, 0, 0);

// What is left after the last step, with nothing in the way, may take so long, or three queue runs.
// Longer than any SMTP time-out of a session whose client is gone.
constexpr absl::Duration kDrainLimit = absl::Hours(3);

absl::Duration Duration(const std::string& text) { return *ParseScenarioDuration(text); }

class Run {
 public:
  Run(const LoadedScenario& loaded, const RunOptions& options, Choices choices)
      : loaded_(loaded),
        options_(options),
        choices_(std::move(choices)),
        trace_(options.keep_trace),
        services_(loaded, world_,
                  [this](std::string where, std::string what) {
                    Fail(std::move(where), std::move(what));
                  }),
        world_(choices_, trace_, absl::FromCivil(kStart, absl::UTCTimeZone())),
        invariants_(loaded.scenario, world_),
        records_(loaded.scenario, world_),
        faults_(world_, patterns_, [this](SimHost& host) { services_.Restart(host); }),
        limit_(MonotonicTime() + Duration(loaded.scenario.time_limit())) {}

  absl::StatusOr<RunResult> Execute() {
    RETURN_IF_ERROR(BuildWorld());
    if (options_.faults) UnleashSwarm();
    const auto& scenario = loaded_.scenario;
    for (int i = 0; i < scenario.step_size() && !OutOfTime(); ++i) {
      // The line, not the file: a hash does not depend on where the scenario stands.
      trace_.Record(world_.now().nanoseconds(), TraceLog::kWorld, 0,
                    {EventKind::kStep, "step", absl::StrCat("of line ", loaded_.step_lines[i]), i});
      Perform(scenario.step(i), i);
    }
    JoinDialogues();
    for (int i = 0; i < scenario.expect_size() && !OutOfTime(); ++i) {
      Check(scenario.expect(i), loaded_.WhereExpect(i));
    }
    if (OutOfTime()) {
      Fail(loaded_.Where(), absl::StrCat("has not ended after ", scenario.time_limit()));
    }
    Drain();
    for (std::string& broken : invariants_.Check()) Fail(loaded_.Where(), std::move(broken));
    return Result();
  }

 private:
  // While faults are drawn at random nobody can say what a step should come to.
  void Fail(std::string where, std::string what) {
    if (options_.faults && !draining_) return;
    result_.failures.push_back({std::move(where), std::move(what)});
  }
  bool OutOfTime() const { return world_.now() >= limit_; }
  MonotonicTime LimitAfter(absl::Duration duration) const {
    return std::min(limit_, world_.now() + duration);
  }

  absl::Status BuildWorld() {
    const scenario::Dns& dns = loaded_.scenario.world().dns();
    world_.core().dns_cache = dns.cache();
    for (const scenario::Zone& zone : dns.zone()) {
      CHECK(world_.core().dns.Put(BuildDnsZone(zone)).ok()) << zone.name();
    }
    RETURN_IF_ERROR(services_.Build());
    for (const scenario::Link& link : loaded_.scenario.world().link()) ApplyLink(link, world_);
    if (options_.canary) PlantCanary();
    services_.StartAll(limit_);
    return absl::OkStatus();
  }

  void PlantCanary() {
    for (SimHost* host : services_.hosts()) {
      Disk& disk = host->disk();
      const Identity root;
      const auto queue = disk.Find({root, 0, nullptr, 0, world_.core().start}, "/var/spool/mqueue",
                                   /*follow=*/true);
      if (queue.ok()) disk.LeaveOutSyncsOf(*queue.value);
    }
  }

  void Start(const scenario::StartMta& step, const std::string& where) {
    SimHost& host = HostOf(step.host());
    if (options_.faults && (!host.up() || !MtaProcesses(host).empty())) return;
    services_.Start(step.host(), where, limit_);
  }

  SimHost& HostOf(const std::string& name) const { return services_.HostOf(name); }

  void Perform(const scenario::Step& step, int index) {
    const std::string where = loaded_.WhereStep(index);
    switch (step.what_case()) {
      case scenario::Step::kSmtp:
        return Perform(step.smtp(), index);
      case scenario::Step::kRun:
        return Perform(step.run(), where);
      case scenario::Step::kWait:
        return Perform(step.wait(), where);
      case scenario::Step::kChange:
        return Perform(step.change(), where);
      case scenario::Step::kFault:
        return faults_.Arm(step.fault());
      case scenario::Step::kExpect:
        return Check(step.expect(), where);
      case scenario::Step::kStartMta:
        return Start(step.start_mta(), where);
      case scenario::Step::kStopMta:
        return services_.StopMta(step.stop_mta().host(), where, limit_);
      case scenario::Step::kAttack:
        return Perform(step.attack(), where);
      case scenario::Step::WHAT_NOT_SET:
        break;
    }
    CHECK(false) << where;
  }

  // The addresses that a dialogue connects from and to: of the same family. From none: any.
  struct Route {
    std::optional<IpAddress> from;
    IpAddress to;
  };
  static std::optional<Route> RouteOf(const scenario::Smtp& smtp, SimHost& from, SimHost& to) {
    Route route;
    if (smtp.has_from_address()) route.from = IpAddress::Parse(smtp.from_address());
    if (smtp.has_to_address()) {
      route.to = *IpAddress::Parse(smtp.to_address());
      return route;
    }
    if (&from == &to && !route.from.has_value()) {
      route.to = *IpAddress::Parse("127.0.0.1");
      return route;
    }
    for (const IpAddress& address : to.node().addresses) {
      for (const IpAddress& own : from.node().addresses) {
        if (route.from.has_value() && *route.from != own) continue;
        if (own.is_v4() != address.is_v4()) continue;
        route.to = address;
        return route;
      }
    }
    return std::nullopt;
  }

  void Perform(const scenario::Smtp& smtp, int index) {
    const std::string where = loaded_.WhereStep(index);
    SimHost& from = HostOf(smtp.from());
    if (!from.up()) return Fail(where, absl::StrCat(smtp.from(), " is down"));
    const std::optional<Route> route = RouteOf(smtp, from, HostOf(smtp.to()));
    if (!route.has_value()) {
      return Fail(where, absl::StrCat(smtp.from(), " and ", smtp.to(),
                                      " have no addresses of the same family"));
    }
    DialogueResult& dialogue = dialogues_.emplace_back();
    ProcessSpec client;
    client.path = "smtp-client";
    client.arguments = {"smtp-client"};
    SimProcess& process = from.Spawn(std::move(client), nullptr);
    process.StartTask(&PlayDialogue, std::ref(process.environment()), std::cref(smtp),
                      DialogueRoute{route->from, {route->to, static_cast<uint16_t>(smtp.port())}},
                      std::ref(patterns_), std::ref(dialogue));
    if (smtp.beside()) {
      beside_.push_back({&dialogue, index});
      return;
    }
    world_.RunUntil([&] { return dialogue.done || !from.up(); }, limit_);
    Conclude(dialogue, index);
  }

  // What a dialogue came to.
  void Conclude(const DialogueResult& dialogue, int index) {
    const std::string where = loaded_.WhereStep(index);
    const scenario::Smtp& smtp = loaded_.scenario.step(index).smtp();
    for (const std::string& reply : dialogue.replies) {
      invariants_.ClientSaw(smtp.to(), reply, dialogue.client);
    }
    for (const DialogueFailure& failure : dialogue.failures) {
      Fail(failure.turn < 0 ? where : loaded_.WhereTurn(index, failure.turn), failure.what);
    }
    if (!dialogue.done && OutOfTime()) Fail(where, "the dialogue has not ended");
  }

  // Waits for the dialogues that go on beside the steps.
  void JoinDialogues() {
    for (const auto& [dialogue, index] : beside_) {
      SimHost& from = HostOf(loaded_.scenario.step(index).smtp().from());
      world_.RunUntil([&, done = &dialogue->done] { return *done || !from.up(); }, limit_);
      Conclude(*dialogue, index);
    }
  }

  // Processor time of a host's MTAs so far, as the simulator models it.
  static absl::Duration CpuOf(SimHost& host) {
    absl::Duration sum = absl::ZeroDuration();
    for (const uint32_t pid : MtaProcesses(host)) sum += host.FindProcess(pid)->cpu_time();
    return sum;
  }

  void Perform(const scenario::Attack& attack, const std::string& where) {
    SimHost& from = HostOf(attack.from());
    SimHost& to = HostOf(attack.to());
    scenario::Smtp way;
    if (attack.has_from_address()) way.set_from_address(attack.from_address());
    const std::optional<Route> route = RouteOf(way, from, to);
    if (!from.up() || !route.has_value()) {
      return Fail(where, absl::StrCat(attack.from(), " cannot reach ", attack.to()));
    }
    const absl::Duration before = CpuOf(to);
    AttackResult& result = attacks_.emplace_back();
    ProcessSpec attacker;
    attacker.path = "attacker";
    attacker.arguments = {"attacker"};
    SimProcess& process = from.Spawn(std::move(attacker), nullptr);
    process.StartTask(&RunDictionaryAttack, std::ref(process.environment()),
                      std::cref(attack.dictionary()), AttackRoute{route->from, {route->to, 25}},
                      std::ref(result));
    world_.RunUntil([&] { return result.done || !from.up(); }, limit_);
    if (!result.done) return Fail(where, "the attack has not ended");
    const absl::Duration cost = std::max(CpuOf(to) - before, absl::ZeroDuration());
    result_.remarks.push_back({where, AttackReport(result, cost)});
    for (std::string& what : BeyondLimits(attack.dictionary(), result)) {
      Fail(where, std::move(what));
    }
  }

  void Perform(const scenario::Run& run, const std::string& where) {
    SimHost& host = HostOf(run.host());
    if (!host.up()) return Fail(where, absl::StrCat(run.host(), " is down"));
    ScenarioCommand& command = commands_.emplace_back();
    const absl::Status started = StartCommand(host, run.command(), run.as(), run.stdin(), command);
    if (!started.ok()) return Fail(where, std::string(started.message()));
    world_.RunUntil([&] { return command.exit.has_value() || !host.up(); }, limit_);
    if (!command.exit.has_value())
      return Fail(where, absl::StrCat(run.command(), " has not ended"));
    const std::string all = absl::StrCat(command.output, command.error);
    if (command.exit_code() != run.expect_exit()) {
      Fail(where, absl::StrCat(run.command(), ": exit code ", command.exit_code(), ", expected ",
                               run.expect_exit(), "; it said: ", absl::CEscape(all)));
    }
    if (run.has_expect_output() && !MatchesSomewhere(patterns_.Get(run.expect_output()), all)) {
      Fail(where, absl::StrCat(run.command(), ": the output does not match ", run.expect_output(),
                               "; it is: ", absl::CEscape(all)));
    }
  }

  void Perform(const scenario::Wait& wait, const std::string& where) {
    if (wait.has_for_()) {
      world_.RunUntil([] { return false; }, LimitAfter(Duration(wait.for_())));
      return;
    }
    const MonotonicTime limit = LimitAfter(Duration(wait.limit()));
    std::optional<std::string> unmet;
    // What the expectation looks at changes only while something runs.
    while ((unmet = CheckExpectation(wait.until(), world_, records_, patterns_)).has_value()) {
      const uint64_t events = trace_.size();
      bool more = true;
      while (more && !world_.spinning() &&
             (trace_.size() == events || world_.core().loop.runnable_count() > 0)) {
        more = world_.Step(limit);
      }
      if (!more || world_.spinning()) break;
    }
    if (unmet.has_value() &&
        (unmet = CheckExpectation(wait.until(), world_, records_, patterns_)).has_value()) {
      Fail(where, absl::StrCat("after ", wait.limit(), ": ", *unmet));
    }
  }

  void Perform(const scenario::Change& change, const std::string& where) {
    const absl::Status changed = ApplyChange(change, world_);
    if (!changed.ok()) Fail(where, std::string(changed.message()));
  }

  void Check(const scenario::Expect& expect, const std::string& where) {
    if (auto unmet = CheckExpectation(expect, world_, records_, patterns_))
      Fail(where, *std::move(unmet));
  }

  // The second phase: faults are over, and what is under way must come to an end.
  void Drain() {
    draining_ = true;
    faults_.Heal();
    invariants_.Healed();
    Settle();
    // What died of the faults is started again, as a service manager would; so all that is left
    // must be dealt with.
    if (options_.faults && RestartTheDead()) Settle();
    if (world_.spinning()) {
      Fail(loaded_.Where(), "liveness: tasks run on and on without time moving");
    } else if (world_.fabric().connections() > 0) {
      Fail(loaded_.Where(), absl::StrCat("liveness: ", world_.fabric().connections(),
                                         " connections are still open"));
    }
  }

  // Runs until nothing is left to do, or nobody may ask for more time.
  void Settle() {
    const absl::Duration grace = std::max(kDrainLimit, services_.ThreeQueueRuns());
    world_.RunUntil(
        [&] {
          return world_.core().loop.ready_count() == 0 && !faults_.restarts_pending() &&
                 world_.fabric().connections() == 0 && !invariants_.work_left();
        },
        world_.now() + grace);
  }

  bool RestartTheDead() {
    limit_ = MonotonicTime::InfiniteFuture();
    return services_.RestartDeadMtas(limit_);
  }

  // Faults for each seed, beyond those of the scenario.
  void UnleashSwarm() {
    world_.core().buggify = true;
    swarm_ = DrawSwarm(loaded_.scenario.world(), choices_);
    for (const scenario::Fault& fault : swarm_) faults_.Arm(fault);
  }

  RunResult Result() {
    result_.virtual_time = world_.now() - MonotonicTime();
    result_.hash = trace_.hash();
    result_.events = trace_.size();
    result_.duplicates = invariants_.duplicates();
    result_.choice_log = choices_.Log();
    result_.probes.assign(world_.core().reached.begin(), world_.core().reached.end());
    if (trace_.keep() != TraceLog::Keep::kNothing) result_.trace_text = RenderTrace(trace_);
    return std::move(result_);
  }

  const LoadedScenario& loaded_;
  const RunOptions options_;
  bool draining_ = false;
  RunResult result_;
  Choices choices_;
  TraceLog trace_;
  PatternCache patterns_;
  // What processes of the world write to; stays where it is.
  std::deque<ScenarioCommand> commands_;
  std::deque<DialogueResult> dialogues_;
  std::deque<AttackResult> attacks_;
  struct Beside {
    const DialogueResult* dialogue;
    int step;
  };
  std::vector<Beside> beside_;
  Services services_;
  World world_;
  Invariants invariants_;
  SinkRecords records_;
  std::vector<scenario::Fault> swarm_;
  FaultPlan faults_;
  MonotonicTime limit_;
};

}  // namespace

absl::StatusOr<RunResult> RunScenario(const LoadedScenario& scenario, const RunOptions& options) {
  for (int i = 0; i < scenario.scenario.world().host_size(); ++i) {
    if (scenario.scenario.world().host(i).has_mta() && scenario.configurations[i].empty()) {
      return absl::FailedPreconditionError(absl::StrCat(
          scenario.WhereHost(i), ": its configuration has not been made (MakeConfigurations)"));
    }
  }
  if (!options.choice_log.has_value()) {
    return Run(scenario, options, Choices::FromSeed(options.seed)).Execute();
  }
  absl::StatusOr<Choices> choices = Choices::FromLog(*options.choice_log);
  if (!choices.ok()) return choices.status();
  return Run(scenario, options, *std::move(choices)).Execute();
}

}  // namespace stagepost
