#include "sim/world/world.h"

#include <utility>

#include "mta/async/timer_queue.h"

namespace stagepost {

// A one-off action at a time.
class World::Action final : public Timer {
 public:
  Action(World& world, uint64_t id, absl::AnyInvocable<void()> action)
      : world_(world), id_(id), action_(std::move(action)) {}

 private:
  void OnTimer() override {
    world_.Soon(std::move(action_));
    world_.Soon([&world = world_, id = id_] { world.actions_.erase(id); });
  }
  World& world_;
  const uint64_t id_;
  absl::AnyInvocable<void()> action_;
};

World::World(Choices& choices, TraceLog& trace, absl::Time start)
    : core_(choices, trace, start), fabric_(core_), schedule_(choices.StreamOf("schedule")) {}

World::~World() {
  core_.soon.clear();  // may refer to what has gone already
  for (const auto& host : hosts_) host->StopProcesses();
}

SimHost& World::AddHost(HostSpec spec) {
  const uint32_t index = core_.trace.AddHost(spec.name);
  hosts_.push_back(std::make_unique<SimHost>(core_, fabric_, index, std::move(spec)));
  return *hosts_.back();
}

SimHost* World::FindHost(absl::string_view name) {
  for (const auto& host : hosts_) {
    if (host->name() == name) return host.get();
  }
  return nullptr;
}

void World::DrainSoon() {
  while (!core_.soon.empty()) {
    std::vector<absl::AnyInvocable<void()>> actions;
    actions.swap(core_.soon);
    for (auto& action : actions) action();
  }
}

bool World::Step(MonotonicTime limit) {
  DrainSoon();
  Loop& loop = core_.loop;
  const size_t ready = loop.runnable_count();
  const MonotonicTime next = ready > 0 ? loop.now() : loop.timers().next_deadline();
  if (ready == 0 && (next > limit || next == MonotonicTime::InfiniteFuture())) {
    if (limit != MonotonicTime::InfiniteFuture() && limit > loop.now()) loop.Advance(limit);
    return false;
  }
  if (next > loop.now()) {
    loop.Advance(next);
    steps_at_instant_ = 0;
  }
  ++steps_at_instant_;
  if (ready > 0) {
    const size_t index = loop.RunnableIndex(ready == 1 ? 0 : core_.choices.Pick(schedule_, ready));
    auto& process = *static_cast<SimProcess*>(loop.ready_executor(index).owner());
    loop.RunReady(index);
    process.TurnDone();
  } else {
    loop.timers().FireNext(loop.now());
  }
  DrainSoon();
  return true;
}

bool World::RunUntil(const std::function<bool()>& done, MonotonicTime limit) {
  while (!done()) {
    if (spinning() || !Step(limit)) return done();
  }
  return true;
}

void World::After(absl::Duration delay, absl::AnyInvocable<void()> action) {
  const uint64_t id = next_action_++;
  Action& timer = *(actions_[id] = std::make_unique<Action>(*this, id, std::move(action)));
  core_.loop.timers().Arm(timer, core_.loop.now() + delay);
}

}  // namespace stagepost
