// The limits of a site: load, rates, growing delays.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mta/base/time.h"
#include "mta/policy/command_throttle.h"
#include "mta/policy/connection_rate.h"
#include "mta/policy/load_limits.h"

namespace stagepost {
namespace {

std::vector<int64_t> Waits(ThrottledCommand command, int commands) {
  CommandThrottle throttle;
  std::vector<int64_t> waits;
  for (int i = 0; i < commands; ++i) {
    waits.push_back(absl::ToInt64Seconds(throttle.Count(command, "X").wait));
  }
  return waits;
}

TEST(CommandThrottle, Grows) {
  EXPECT_EQ(Waits(ThrottledCommand::kHello, 7), (std::vector<int64_t>{0, 0, 1, 2, 4, 8, 16}));
  EXPECT_EQ(Waits(ThrottledCommand::kVerifyOrExpand, 9),
            (std::vector<int64_t>{0, 0, 0, 0, 0, 1, 2, 4, 8}));
  EXPECT_EQ(Waits(ThrottledCommand::kNoop, 22).back(), 4);
  EXPECT_EQ(Waits(ThrottledCommand::kEtrn, 9).back(), 2);
  EXPECT_EQ(Waits(ThrottledCommand::kNoop, 10'000).back(), 240);
}

TEST(CommandThrottle, WarnsOnceAndCountsKindsApart) {
  CommandThrottle throttle;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(throttle.Count(ThrottledCommand::kVerifyOrExpand, "VRFY").warning, "");
    EXPECT_EQ(throttle.Count(ThrottledCommand::kNoop, "NOOP").wait, absl::ZeroDuration());
  }
  EXPECT_EQ(throttle.Count(ThrottledCommand::kVerifyOrExpand, "EXPN").warning,
            "possible SMTP attack: command=EXPN, count=6");
  EXPECT_EQ(throttle.Count(ThrottledCommand::kVerifyOrExpand, "EXPN").warning, "");
}

TEST(RecipientThrottle, DelaysBehindTheLimit) {
  RecipientThrottle throttle(2);
  EXPECT_FALSE(throttle.CountRefused());
  EXPECT_EQ(throttle.Wait(), absl::ZeroDuration());
  EXPECT_TRUE(throttle.CountRefused());
  EXPECT_EQ(throttle.Wait(), absl::Seconds(1));
  EXPECT_FALSE(throttle.CountRefused());
  EXPECT_EQ(throttle.Wait(), absl::Seconds(1));
  RecipientThrottle none(0);
  EXPECT_FALSE(none.CountRefused());
  EXPECT_EQ(none.Wait(), absl::ZeroDuration());
}

TEST(ConnectionRate, PausesAsSendmailDoes) {
  // With a limit of two: of nine that came at once four were taken at once, four a second later.
  ConnectionRate rate;
  const auto at = [](int ms) { return MonotonicTime::FromNanoseconds(0) + absl::Milliseconds(ms); };
  std::vector<bool> paused;
  for (const int ms : {10, 20, 30, 40, 1040, 1040, 1040, 1040, 2040}) {
    paused.push_back(rate.Count(at(ms), 2));
  }
  EXPECT_EQ(paused,
            (std::vector<bool>{false, false, false, true, false, false, false, true, false}));
  ConnectionRate free;
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(free.Count(at(10), 0));
}

class BusyHost final : public Host {
 public:
  explicit BusyHost(double load) : load_(load) {}
  std::string name() const override { return "busy"; }
  std::vector<IpAddress> interface_addresses() const override { return {}; }
  double load_average() const override { return load_; }
  absl::TimeZone time_zone() const override { return absl::UTCTimeZone(); }

 private:
  const double load_;
};

TEST(Load, IsRounded) {
  EXPECT_EQ(RoundedLoad(BusyHost(20.6)), 21);
  EXPECT_EQ(RoundedLoad(BusyHost(20.4)), 20);
  EXPECT_EQ(RoundedLoad(BusyHost(-1)), 0);
  EXPECT_EQ(RoundedLoad(BusyHost(1e300)), 1'000'000);
}

TEST(Load, LimitsAreThoseOfThePortElseOfTheSite) {
  Options options;
  PortOptions port;
  LoadLimits limits = LoadLimitsOf(options, port, 2);
  EXPECT_FALSE(limits.delays(1000));
  EXPECT_EQ(limits.queue, 16);
  EXPECT_TRUE(limits.refuses(24));
  EXPECT_FALSE(limits.refuses(23));

  const auto set = [&](absl::string_view setting) {
    EXPECT_TRUE(options.SetLong(setting, {}, Options::Origin::kFile).empty());
  };
  set("DelayLA=5");
  set("QueueLA=7");
  set("RefuseLA=0");
  port.queue_load = 3;
  limits = LoadLimitsOf(options, port, 2);
  EXPECT_TRUE(limits.delays(5));
  EXPECT_EQ(limits.queue, 3);
  EXPECT_FALSE(limits.refuses(1000));
}

TEST(Load, LetsLightMessagesPass) {
  EXPECT_FALSE(MustQueue(7, 8, 1'000'000'000, 600'000));
  EXPECT_FALSE(MustQueue(8, 8, 30'000, 600'000));
  EXPECT_TRUE(MustQueue(8, 8, 600'001, 600'000));
  EXPECT_TRUE(MustQueue(40, 8, 30'000, 600'000));
}

}  // namespace
}  // namespace stagepost
