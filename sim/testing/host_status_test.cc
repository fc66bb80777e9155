// What is known of hosts, in memory and in files. The texts are those of sendmail's recordings.
#include "mta/deliver/host_status.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/base/check.h"
#include "mta/base/sysexits.h"
#include "mta/deliver/host_status_files.h"
#include "sim/scenario/default_configuration.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr char kDirectory[] = "/var/spool/mqueue/.hoststat";

DeliveryResult Refused() {
  DeliveryResult result = Deferred("4.4.1", "Connection refused by a.example.");
  result.error = Errno::kECONNREFUSED;
  return result;
}

class HostStatusTest : public testing::Test {
 protected:
  void Configure(absl::string_view options) {
    std::string text(DefaultConfiguration());
    text.insert(text.find("Troot"), absl::StrCat("O DontProbeInterfaces=True\n", options));
    CHECK(host_.disk().WriteFile("/etc/mail/sendmail.cf", text).ok());
    (void)host_.disk().MakeDirectories(kDirectory);
  }

  TestHost host_;
};

using Said = std::vector<std::string>;

Task<std::string> Ask(HostStatus& hosts, Site& site, std::string host) {
  const std::optional<DeliveryResult> failure = co_await hosts.FailureOf(site, std::move(host));
  co_return failure.has_value() ? absl::StrCat(failure->dsn, " ", failure->stat) : "";
}

Task<int> MemoryTask(Environment& env, Said& said) {
  const LoadedSite loaded = co_await LoadSite(env, {});
  Site& site = *loaded.site;
  HostStatus run(env, true), daemon(env, false);
  co_await run.Note(site, "A.example.", Refused(), "");
  co_await daemon.Note(site, "A.example.", Refused(), "");
  said.push_back(co_await Ask(run, site, "a.example."));
  said.push_back(co_await Ask(daemon, site, "a.example."));
  (void)co_await Sleep(absl::Minutes(31));
  said.push_back(co_await Ask(run, site, "a.example."));
  co_await run.Note(site, "a.example.", Refused(), "");
  co_await run.Note(site, "a.example.", std::nullopt, "250 ok");
  said.push_back(co_await Ask(run, site, "a.example."));
  co_return 0;
}

TEST_F(HostStatusTest, ARunOverTheQueueRemembersForHalfAnHour) {
  Configure("");
  Said said;
  EXPECT_EQ(host_.Run(&MemoryTask, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"4.4.1 Deferred: Connection refused by a.example.", "", "", ""}));
}

Task<int> NoteTask(Environment& env, std::string host, bool down) {
  const LoadedSite loaded = co_await LoadSite(env, {});
  HostStatus hosts(env, false);
  std::optional<DeliveryResult> failure;
  if (down) failure = Refused();
  co_await hosts.Note(*loaded.site, host, failure, down ? "" : "250 2.0.0 accepted");
  co_return 0;
}

Task<int> AskTask(Environment& env, Said hosts, Said& said) {
  const LoadedSite loaded = co_await LoadSite(env, {});
  HostStatus status(env, false);
  for (const std::string& host : hosts) said.push_back(co_await Ask(status, *loaded.site, host));
  co_return 0;
}

TEST_F(HostStatusTest, FilesTellOtherProcesses) {
  Configure("O HostStatusDirectory=.hoststat\n");
  EXPECT_EQ(host_.Run(&NoteTask, std::string("a.example."), true), 0);
  EXPECT_EQ(host_.Run(&NoteTask, std::string("b.example."), false), 0);
  EXPECT_EQ(host_.Run(&NoteTask, std::string("../../etc/passwd"), true), 0);
  const std::string file = host_.Read(absl::StrCat(kDirectory, "/example./a"));
  EXPECT_EQ(file.substr(0, file.find('U')), "V0\nE111\nH0\nS75\nD4.4.1\n");
  Said said;
  EXPECT_EQ(host_.Run(&AskTask, Said{"a.example.", "b.example.", "c.example."}, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"4.4.1 Deferred: Connection refused by a.example.", "", ""}));
}

