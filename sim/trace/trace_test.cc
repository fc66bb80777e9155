#include "sim/trace/trace.h"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/env/trace.h"

namespace stagepost {
namespace {

// One event with every field set; a test changes one of them.
struct Sample {
  int64_t time_ns = 1'000;
  uint32_t host = 0;
  uint32_t process = 100;
  EventKind kind = EventKind::kLogLine;
  std::string subject = "sendmail";
  std::string detail = "starting daemon";
  int64_t number = 6;
  int64_t number2 = -1;

  void RecordIn(TraceLog& log) const {
    log.Record(time_ns, host, process, {kind, subject, detail, number, number2});
  }
  std::string Hash() const {
    TraceLog log;
    log.AddHost("mx");
    RecordIn(log);
    return log.hash().ToString();
  }
};

TEST(TraceLog, HashIsGolden) {
  EXPECT_EQ(TraceLog().hash().ToString(), "561f640694b3ea537ffee3c95d1b666f");
  EXPECT_EQ(Sample().Hash(), "370fd1c38d4083a02b085aaa9dd7e019");
}

TEST(TraceLog, HashIsSensitiveToEveryField) {
  const std::function<void(Sample&)> changes[] = {
      [](Sample&) {},
      [](Sample& s) { ++s.time_ns; },
      [](Sample& s) { ++s.host; },
      [](Sample& s) { s.host = TraceLog::kWorld; },
      [](Sample& s) { ++s.process; },
      [](Sample& s) { s.kind = EventKind::kOutput; },
      [](Sample& s) { s.subject = "sendmaim"; },
      [](Sample& s) { s.detail = "starting daemom"; },
      [](Sample& s) { s.detail += '\0'; },
      [](Sample& s) { s.subject.clear(); },
      [](Sample& s) { ++s.number; },
      [](Sample& s) { ++s.number2; },
      [](Sample& s) { std::swap(s.number, s.number2); },
      [](Sample& s) { std::swap(s.subject, s.detail); },
      // The same bytes, cut elsewhere.
      [](Sample& s) { s.subject += s.detail.substr(0, 1), s.detail.erase(0, 1); },
  };
  std::set<std::string> hashes;
  for (const auto& change : changes) {
    Sample sample;
    change(sample);
    EXPECT_TRUE(hashes.insert(sample.Hash()).second) << hashes.size();
  }
}

TEST(TraceLog, HashKnowsTheHostsNames) {
  TraceLog one, two;
  one.AddHost("mx");
  two.AddHost("my");
  EXPECT_NE(one.hash(), two.hash());
  EXPECT_EQ(one.HostName(0), "mx");
  EXPECT_EQ(one.HostName(TraceLog::kWorld), "-");
  EXPECT_EQ(one.HostName(7), "host-7");
}

TEST(TraceLog, HashDoesNotDependOnWhatIsKeptOrWhoWatches) {
  class Nobody : public TraceObserver {
    void OnEvent(const TraceEvent&) override {}
  } nobody;
  TraceLog plain, kept(TraceLog::Keep::kEverything), watched;
  watched.AddObserver(&nobody);
  for (TraceLog* log : {&plain, &kept, &watched}) {
    for (int i = 0; i < 10; ++i) Sample{.number = i}.RecordIn(*log);
  }
  EXPECT_EQ(plain.hash(), kept.hash());
  EXPECT_EQ(plain.hash(), watched.hash());
}

TEST(TraceLog, KeepsWhatItIsAskedTo) {
  TraceLog nothing, readable(TraceLog::Keep::kReadable), everything(TraceLog::Keep::kEverything);
  for (TraceLog* log : {&nothing, &readable, &everything}) {
    log->AddHost("mx");
    std::string text = "stat=Sent";
    log->Record(1, 0, 100, {EventKind::kLogLine, "sendmail", text});
    text = "overwritten";
    log->Record(2, 0, 100, {EventKind::kSchedule, "", "", 3, 1});
    log->Record(3, 0, 100, {EventKind::kFileCall, "rename", "/a"});
  }
  EXPECT_EQ(nothing.size(), 3u);
  EXPECT_TRUE(nothing.kept().empty());
  EXPECT_EQ(everything.kept().size(), 3u);
  ASSERT_EQ(readable.kept().size(), 2u);
  EXPECT_EQ(readable.kept()[0].event.detail, "stat=Sent");
  EXPECT_EQ(readable.kept()[1].index, 2u);
  EXPECT_EQ(readable.kept()[1].time_ns, 3);
}

TEST(TraceLog, KeepsTextsOfAnySize) {
  TraceLog log(TraceLog::Keep::kEverything);
  std::vector<std::string> texts;
  for (size_t size = 0; size < 300'000; size = size * 2 + 1) {
    texts.emplace_back(size, static_cast<char>('a' + texts.size()));
    log.Record(0, 0, 1, {EventKind::kOutput, texts.back(), texts.back()});
  }
  ASSERT_EQ(log.kept().size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(log.kept()[i].event.subject, texts[i]);
    EXPECT_EQ(log.kept()[i].event.detail, texts[i]);
  }
}

TEST(TraceLog, ReadableMeansChangesOfState) {
  const auto file = [](absl::string_view call, int64_t error) {
    return TraceLog::IsReadable({EventKind::kFileCall, call, "/a", error});
  };
  EXPECT_TRUE(file("rename", 0));
  EXPECT_TRUE(file("mkdir", 0));
  EXPECT_TRUE(file("open", 13));  // EACCES
  EXPECT_FALSE(file("open", 2));  // ENOENT
  EXPECT_FALSE(file("stat", 0));
  EXPECT_FALSE(TraceLog::IsReadable({EventKind::kBytesSent, "", ""}));
  EXPECT_TRUE(TraceLog::IsReadable({EventKind::kSmtpReply, "", ""}));
}

class Watcher : public TraceObserver {
 public:
  Watcher(std::vector<std::string>& seen, std::string name) : seen_(seen), name_(name) {}
  void OnEvent(const TraceEvent& event) override {
    seen_.push_back(absl::StrCat(name_, event.index));
    // Only once, and kept alive while it runs.
    if (const auto now = std::exchange(action, nullptr)) now();
  }
  std::function<void()> action;

