#include "mta/async/timer_queue.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "mta/async/test_draws.h"

namespace stagepost {
namespace {

MonotonicTime Ns(int64_t ns) { return MonotonicTime::FromNanoseconds(ns); }

class Recorder final : public Timer {
 public:
  Recorder(std::vector<int>& log, int id) : log_(&log), id_(id) {}

 private:
  void OnTimer() override {
    EXPECT_FALSE(armed());
    log_->push_back(id_);
  }
  std::vector<int>* log_;
  int id_;
};

void FireAll(TimerQueue& queue, MonotonicTime now) {
  while (queue.FireNext(now)) {
  }
}

TEST(TimerQueue, FiresByTimeThenByOrderOfArming) {
  std::vector<int> log;
  TimerQueue queue;
  Recorder a(log, 1), b(log, 2), c(log, 3), d(log, 4);
  queue.Arm(a, Ns(20));
  queue.Arm(b, Ns(10));
  queue.Arm(c, Ns(20));
  queue.Arm(d, Ns(10));
  EXPECT_EQ(queue.next_deadline(), Ns(10));
  FireAll(queue, Ns(9));
  EXPECT_TRUE(log.empty());
  FireAll(queue, Ns(10));
  EXPECT_EQ(log, (std::vector<int>{2, 4}));
  EXPECT_EQ(queue.size(), 2u);
  FireAll(queue, Ns(1000));
  EXPECT_EQ(log, (std::vector<int>{2, 4, 1, 3}));
  EXPECT_EQ(queue.next_deadline(), MonotonicTime::InfiniteFuture());
}

TEST(TimerQueue, DeadlinesComeLastOfTheirInstant) {
  std::vector<int> log;
  TimerQueue queue;
  Recorder a(log, 1), b(log, 2), c(log, 3), d(log, 4);
  queue.ArmDeadline(a, Ns(10));
  queue.Arm(b, Ns(10));
  queue.ArmDeadline(c, Ns(10));
  queue.Arm(d, Ns(11));
  FireAll(queue, Ns(11));
  EXPECT_EQ(log, (std::vector<int>{2, 1, 3, 4}));
}

TEST(TimerQueue, DisarmsInTheMiddleAndWhenDestroyed) {
  std::vector<int> log;
  TimerQueue queue;
  Recorder a(log, 1), b(log, 2), d(log, 4);
  auto c = std::make_unique<Recorder>(log, 3);
  queue.Arm(a, Ns(1));
  queue.Arm(b, Ns(2));
  queue.Arm(*c, Ns(3));
  queue.Arm(d, Ns(4));
  b.Disarm();
  b.Disarm();
  c.reset();
  EXPECT_FALSE(b.armed());
  FireAll(queue, Ns(10));
  EXPECT_EQ(log, (std::vector<int>{1, 4}));
}

TEST(TimerQueue, ADyingQueueDisarms) {
  std::vector<int> log;
  Recorder a(log, 1);
  {
    TimerQueue queue;
    queue.Arm(a, Ns(1));
  }
  EXPECT_FALSE(a.armed());
}

class Repeating final : public Timer {
 public:
  Repeating(TimerQueue& queue, int times) : queue_(queue), times_(times) {}
  int fired = 0;

 private:
  void OnTimer() override {
    if (++fired < times_) queue_.Arm(*this, Ns(fired));
  }
  TimerQueue& queue_;
  int times_;
};

TEST(TimerQueue, ATimerMayArmItselfAgain) {
  TimerQueue queue;
  Repeating timer(queue, 5);
  queue.Arm(timer, Ns(0));
  FireAll(queue, Ns(100));
  EXPECT_EQ(timer.fired, 5);
}

TEST(TimerQueueDeathTest, ArmedTwice) {
  std::vector<int> log;
  TimerQueue queue;
  Recorder a(log, 1);
  queue.Arm(a, Ns(1));
  EXPECT_DEATH(queue.Arm(a, Ns(2)), "armed");
}

TEST(TimerQueue, AMillionRandomTimersAgainstASortedModel) {
  constexpr int kTimers = 1'000'000;
  Draws draws(7);
  std::vector<int> log;
  std::deque<Recorder> timers;
  TimerQueue queue;
  // Keys in firing order: time, deadline or not, number; timers armed and then disarmed have none.
  std::vector<uint64_t> model;
  for (int id = 0; id < kTimers; ++id) {
    Recorder& timer = timers.emplace_back(log, id);
    const uint64_t time = draws() % 100'000;
    const uint64_t deadline = draws() % 4 == 0 ? 1 : 0;
    if (deadline != 0) {
      queue.ArmDeadline(timer, Ns(static_cast<int64_t>(time)));
    } else {
      queue.Arm(timer, Ns(static_cast<int64_t>(time)));
    }
    model.push_back(time << 32 | deadline << 31 | static_cast<uint64_t>(id));
  }
  std::erase_if(model, [&](uint64_t key) {
    if (draws() % 5 != 0) return false;
    timers[key & 0x7fff'ffff].Disarm();
    return true;
  });
  ASSERT_EQ(queue.size(), model.size());
  FireAll(queue, Ns(100'000));
  std::sort(model.begin(), model.end());
  std::vector<int> expected;
  for (const uint64_t key : model) expected.push_back(static_cast<int>(key & 0x7fff'ffff));
  EXPECT_TRUE(log == expected);
}

// (time, sequence, id)
using Key = std::tuple<int64_t, int, size_t>;

TEST(TimerQueue, RandomArmingDisarmingAndFiringAgainstASet) {
  Draws draws(11);
  std::vector<int> log;
  std::vector<std::unique_ptr<Recorder>> timers;
  std::vector<std::set<Key>::iterator> places(200);
  std::set<Key> model;
  for (int id = 0; id < 200; ++id) timers.push_back(std::make_unique<Recorder>(log, id));
  TimerQueue queue;
  int64_t now = 0;
  for (int step = 0; step < 300'000; ++step) {
    const auto id = static_cast<size_t>(draws() % timers.size());
    if (!timers[id]->armed()) {
      const int64_t time = now + static_cast<int64_t>(draws() % 50);
      queue.Arm(*timers[id], Ns(time));
      places[id] = model.emplace(time, step, id).first;
    } else if (draws() % 2 == 0) {
      timers[id]->Disarm();
      model.erase(places[id]);
    } else {
      now += static_cast<int64_t>(draws() % 3);
      const bool due = !model.empty() && std::get<0>(*model.begin()) <= now;
      ASSERT_EQ(queue.FireNext(Ns(now)), due);
      if (due) {
        ASSERT_EQ(log.back(), static_cast<int>(std::get<2>(*model.begin())));
        model.erase(model.begin());
      }
    }
    ASSERT_EQ(queue.size(), model.size());
  }
}

}  // namespace
}  // namespace stagepost
