// Delivery jobs on a simulated host, for tests: a site with a small sendmail.cf, programs of the
// shell, mail.local as it is.
//
//   TEST_F(DeliverTest, …) { DeliverTo({"alice@corp.example"}); … host_.Log() … }
#ifndef STAGEPOST_SIM_TESTING_DELIVER_TEST_UTIL_H_
#define STAGEPOST_SIM_TESTING_DELIVER_TEST_UTIL_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/bin/mail_local.h"
#include "mta/deliver/deliver.h"
#include "mta/deliver/delivery_scheduler.h"
#include "mta/expand/rebuild_aliases.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"
#include "sim/peer/sh.h"
#include "sim/peer/sh_utilities.h"
#include "sim/testing/test_host.h"

namespace stagepost {

// Local names go to `local`, "name@to.MAILER" to the mailer of that name.
inline constexpr absl::string_view kConfiguration = R"(V10/Berkeley
Dj$w.
DnMAILER-DAEMON
Cwcorp.example
O AliasFile=/etc/aliases
O ForwardPath=$z/.forward
O OperatorChars=.:%@!^/[]+
O DefaultUser=daemon:daemon
O TempFileMode=0600
H?P?Return-Path: <$g>
Mlocal, P=/usr/libexec/sendmail/mail.local, F=lsDFMAw5:/|@qSPXmnz9, S=10, R=10, A=mail.local -l
Mprog, P=/bin/sh, F=lsDFMoqeu9, S=10, R=10, D=$z:/, A=sh -c $u
Mtwo, P=/bin/note, F=lsDFMmu, r=2, S=10, R=10, A=note -h $h $u end
Mf, P=/bin/note, F=lsDFMfr, S=10, R=10, A=note -d $u
Mr, P=/bin/note, F=lsDFMrm, S=10, R=10, A=note $u
Mdots, P=/bin/cat2, F=lsDFMXE, E=\r\n, S=10, R=10, A=cat2 $u
Mbig, P=/bin/sh, F=lsDFM, M=20, S=10, R=10, A=sh -c $u
Mcell, P=/bin/sh, F=lsDFM, /=/var/cell, S=10, R=10, A=sh -c $u
Mheld, P=/bin/sh, F=lsDFM%, S=10, R=10, A=sh -c $u
Msmtp, P=[IPC], F=mDFMuX, S=10, R=10, A=TCP $h
S10
S3
R$*<$*>$*	$2
R$+@$+	$@$1<@$2>
S0
R$+<@to.$->	$#$2 $@host.$2 $:$1
R$+<@$=w>	$#local $:$1
R$+<@$+>	$#smtp $@$2 $:$1<@$2>
R$+	$#local $:$1
S4
R$*<$*>$*	$1$2$3
Scheck_compat
R$* $| $* nomail $*	$#error $@5.7.1 $:"550 5.7.1 not for you"
R$* $| $* gone $*	$#discard $:discard
)";

inline constexpr absl::string_view kMailLocal = "/usr/libexec/sendmail/mail.local";

struct Mail {
  std::string sender = "carol@outside.example";
  std::vector<std::string> to = {"alice@corp.example"};
  std::string body = "hello\n";
  std::string original_recipient = "";  // ORCPT, of all
};

inline Task<absl::StatusOr<std::shared_ptr<Site>>> OpenSite(Environment& env) {
  LoadedSite loaded = co_await LoadSite(env, ReadOptions());
  std::string said;
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    absl::StrAppend(&said, diagnostic.text, "\n");
  }
  if (loaded.site == nullptr) co_return absl::InternalError(said);
  co_return std::shared_ptr<Site>(std::move(loaded.site));
}

// What a session does with a message.
inline Task<absl::Status> Accept(Queue& queue, const Mail& mail) {
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<IncomingMessage> message,
                      co_await queue.Create(queue.NewId()));
  CO_RETURN_IF_ERROR(co_await message->AppendBody(mail.body));
  Envelope envelope;
  envelope.sender = mail.sender;
  for (const std::string& address : mail.to) {
    Recipient recipient;
    recipient.address = address;
    recipient.original_recipient = mail.original_recipient;
    envelope.recipients.push_back(recipient);
  }
  envelope.header = {{.name = "Return-Path", .value = " <\x81g>", .mailer_flags = "P"},
                     {.name = "Subject", .value = " test", .mailer_flags = ""}};
  CO_RETURN_IF_ERROR(co_await message->Commit(envelope));
  co_return absl::OkStatus();
}

