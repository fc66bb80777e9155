#include "mta/smtp/session_channel.h"

#include <utility>

#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/smtp/command_parser.h"

namespace stagepost {
namespace {

// Replies that may wait for a pipelining client; one input buffer full of commands can ask for
// more.
constexpr size_t kMaxWaitingReplies = 16384;

}  // namespace

SessionChannel::SessionChannel(Environment& env, std::unique_ptr<Connection> connection,
                               int64_t number)
    : env_(env),
      connection_(std::move(connection)),
      sink_(*connection_),
      peer_name_(connection_->peer().ToString()),
      number_(number),
      reader_(*connection_, kMaxCommandLine) {}

SessionChannel::SessionChannel(Environment& env, ByteSource& input, ByteSink& output)
    : env_(env), sink_(output), peer_name_("stdin"), number_(0), reader_(input, kMaxCommandLine) {}

Task<absl::StatusOr<absl::string_view>> SessionChannel::NextLine(absl::Duration timeout) {
  if (!reader_.HasLine() || output_.size() > kMaxWaitingReplies) {
    CO_RETURN_IF_ERROR(co_await Flush());
  }
  co_return co_await reader_.ReadLine(env_.clock().MonotonicNow() + timeout);
}

void SessionChannel::RecordCommand(absl::string_view line) {
  env_.trace().Record({EventKind::kSmtpCommand, peer_name_, line, number_, 0});
}

void SessionChannel::Send(const Reply& reply) {
  const std::string text = reply.Format();
  output_ += text;
  const absl::string_view shown = absl::string_view(text).substr(0, text.size() - 2);
  env_.trace().Record({EventKind::kSmtpReply, peer_name_, shown, reply.code, number_});
}

Task<absl::Status> SessionChannel::Flush(absl::Duration timeout) {
  if (output_.empty()) co_return absl::OkStatus();
  const std::string bytes = std::exchange(output_, std::string());
  co_return co_await WithDeadline(env_.clock().MonotonicNow() + timeout, WriteAll(sink_, bytes));
}

}  // namespace stagepost
