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
#include "mta/maptools/option_scanner.h"

namespace stagepost {
namespace {

constexpr absl::string_view kLetters = "7bdD:f:h:lr:";
constexpr absl::string_view kUsage =
    "usage: mail.local [-7] [-b] [-d] [-l] [-f from|-r from] [-h filename] user ...";

struct Options {
  bool lmtp = false;
  LmtpServerOptions server;
  std::string database = "pw";
  std::optional<std::string> from;
  std::vector<std::string> users;
  std::string complaints;  // as they are to be printed
  bool usable = true;
};

void TakeOption(ScannedOption option, Options& options) {
  switch (option.letter) {
    case '7':
      options.server.offer_8bitmime = false;
      return;
    case 'b':
      options.server.mailbox.over_quota_is_permanent = true;
      return;
    case 'd':  // delivery is all we do; the option is from older days
      return;
    case 'D':
      options.database = std::move(option.value);
      return;
    case 'h':
      options.server.mailbox.home_file = std::move(option.value);
      return;
    case 'l':
      options.lmtp = true;
      return;
    case 'f':
    case 'r':
      if (!options.from.has_value()) {
        options.from = std::move(option.value);
        return;
      }
      options.complaints += "mail.local: Multiple -f options\n";
      break;
    default:
      options.complaints += option.error;
  }
  options.usable = false;
}

// Up to the first option that is not understood.
Options ParseOptions(const Arguments& arguments) {
  Options options;
  OptionScanner scanner(arguments, kLetters);
  while (std::optional<ScannedOption> option = scanner.Next()) {
    TakeOption(*std::move(option), options);
    if (!options.usable) return options;
  }
  options.users = scanner.operands();
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

// A message with the line ends of the network is taken for the same with ours.
Task<absl::Status> ReadMessage(Environment& env, MessageSpool& message) {
  std::string block(16 * 1024, '\0'), text;
  bool carriage_return = false;  // the last byte, not appended yet
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t read,
                        co_await env.process().standard_input().Read(absl::MakeSpan(block)));
    if (read == 0) break;
    text.clear();
    for (const char c : absl::string_view(block).substr(0, read)) {
      if (carriage_return && c != '\n') text.push_back('\r');
      carriage_return = c == '\r';
      if (!carriage_return) text.push_back(c);
    }
    CO_RETURN_IF_ERROR(co_await message.Append(text));
  }
  if (carriage_return) CO_RETURN_IF_ERROR(co_await message.Append("\r"));
  message.Finish();
  co_return absl::OkStatus();
}

Task<int> DeliverToUser(Environment& env, std::string name, absl::string_view from,
                        MessageSpool& message, MailboxOptions options, OpenMailboxes& mailboxes) {
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
  const MailboxMessage entry = {from, &message};
  const MailboxResult result =
      co_await AppendToMailbox(env, *user, {&entry, 1}, options, mailboxes);
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
  OpenMailboxes mailboxes;
  for (const std::string& user : options.users) {
    const int code =
        co_await DeliverToUser(env, user, from, message, options.server.mailbox, mailboxes);
    if (exit_code != kExitTemporaryFailure && code != kExitOk) exit_code = code;
  }
  co_return exit_code;
}

}  // namespace

Task<int> MailLocalMain(Environment& env, Arguments arguments) {
  const Options options = ParseOptions(arguments);
  ByteSink& output = env.process().standard_output();
  // There is nowhere else to say that it could not be said.
  (void)co_await WriteAll(env.process().standard_error(), options.complaints);
  const bool lmtp_with_users = options.usable && options.lmtp && !options.users.empty();
  if (lmtp_with_users) {
    (void)co_await WriteAll(
        output, "421 Users should not be specified in command line if LMTP required\r\n");
    co_return kExitTemporaryFailure;
  }
  if (!options.usable || (!options.lmtp && options.users.empty())) {
    // Who wants to speak LMTP listens to standard output only.
    if (options.lmtp) (void)co_await WriteAll(output, absl::StrCat(kUsage, "\r\n"));
    if (!options.lmtp) co_await Complain(env, std::string(kUsage));
    co_return kExitUnavailable;
  }
  if (options.database != "pw") {
    co_await Complain(env, absl::StrCat("Can not open mailbox database ", options.database,
                                        ": Service unavailable"));
    co_return kExitUnavailable;
  }
  if (options.lmtp) {
    LmtpServerOptions server = options.server;
    server.offer_chunking = env.process().EnvironmentVariable(kLmtpChunkingVariable).has_value();
    co_return co_await RunLmtpServer(env, std::move(server));
  }
  co_return co_await DeliverStandardInput(env, options);
}

}  // namespace stagepost