TEST_F(HostStatusTest, FilesOfNoUseAreNoFailures) {
  Configure("O HostStatusDirectory=.hoststat\n");
  const auto write = [&](absl::string_view name, absl::string_view text, FileMode mode) {
    CHECK(host_.disk().WriteFile(absl::StrCat(kDirectory, "/", name), text, {.mode = mode}).ok());
  };
  write("rubbish", "hello\n", 0600);
  write("world", "V0\nE111\nS75\nU4102444800\n.\n", 0666);
  write("future", "V0\nE111\nS75\nU4102444800\n.\n", 0600);
  CHECK(host_.disk().MakeSymlink("future", absl::StrCat(kDirectory, "/link")).ok());
  Said said;
  EXPECT_EQ(host_.Run(&AskTask, Said{"rubbish", "world", "future", "link"}, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"", "", "", ""}));
  EXPECT_NE(host_.Log().find("/rubbish: line 1: Unknown host status line \"hello\""),
            std::string::npos);
}

Task<int> HoldTask(Environment& env, Said& said) {
  const LoadedSite loaded = co_await LoadSite(env, {});
  HostStatus here(env, false), there(env, false);
  const auto show = [&](absl::string_view what, const std::unique_ptr<HostStatus::Hold>& hold) {
    said.push_back(absl::StrCat(what, hold == nullptr ? " no" : " yes"));
  };
  std::unique_ptr<HostStatus::Hold> first = co_await here.HoldHost(*loaded.site, "a.example.");
  show("first", first);
  show("same process", co_await here.HoldHost(*loaded.site, "A.example"));
  show("another", co_await there.HoldHost(*loaded.site, "a.example."));
  show("another host", co_await there.HoldHost(*loaded.site, "b.example."));
  const auto file = co_await ReadHostStatusFile(env, absl::StrCat(kDirectory, "/example./a"));
  said.push_back(absl::StrCat("locked ", file.ok() && file->locked));
  co_await here.Note(*loaded.site, "a.example.", std::nullopt, "250 2.0.0 accepted");
  first = nullptr;
  show("afterwards", co_await there.HoldHost(*loaded.site, "a.example."));
  co_return 0;
}

TEST_F(HostStatusTest, SingleThreadDeliveryHoldsHosts) {
  Configure("O HostStatusDirectory=.hoststat\nO SingleThreadDelivery=True\n");
  Said said;
  EXPECT_EQ(host_.Run(&HoldTask, std::ref(said)), 0);
  EXPECT_EQ(said, (Said{"first yes", "same process no", "another no", "another host yes",
                        "locked 1", "afterwards yes"}));
  EXPECT_NE(host_.Read(absl::StrCat(kDirectory, "/example./a")).find("R250 2.0.0 accepted"),
            std::string::npos);
}

Task<int> ListTask(Environment& env, std::string& listing) {
  for (const std::string& path : co_await HostStatusFiles(env, kDirectory)) {
    const auto file = co_await ReadHostStatusFile(env, absl::StrCat(kDirectory, "/", path));
    if (!file.ok()) continue;
    const absl::Time now = absl::FromUnixSeconds(1'800'000'000);
    absl::StrAppend(&listing, HostStatusLine(HostOfRecordPath(path), *file, now, false));
  }
  co_return 0;
}

TEST_F(HostStatusTest, ListsWhatIsThere) {
  Configure("");
  CHECK(host_.disk().MakeDirectories(absl::StrCat(kDirectory, "/example./dom1.")).ok());
  const auto write = [&](absl::string_view name, absl::string_view text) {
    CHECK(host_.disk().WriteFile(absl::StrCat(kDirectory, "/", name), text, {.mode = 0600}).ok());
  };
  write("local", "V0\nS0\nR250 2.1.5 alice Ok\nU1799999969\n.\n");
  write("example./dom1./mail", "V0\nE111\nS75\nD4.4.1\nU1799900000\n.\n");
  write(".hidden", "V0\n");
  write("rubbish", "?\n");
  std::string listing;
  EXPECT_EQ(host_.Run(&ListTask, std::ref(listing)), 0);
  EXPECT_EQ(listing,
            " mail.dom1.example                         1+03:46:40 Deferred: Connection refu\n"
            " local                                       00:00:31 250 2.1.5 alice Ok\n");
}

}  // namespace
}  // namespace stagepost
