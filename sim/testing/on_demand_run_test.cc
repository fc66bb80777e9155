// Runs on demand (ETRN): how often the queue is looked through, however many ask for them.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "mta/async/scope.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/daemon/deliveries.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kConfiguration = R"(V10/Berkeley
Dj$w.
O OperatorChars=.:%@!^/[]+
Mlocal, P=/bin/true, F=lsDFMA5:/|@qS, S=10, R=20, T=DNS/RFC822/X-Unix, A=true $u
S0
R$*	$#local $: $1
S3
S4
S10
S20
)";

constexpr absl::string_view kQueue = "/var/spool/mqueue";
constexpr int kMessages = 30;

Task<absl::Status> Ask(Deliveries& deliveries, std::string node, int& started) {
  started += co_await deliveries.StartQueueRun(SelectionOfNode(node));
  co_return absl::OkStatus();
}

Task<absl::Status> AskAtOnce(TaskScope& scope, Deliveries& deliveries,
                             const std::vector<std::string>& nodes, int& started) {
  for (const std::string& node : nodes) {
    CO_RETURN_IF_ERROR(scope.Spawn(&Ask, std::ref(deliveries), node, std::ref(started)));
  }
  co_return absl::OkStatus();
}

Task<int> Serve(Environment& env, std::vector<std::string> nodes, int& started) {
  LoadedSite loaded = co_await LoadSite(env, ReadOptions());
  CHECK(loaded.site != nullptr);
  const CurrentSite current{std::move(loaded.site)};
  const std::unique_ptr<Queue> queue = *co_await OpenQueue(env, SingleQueue(kQueue));
  Deliveries deliveries(env, current, *queue, co_await CurrentContext());
  const absl::Status status =
      co_await WithScope("sessions", TaskScope::Policy::kSupervise, 100, &AskAtOnce,
                         std::ref(deliveries), std::cref(nodes), std::ref(started));
  co_await deliveries.Finish();
  co_return status.ok() ? 0 : 1;
}

// A queue, and which of its control files are opened when everybody asks at once.
class OnDemandRunTest : public testing::Test {
 protected:
  OnDemandRunTest() {
    CHECK(host_.disk().WriteFile("/etc/mail/sendmail.cf", kConfiguration, {.mode = 0644}).ok());
    for (int i = 0; i < kMessages; ++i) {
      const std::string id = absl::StrFormat("6AK6XW%02d000001", i);
      ids_.push_back(id);
      Write("qf" + id, "V8\nT1795156306\nK0\nN0\nP30000\nFs\nS<>\nRPFD:<x@a.example>\n.\n");
      Write("df" + id, "hello\n");
    }
    host_.fault = [this](FileCall call, absl::string_view path) {
      const size_t name = path.rfind('/') + 1;
      if (call == FileCall::kOpen && absl::StartsWith(path.substr(name), "qf")) {
        opened_.emplace_back(path.substr(name + 2));
      }
      return Errno::kOk;
    };
  }
  void Write(const std::string& name, absl::string_view text) {
    CHECK(host_.disk().WriteFile(absl::StrCat(kQueue, "/", name), text, {.mode = 0600}).ok());
  }
  int Run(std::vector<std::string> nodes) {
    return host_.Run(&Serve, std::move(nodes), std::ref(started_));
  }

  TestHost host_;
  std::vector<std::string> ids_, opened_;
  int started_ = 0;
};

TEST_F(OnDemandRunTest, LooksOnceForAllThatAskForTheSame) {
  ASSERT_EQ(Run(std::vector<std::string>(20, "b.example")), 0);
  EXPECT_EQ(started_, 20);
  // Once for the first, and for all others, who came when that had begun.
  EXPECT_EQ(opened_.size(), 2u * kMessages);
}

TEST_F(OnDemandRunTest, LooksForOneAtATime) {
  ASSERT_EQ(Run({"b.example", "c.example", "@d.example"}), 0);
  EXPECT_EQ(started_, 3);
  std::vector<std::string> one_after_the_other;
  for (int i = 0; i < 3; ++i) {
    one_after_the_other.insert(one_after_the_other.end(), ids_.begin(), ids_.end());
  }
  EXPECT_EQ(opened_, one_after_the_other);
}

TEST_F(OnDemandRunTest, LeavesOrphansToTheOtherRuns) {
  Write("df6AK6XWZZ000001", "orphan\n");
  const std::string orphan = absl::StrCat(kQueue, "/df6AK6XWZZ000001");
  const absl::Time old = host_.host().WallNow() - absl::Hours(48);
  CHECK(host_.disk().SetTimes(orphan, old, old).ok());
  ASSERT_EQ(Run({"b.example"}), 0);
  EXPECT_EQ(host_.Read(orphan), "orphan\n");
}

}  // namespace
}  // namespace stagepost
