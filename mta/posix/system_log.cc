#include "mta/posix/system_log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "mta/posix/thread_identity.h"

namespace stagepost {

std::string EscapeForLog(absl::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      absl::StrAppendFormat(&escaped, "\\%03o", byte);
    } else {
      escaped.push_back(c);
    }
  }
  return escaped;
}

PosixSystemLog::PosixSystemLog(const PrivateRoot& root, const Clock& clock, const Host& host,
                               absl::string_view program, absl::string_view socket)
    : clock_(clock),
      host_(host),
      socket_(socket),
      file_(root.active() ? root.ToMachine("/var/log/maillog") : ""),
      tag_(program.substr(program.rfind('/') + 1)) {}

const std::string& PosixSystemLog::TimeText() {
  const absl::Time now = clock_.WallNow();
  if (const int64_t second = absl::ToUnixSeconds(now); second != second_) {
    second_ = second;
    time_ = absl::FormatTime("%b %e %H:%M:%S", now, host_.time_zone());
  }
  return time_;
}

void PosixSystemLog::Write(Severity severity, absl::string_view text) {
  if (absent_since_.has_value() && clock_.MonotonicNow() - *absent_since_ < kAbsence) return;
  const std::string& time = TimeText();
  const std::string message = absl::StrCat(EscapeForLog(tag_), "[", ::getpid(),
                                           "]: ", EscapeForLog(text.substr(0, kTextBytesMax)));
  if (file_.empty()) {
    SendToDaemon(absl::StrCat("<", LOG_MAIL | static_cast<int>(severity), ">", time, " ", message));
  } else {
    AppendToFile(absl::StrCat(time, " ", host_.name(), " ", message, "\n"));
  }
}

void PosixSystemLog::Connect() {
  ActAsOneself();
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_.data(),
              std::min(socket_.size(), sizeof(address.sun_path) - 1));
  fd_.Reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    fd_.Reset();
    absent_since_ = clock_.MonotonicNow();
  } else {
    absent_since_.reset();
  }
}

void PosixSystemLog::SendToDaemon(absl::string_view line) {
  // Once more after a failure: the daemon may have been started again, which makes a new socket.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (!fd_.valid()) Connect();
    if (!fd_.valid()) return;
    if (::send(fd_.get(), line.data(), line.size(), MSG_NOSIGNAL) >= 0 || errno == EAGAIN) return;
    fd_.Reset();
  }
}

void PosixSystemLog::AppendToFile(absl::string_view line) {
  if (!fd_.valid()) {
    ActAsOneself();
    fd_.Reset(::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644));
  }
  // One write, so that lines of several processes do not mix. What fails is lost, as with a daemon.
  if (::write(fd_.get(), line.data(), line.size()) < 0) return;
}

}  // namespace stagepost
