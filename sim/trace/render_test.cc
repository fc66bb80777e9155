#include "sim/trace/render.h"

#include <string>

#include "gtest/gtest.h"
#include "mta/env/trace.h"

namespace stagepost {
namespace {

TEST(RenderTrace, HasOneAlignedLineForEachEvent) {
  TraceLog log(TraceLog::Keep::kReadable);
  const uint32_t mx = log.AddHost("mx");
  const uint32_t out = log.AddHost("stranger");
  log.Record(0, TraceLog::kWorld, 0, {EventKind::kStep, "f.textproto:8", "smtp"});
  log.Record(1'204'511, mx, 104,
             {EventKind::kProcessStarted, "/usr/sbin/sendmail", "sendmail -bD"});
  log.Record(2'000'000'001, out, 0,
             {EventKind::kConnectionOpened, "198.51.100.7:40001", "192.0.2.25:25"});
  log.Record(2'000'000'001, mx, 104,
             {EventKind::kSmtpCommand, "198.51.100.7:40001", "MAIL FROM:<x@a.example>", 1});
  log.Record(2'000'000'001, mx, 104, {EventKind::kSmtpReply, "198.51.100.7:40001", "250 ok", 250});
  log.Record(2'000'000'002, mx, 104, {EventKind::kFileCall, "rename", "/q/tfA", 13});
  log.Record(2'000'000'002, mx, 104, {EventKind::kFileWritten, "/q/dfA", "hi\r\n\xff", 0, 5});
  log.Record(3'600'000'000'000, mx, 104, {EventKind::kProcessExited, "/usr/sbin/sendmail", "", 75});
  EXPECT_EQ(RenderTrace(log), R"(      time (s)  host      process        what     text
   0.000000000  -         -              step     f.textproto:8 smtp
   0.001204511  mx        sendmail[104]  start    /usr/sbin/sendmail sendmail -bD
   2.000000001  stranger  -              connect  198.51.100.7:40001 -> 192.0.2.25:25
   2.000000001  mx        sendmail[104]  command  198.51.100.7:40001 < MAIL FROM:<x@a.example>
   2.000000001  mx        sendmail[104]  reply    198.51.100.7:40001 > 250 ok
   2.000000002  mx        sendmail[104]  file     rename /q/tfA = EACCES
   2.000000002  mx        sendmail[104]  write    /q/dfA offset=0 bytes=5: hi\r\n\xff
3600.000000000  mx        sendmail[104]  exit     /usr/sbin/sendmail status=75
)");
}

TEST(RenderTrace, OfNothingIsTheLegend) {
  EXPECT_EQ(RenderTrace(TraceLog()), "time (s)  host  process  what  text\n");
}

TEST(RenderTrace, CutsLongTexts) {
  TraceLog log(TraceLog::Keep::kEverything);
  log.Record(0, 0, 1, {EventKind::kBytesSent, "a", std::string(1000, 'x'), 1000});
  EXPECT_NE(RenderTrace(log).find(std::string(160, 'x') + "... (840 more)\n"), std::string::npos);
}

TEST(RenderTrace, ShowsKindsThatItDoesNotKnow) {
  TraceLog log(TraceLog::Keep::kEverything);
  log.Record(0, 0, 1, {static_cast<EventKind>(999), "a", "b", 1, 2});
  EXPECT_NE(RenderTrace(log).find("event-999  a b 1 2\n"), std::string::npos);
}

}  // namespace
}  // namespace stagepost