 private:
  std::vector<std::string>& seen_;
  std::string name_;
};

TEST(TraceLog, ObserversSeeEveryEventInOrder) {
  std::vector<std::string> seen;
  TraceLog log;
  Watcher a(seen, "a"), b(seen, "b");
  log.AddObserver(&a);
  log.AddObserver(&b);
  Sample().RecordIn(log);
  Sample().RecordIn(log);
  log.RemoveObserver(&a);
  Sample().RecordIn(log);
  EXPECT_EQ(seen, (std::vector<std::string>{"a0", "b0", "a1", "b1", "b2"}));
}

TEST(TraceLog, ObserversMayRecordAddAndRemove) {
  std::vector<std::string> seen;
  TraceLog log;
  Watcher a(seen, "a"), b(seen, "b"), c(seen, "c");
  a.action = [&] {
    log.RemoveObserver(&b);
    log.AddObserver(&c);
    Sample().RecordIn(log);  // seen by a and c before c sees nothing of the first
  };
  log.AddObserver(&a);
  log.AddObserver(&b);
  Sample().RecordIn(log);
  Sample().RecordIn(log);
  EXPECT_EQ(seen, (std::vector<std::string>{"a0", "a1", "c1", "a2", "c2"}));
}

TEST(TraceLog, CheckpointsShowWhereRunsPart) {
  TraceLog one, two, three;
  for (int i = 0; i < 5'000; ++i) {
    Sample{.number = i}.RecordIn(one);
    Sample{.number = i == 3'000 ? -1 : i}.RecordIn(two);
    if (i < 4'500) Sample{.number = i}.RecordIn(three);
  }
  ASSERT_EQ(one.checkpoints().size(), 4u);
  EXPECT_FALSE(FirstDifference(one, one).has_value());
  const std::optional<EventRange> difference = FirstDifference(one, two);
  ASSERT_TRUE(difference.has_value());
  EXPECT_EQ(difference->first, 2'048u);
  EXPECT_EQ(difference->last, 3'072u);
  EXPECT_EQ(FirstDifference(one, three)->first, 4'096u);
  EXPECT_EQ(FirstDifference(one, three)->last, 5'000u);
}

}  // namespace
}  // namespace stagepost