inline Task<absl::Status> DeliverAll(Environment& env, std::vector<Mail> mails,
                                     DeliveryOptions options, bool rebuild) {
  CO_ASSIGN_OR_RETURN(const std::shared_ptr<Site> site, co_await OpenSite(env));
  if (rebuild) EXPECT_EQ(co_await RebuildAliases(*site), 0);
  QueueLayout layout;
  layout.base = "/var/spool/mqueue";
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<Queue> queue, co_await OpenQueue(env, layout));
  for (const Mail& mail : mails) CO_RETURN_IF_ERROR(co_await Accept(*queue, mail));
  if (options.queue_run) co_return co_await RunQueueOnce(site, *queue, options);
  CO_ASSIGN_OR_RETURN(const std::vector<std::string> ids, co_await queue->List());
  DeliveryState state(env);
  for (const std::string& id : ids) {
    CO_RETURN_IF_ERROR((co_await DeliverMessage(site, *queue, state, id, options)).status);
  }
  co_return absl::OkStatus();
}

inline Task<int> DeliverProgram(Environment& env, std::vector<Mail> mails, DeliveryOptions options,
                                bool rebuild, absl::Status& status) {
  status = co_await DeliverAll(env, std::move(mails), std::move(options), rebuild);
  co_return 0;
}

// Notes its arguments in /tmp/two.
inline Task<int> NoteArguments(Environment& env, Arguments arguments) {
  arguments.erase(arguments.begin());
  const std::string line = absl::StrCat(absl::StrJoin(arguments, " "), "\n");
  const absl::StatusOr<std::unique_ptr<File>> file = co_await env.files().Open(
      "/tmp/two", {.write = true, .create = true, .append = true, .mode = 0644});
  if (!file.ok()) co_return 1;
  for (absl::string_view rest = line; !rest.empty();) {
    const absl::StatusOr<size_t> written = co_await (*file)->Write(0, rest);
    if (!written.ok()) co_return 2;
    rest.remove_prefix(*written);
  }
  co_return 0;
}

class DeliverTest : public testing::Test {
 protected:
  DeliverTest() {
    Install(kMailLocal, &MailLocalMain);
    Install("/bin/sh", &ShMain);
    for (const absl::string_view name : ShUtilityNames()) {
      Install(absl::StrCat("/bin/", name), &ShUtilityMain);
    }
    CHECK(host_.host()
              .accounts()
              .AddUser({.name = "daemon",
                        .id = UserId{1},
                        .group = GroupId{1},
                        .full_name = "",
                        .home = "/usr/sbin",
                        .shell = "/usr/sbin/nologin"})
              .ok());
    Write("/etc/mail/sendmail.cf", kConfiguration);
    Write("/etc/shells", "/bin/sh\n");
    // Hosts that nobody answers for: mail for them stays.
    Write("/etc/hosts", "192.0.2.201 outside.example\n192.0.2.202 elsewhere.example\n");
    SetAliases("");
    for (const char* user : {"alice", "bob"}) {
      const UserId id{user[0] == 'a' ? 2001u : 2002u};
      CHECK(host_.disk()
                .MakeDirectories(
                    absl::StrCat("/home/", user),
                    {.owner = id, .group = GroupId{static_cast<uint32_t>(id)}, .mode = 0755})
                .ok());
    }
  }

  void Install(absl::string_view path, Program program) {
    host_.host().InstallProgram(path, program);
    CHECK(host_.disk().WriteFile(path, "", {.mode = 0755}).ok()) << path;
  }
  void Write(absl::string_view path, absl::string_view text) {
    CHECK(host_.disk().WriteFile(path, text, {.mode = 0644}).ok()) << path;
  }
  void SetAliases(absl::string_view text) { Write("/etc/aliases", text); }

  absl::Status Deliver(std::vector<Mail> mails, DeliveryOptions options = {}) {
    absl::Status status = absl::UnknownError("crashed");
    host_.Run(&DeliverProgram, std::move(mails), std::move(options), rebuild_, std::ref(status));
    return status;
  }
  absl::Status DeliverTo(std::vector<std::string> to) { return Deliver({{.to = std::move(to)}}); }

  // The log line of deliveries that has this text, from "to=" on; empty: none.
  std::string LogLine(absl::string_view text) {
    const std::string log = host_.Log();
    for (const absl::string_view line : absl::StrSplit(log, '\n')) {
      const size_t to = line.find("to=");
      if (to != absl::string_view::npos && absl::StrContains(line, text)) {
        return std::string(line.substr(to));
      }
    }
    return "";
  }
  // Control files, by name.
  std::vector<std::string> Queued() {
    std::vector<std::string> names;
    const auto listed = host_.disk().ListDirectory("/var/spool/mqueue");
    for (const std::string& name : *listed) {
      if (absl::StartsWith(name, "qf")) names.push_back("/var/spool/mqueue/" + name);
    }
    return names;
  }
  std::string QueueFile() { return Queued().size() == 1 ? host_.Read(Queued()[0]) : ""; }

  TestHost host_;
  bool rebuild_ = true;  // the database of aliases
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_TESTING_DELIVER_TEST_UTIL_H_
