#include "mta/bin/mail_local.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/bin/mail_local_lmtp.h"
#include "mta/deliver/lmtp_command.h"
#include "mta/deliver/mailbox.h"
#include "mta/deliver/message_spool.h"

namespace stagepost {
namespace {

constexpr absl::string_view kUsage =
    "usage: mail.local [-7] [-b] [-d] [-l] [-f from|-r from] user ...";

struct Options {
  bool lmtp = false;
  LmtpServerOptions server;
  std::optional<std::string> from;
  std::vector<std::string> users;
};

// Parses as getopt(3) does: letters may be bundled, a value may stand in the same word. On failure
// `error` says why.
std::optional<Options> ParseOptions(const Arguments& arguments, std::string& error) {
  Options options;
  size_t i = 1;
  for (; i < arguments.size() && arguments[i].size() > 1 && arguments[i][0] == '-'; ++i) {
    if (arguments[i] == "--") {
      ++i;
      break;
    }
    for (size_t at = 1; at < arguments[i].size(); ++at) {
      const char letter = arguments[i][at];
      if (letter == '7') {
        options.server.offer_8bitmime = false;
      } else if (letter == 'b') {
        options.server.mailbox.over_quota_is_permanent = true;
      } else if (letter == 'd') {
        // Delivery is all we do; the option is from older days.
      } else if (letter == 'l') {
        options.lmtp = true;
      } else if (letter == 'f' || letter == 'r') {
        std::string value = arguments[i].substr(at + 1);
        if (value.empty() && ++i < arguments.size()) value = arguments[i];
        if (options.from.has_value()) error = "Multiple -f options";
        if (i == arguments.size())
          error = absl::StrCat("-", std::string(1, letter), " needs a sender");
        if (!error.empty()) return std::nullopt;
        options.from = std::move(value);
        break;
      } else {
        error = absl::StrCat("option -", std::string(1, letter), " is not supported");
        return std::nullopt;
      }
    }
  }
  options.users.assign(arguments.begin() + static_cast<ptrdiff_t>(i), arguments.end());
  return options;
}

Task<void> Complain(Environment& env, std::string text) {
  const std::string line = absl::StrCat("mail.local: ", text, "\n");
  // There is nowhere else to say that it could not be said.
  (void)co_await WriteAll(env.process().standard_error(), line);
}

// The name of whoever runs us, for messages without -f.
std::string OwnName(Environment& env) {
  const absl::StatusOr<User> user = env.accounts().FindUser(env.process().credentials().real_user);
  return user.ok() ? user->name : "???";
}

Task<absl::Status> ReadMessage(Environment& env, MessageSpool& message) {
  std::string block(16 * 1024, '\0');
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t read,
                        co_await env.process().standard_input().Read(absl::MakeSpan(block)));
    if (read == 0) break;
    CO_RETURN_IF_ERROR(co_await message.Append(absl::string_view(block).substr(0, read)));
  }
  message.Finish();
  co_return absl::OkStatus();
}

Task<int> DeliverToUser(Environment& env, std::string name, absl::string_view from,
                        MessageSpool& message, MailboxOptions options) {
  const bool possible = MailboxUser(name) == name;
  absl::StatusOr<User> user = absl::NotFoundError("no such user");
  if (possible) user = env.accounts().FindUser(name);
  if (absl::IsNotFound(user.status())) {
    co_await Complain(env, absl::StrCat(name, ": User unknown"));
    co_return kExitUnavailable;
  }
  if (!user.ok()) {
    co_await Complain(env, absl::StrCat(name, ": User database failure; retry later"));
    co_return kExitTemporaryFailure;
  }
  const MailboxResult result = co_await AppendToMailbox(env, *user, from, message, options);
  if (result.ok()) co_return kExitOk;
  co_await Complain(env, result.text);
  co_return result.permanent() ? kExitUnavailable : kExitTemporaryFailure;
}

Task<int> DeliverStandardInput(Environment& env, const Options& options) {
  MessageSpool message(env);
  if (const absl::Status read = co_await ReadMessage(env, message); !read.ok()) {
    co_await Complain(env, std::string(read.message()));
    co_return kExitTemporaryFailure;
  }
  const std::string from = options.from.has_value() ? *options.from : OwnName(env);
  int exit_code = kExitOk;
  for (const std::string& user : options.users) {
    const int code = co_await DeliverToUser(env, user, from, message, options.server.mailbox);
    if (exit_code != kExitTemporaryFailure && code != kExitOk) exit_code = code;
  }
  co_return exit_code;
}

}  // namespace

Task<int> MailLocalMain(Environment& env, Arguments arguments) {
  std::string error;
  const std::optional<Options> options = ParseOptions(arguments, error);
  if (!error.empty()) co_await Complain(env, error);
  const bool usable = options.has_value() && options->lmtp == options->users.empty();
  if (!usable) {
    co_await Complain(env, std::string(kUsage));
    co_return kExitUnavailable;
  }
  if (options->lmtp) co_return co_await RunLmtpServer(env, options->server);
  co_return co_await DeliverStandardInput(env, *options);
}

}  // namespace stagepost
