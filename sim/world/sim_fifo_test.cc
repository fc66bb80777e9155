// Opening a FIFO waits for the other end.
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

struct Opened {
  absl::Status status = absl::UnknownError("still waiting");
  absl::Duration when;
};

// Opens after `delay`, keeps it open for `hold`, and notes when the open was complete.
Task<int> OpenFifo(Environment& env, OpenOptions options, absl::Duration delay, absl::Duration hold,
                   absl::Duration patience, Opened& opened) {
  (void)co_await Sleep(delay);
  const absl::StatusOr<std::unique_ptr<File>> file = co_await WithDeadline(
      env.clock().MonotonicNow() + patience, env.files().Open("/fifo", options));
  opened.status = file.status();
  opened.when = env.clock().MonotonicNow() - MonotonicTime();
  (void)co_await Sleep(hold);
  co_return 0;
}

constexpr OpenOptions kReader = {.read = true};
constexpr OpenOptions kWriter = {.write = true};
constexpr absl::Duration kLong = absl::Hours(1);

class SimFifoTest : public testing::Test {
 protected:
  SimFifoTest() { EXPECT_TRUE(w_.a.editor().MakeFifo("/fifo", {.mode = 0666}).ok()); }
  TestProgram& Start(const OpenOptions& options, absl::Duration delay, Opened& opened,
                     absl::Duration patience = kLong, absl::Duration hold = absl::Seconds(1)) {
    return w_.Run(w_.a, &OpenFifo, options, delay, hold, patience, std::ref(opened));
  }
  TestWorld w_;
};

TEST_F(SimFifoTest, ReaderWaitsForAWriter) {
  Opened reader, writer;
  Start(kReader, absl::ZeroDuration(), reader);
  TestProgram& second = Start(kWriter, absl::Seconds(5), writer);
  EXPECT_TRUE(w_.RunToEnd(second));
  EXPECT_TRUE(reader.status.ok() && writer.status.ok());
  EXPECT_GE(reader.when, absl::Seconds(5));
  EXPECT_LT(reader.when, absl::Seconds(6));
}

TEST_F(SimFifoTest, WriterWaitsForAReader) {
  Opened reader, writer;
  Start(kWriter, absl::ZeroDuration(), writer);
  TestProgram& second = Start({.read = true, .non_blocking = true}, absl::Seconds(5), reader);
  EXPECT_TRUE(w_.RunToEnd(second));
  EXPECT_TRUE(reader.status.ok() && writer.status.ok());
  EXPECT_GE(writer.when, absl::Seconds(5));
}

TEST_F(SimFifoTest, ReadersDoNotWakeReaders) {
  Opened first, second;
  Start(kReader, absl::ZeroDuration(), first);
  Start(kReader, absl::Seconds(1), second);
  w_.RunFor(absl::Minutes(10));
  EXPECT_EQ(first.status.message(), "still waiting");
  EXPECT_EQ(second.status.message(), "still waiting");
}

TEST_F(SimFifoTest, BothEndsAtOnceDoNotWait) {
  Opened both;
  EXPECT_TRUE(w_.RunToEnd(Start({.read = true, .write = true}, absl::ZeroDuration(), both)));
  EXPECT_TRUE(both.status.ok());
  EXPECT_LT(both.when, absl::Seconds(1));
}

TEST_F(SimFifoTest, ADeadlineEndsTheWait) {
  Opened reader, writer;
  EXPECT_TRUE(w_.RunToEnd(Start(kReader, absl::ZeroDuration(), reader, absl::Seconds(3))));
  EXPECT_TRUE(absl::IsDeadlineExceeded(reader.status)) << reader.status;
  // Its end is closed again.
  EXPECT_TRUE(
      w_.RunToEnd(Start({.write = true, .non_blocking = true}, absl::ZeroDuration(), writer)));
  EXPECT_EQ(ErrnoOf(writer.status), Errno::kENXIO);
  EXPECT_EQ(w_.a.disk().open_files(), 0u);
}

TEST_F(SimFifoTest, TheDeadDoNotWait) {
  Opened reader, writer;
  TestProgram& first = Start(kReader, absl::ZeroDuration(), reader);
  w_.RunFor(absl::Seconds(1));
  w_.Kill(w_.a, first);
  EXPECT_TRUE(w_.RunToEnd(Start({.write = true, .non_blocking = true}, absl::Seconds(1), writer)));
  EXPECT_EQ(ErrnoOf(writer.status), Errno::kENXIO);
  EXPECT_EQ(reader.status.message(), "still waiting");
}

TEST_F(SimFifoTest, ACrashEndsTheWaitToo) {
  Opened reader;
  Start(kReader, absl::ZeroDuration(), reader);
  w_.RunFor(absl::Seconds(1));
  w_.a.Crash();
  w_.RunFor(absl::Seconds(1));
  EXPECT_EQ(reader.status.message(), "still waiting");
  EXPECT_EQ(w_.a.disk().open_files(), 0u);
}

}  // namespace
}  // namespace stagepost
