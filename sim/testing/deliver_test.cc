// Delivery jobs against simulated hosts: a site with a small sendmail.cf, programs of the shell,
// mail.local as it is.
#include "mta/deliver/deliver.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/bin/mail_local.h"
#include "mta/deliver/delivery_scheduler.h"
#include "mta/expand/rebuild_aliases.h"
#include "mta/queue/queue.h"
#include "mta/queue/queue_file.h"
#include "mta/site/site.h"
#include "sim/peer/sh.h"
#include "sim/peer/sh_utilities.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

// Local names go to `local`, "name@to.MAILER" to the mailer of that name.
constexpr absl::string_view kConfiguration = R"(V10/Berkeley
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

constexpr absl::string_view kMailLocal = "/usr/libexec/sendmail/mail.local";

struct Mail {
  std::string sender = "carol@outside.example";
  std::vector<std::string> to = {"alice@corp.example"};
  std::string body = "hello\n";
  std::string original_recipient = "";  // ORCPT, of all
};

Task<absl::StatusOr<std::shared_ptr<Site>>> OpenSite(Environment& env) {
  LoadedSite loaded = co_await LoadSite(env, ReadOptions());
  std::string said;
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    absl::StrAppend(&said, diagnostic.text, "\n");
  }
  if (loaded.site == nullptr) co_return absl::InternalError(said);
  co_return std::shared_ptr<Site>(std::move(loaded.site));
}

// What a session does with a message.
Task<absl::Status> Accept(Queue& queue, const Mail& mail) {
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

Task<absl::Status> DeliverAll(Environment& env, std::vector<Mail> mails, DeliveryOptions options,
                              bool rebuild) {
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

Task<int> DeliverProgram(Environment& env, std::vector<Mail> mails, DeliveryOptions options,
                         bool rebuild, absl::Status& status) {
  status = co_await DeliverAll(env, std::move(mails), std::move(options), rebuild);
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

TEST_F(DeliverTest, LocalUsersShareATransaction) {
  ASSERT_TRUE(DeliverTo({"alice@corp.example", "bob@corp.example"}).ok());
  EXPECT_EQ(host_.Read("/var/mail/alice"), host_.Read("/var/mail/bob"));
  EXPECT_TRUE(absl::StrContains(host_.Read("/var/mail/alice"),
                                "Return-Path: <carol@outside.example>\nSubject: test\n"));
  EXPECT_TRUE(Queued().empty());
  EXPECT_TRUE(absl::StartsWith(LogLine("mailer=local"),
                               "to=<bob@corp.example>,<alice@corp.example>, delay=00:00:00, "
                               "xdelay=00:00:00, mailer=local, pri="))
      << host_.Log();
  EXPECT_TRUE(absl::EndsWith(LogLine("mailer=local"), "relay=local, dsn=2.1.5, stat=Sent"));
}

TEST_F(DeliverTest, AliasesLeadToProgramsAndFiles) {
  SetAliases(
      "prog: \"|/bin/cat >/tmp/out\"\nfile: /tmp/archive\nnull: /dev/null\nteam: alice, bob\n");
  ASSERT_TRUE(DeliverTo({"prog@corp.example"}).ok());
  ASSERT_TRUE(DeliverTo({"file@corp.example"}).ok());
  ASSERT_TRUE(DeliverTo({"null@corp.example"}).ok());
  ASSERT_TRUE(DeliverTo({"team@corp.example"}).ok());
  EXPECT_TRUE(Queued().empty()) << host_.Log();
  EXPECT_TRUE(absl::StartsWith(host_.Read("/tmp/out"), "From carol@outside.example "));
  EXPECT_TRUE(absl::EndsWith(host_.Read("/tmp/out"), "Subject: test\n\nhello\n"));
  EXPECT_EQ(host_.disk().Stat("/tmp/out")->owner, UserId{1});
  EXPECT_TRUE(absl::EndsWith(host_.Read("/tmp/archive"), "Subject: test\n\nhello\n\n"));
  EXPECT_EQ(host_.disk().Stat("/tmp/archive")->owner, UserId{1});
  EXPECT_EQ(host_.disk().Stat("/tmp/archive")->mode, 0600u);
  EXPECT_TRUE(absl::StartsWith(LogLine("mailer=prog"),
                               "to=\"|/bin/cat >/tmp/out\", ctladdr=<prog@corp.example> (1/0), "))
      << host_.Log();
  EXPECT_TRUE(absl::EndsWith(LogLine("mailer=*file*"), "dsn=2.0.0, stat=Sent"));
  EXPECT_TRUE(absl::StartsWith(LogLine("to=alice,bob"), "to=alice,bob, delay=00:00:00"));
}

TEST_F(DeliverTest, ProgramsOfUsersRunAsTheUser) {
  CHECK(host_.disk()
            .WriteFile("/home/alice/.forward", "\"|/bin/cat >/home/alice/got\"\n",
                       {.owner = UserId{2001}, .group = GroupId{2001}, .mode = 0644})
            .ok());
  ASSERT_TRUE(DeliverTo({"alice@corp.example"}).ok());
  EXPECT_TRUE(Queued().empty()) << host_.Log();
  EXPECT_EQ(host_.disk().Stat("/home/alice/got")->owner, UserId{2001});
}

TEST_F(DeliverTest, WithoutRootUsersHaveNoPrograms) {
  SetAliases("prog: \"|/bin/cat >/tmp/of_alias\"\n");
  ASSERT_TRUE(Deliver({}).ok());  // builds the database
  rebuild_ = false;
  CHECK(host_.disk()
            .WriteFile("/home/alice/.forward", "\"|/bin/cat >/tmp/of_alice\"\n/tmp/of_alice\n",
                       {.owner = UserId{2001}, .group = GroupId{2001}, .mode = 0644})
            .ok());
  CHECK(host_.disk().ChangeOwner("/var/spool/mqueue", UserId{1}, GroupId{1}).ok());
  host_.start.identity = {UserId{1}, GroupId{1}, {}};
  ASSERT_TRUE(DeliverTo({"alice@corp.example", "prog@corp.example"}).ok());
  EXPECT_EQ(host_.Read("/tmp/of_alice"), "(none)");
  EXPECT_EQ(host_.disk().Stat("/tmp/of_alias")->owner, UserId{1});
  // What is left is the bounce.
  ASSERT_EQ(Queued().size(), 1u) << host_.Log();
  const std::string bounce = host_.Read(absl::StrReplaceAll(Queued()[0], {{"/qf", "/df"}}));
  for (const char* line :
       {"1: \"|/bin/cat >/tmp/of_alice\"... Address <alice@corp.example> is unsafe for mailing to "
        "programs",
        "2: /tmp/of_alice... Address <alice@corp.example> is unsafe for mailing to files"}) {
    const std::string said = absl::StrCat("550 5.7.1 /home/alice/.forward: line ", line, "\n");
    EXPECT_TRUE(absl::StrContains(bounce, said)) << bounce;
  }
}

TEST_F(DeliverTest, ExitCodesSayHowItWent) {
  SetAliases(
      "later: \"|exit 75\"\nnever: \"|echo no thanks; exit 69\"\nunread: \"|exit 0\"\n"
      "odd: \"|exit 3\"\n");
  ASSERT_TRUE(DeliverTo({"later@corp.example"}).ok());
  EXPECT_TRUE(
      absl::EndsWith(LogLine("mailer=prog"),
                     "dsn=4.0.0, stat=Deferred: prog mailer (/bin/sh) exited with EX_TEMPFAIL"))
      << host_.Log();
  EXPECT_TRUE(absl::StrContains(QueueFile(),
                                "\nMDeferred: prog mailer (/bin/sh) exited with EX_TEMPFAIL\n"));
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nClater:1:0:<later@corp.example>\n"));
  EXPECT_TRUE(absl::StrContains(QueueFile(), ":\"|exit 75\"\n")) << QueueFile();
  // It is tried again as it stands in the queue.
  ASSERT_TRUE(Deliver({}, {.queue_run = true}).ok());
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nN2\n")) << QueueFile();
  ASSERT_TRUE(DeliverTo({"unread@corp.example"}).ok());
  EXPECT_EQ(Queued().size(), 1u);
  ASSERT_TRUE(DeliverTo({"odd@corp.example"}).ok());
  EXPECT_NE(LogLine("dsn=5.3.0, stat=unknown mailer error 3"), "");
  ASSERT_TRUE(DeliverTo({"never@corp.example"}).ok());
  EXPECT_NE(LogLine("dsn=5.0.0, stat=Service unavailable"), "");
  EXPECT_EQ(Queued().size(), 3u);
}

TEST_F(DeliverTest, UnknownUsersAreLoggedWithTheirAlias) {
  SetAliases("list: nobodyhere, bob\n");
  ASSERT_TRUE(DeliverTo({"list@corp.example"}).ok());
  const std::string line = LogLine("to=nobodyhere");
  EXPECT_TRUE(absl::StartsWith(
      line, "to=nobodyhere, ctladdr=<list@corp.example> (1/0), delay=00:00:00, mailer=local, pri="))
      << host_.Log();
  EXPECT_TRUE(absl::EndsWith(line, "dsn=5.1.1, reply=550 5.1.1 User unknown, stat=User unknown"));
  EXPECT_NE(host_.Read("/var/mail/bob"), "(none)");
  // What is left is the bounce.
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nRPF:<carol@outside.example>\n")) << QueueFile();
}

TEST_F(DeliverTest, OwnersAreTheSendersOfTheirLists) {
  SetAliases("owner-list: bob\nlist: alice\n");
  ASSERT_TRUE(DeliverTo({"list@corp.example", "bob@corp.example"}).ok());
  EXPECT_TRUE(absl::StrContains(host_.Log(), ": clone: owner=bob\n")) << host_.Log();
  EXPECT_TRUE(absl::StrContains(host_.Read("/var/mail/alice"), "Return-Path: <bob>"));
  EXPECT_TRUE(
      absl::StrContains(host_.Read("/var/mail/bob"), "Return-Path: <carol@outside.example>"));
  EXPECT_NE(LogLine("to=alice, ctladdr=bob (2002/2002), delay="), "") << host_.Log();
  EXPECT_TRUE(Queued().empty());
}

// Notes its arguments in /tmp/two.
Task<int> NoteArguments(Environment& env, Arguments arguments) {
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

TEST_F(DeliverTest, LimitsOfMailersHold) {
  Install("/bin/note", &NoteArguments);
  ASSERT_TRUE(DeliverTo({"a@to.two", "b@to.two", "c@to.two"}).ok());
  EXPECT_EQ(host_.Read("/tmp/two"), "-h host.two a b end\n-h host.two c end\n") << host_.Log();
  EXPECT_NE(LogLine("to=<b@to.two>,<a@to.two>, delay="), "");
  EXPECT_NE(LogLine("to=<c@to.two>, delay="), "");
  ASSERT_TRUE(DeliverTo({"x@to.big"}).ok());
  EXPECT_TRUE(
      absl::EndsWith(LogLine("mailer=big"), "dsn=5.2.3, reply=69, stat=Service unavailable"))
      << host_.Log();
}

// How often the control file of a message for a hundred is written, from its acceptance to its end.
TEST_F(DeliverTest, TheQueueFileIsWrittenAtIntervals) {
  Install("/bin/note", &NoteArguments);
  Mail mail;
  mail.to.clear();
  for (int i = 0; i < 100; ++i) mail.to.push_back(absl::StrCat("u", i, "@to.f"));
  int written = 0;
  host_.fault = [&written](FileCall call, absl::string_view path) {
    if (call == FileCall::kRename && absl::StrContains(path, "/tf")) ++written;
    return Errno::kOk;
  };
  // Where it is exceeded, not where it is reached: there is no eleventh write for nobody.
  const std::pair<absl::string_view, int> expected[] = {{"", 10},
                                                        {"O CheckpointInterval=1\n", 100},
                                                        {"O CheckpointInterval=30\n", 4},
                                                        {"O CheckpointInterval=0\n", 1}};
  for (const auto& [option, writes] : expected) {
    Write("/etc/mail/sendmail.cf", absl::StrCat(kConfiguration, option));
    (void)host_.disk().RemoveAll("/tmp/two");
    written = 0;
    ASSERT_TRUE(Deliver({mail}).ok()) << host_.Log();
    EXPECT_EQ(written, writes) << option;
    const std::string noted = host_.Read("/tmp/two");
    EXPECT_EQ(std::count(noted.begin(), noted.end(), '\n'), 100) << option;
    EXPECT_TRUE(Queued().empty());
  }
}

// Programs that have been run, by their last argument; no crash forgets them.
std::map<std::string, int>& Served() {
  static auto* const served = new std::map<std::string, int>();
  return *served;
}
Task<int> CountArgument(Environment&, Arguments arguments) {
  ++Served()[arguments.back()];
  co_return 0;
}

// At whichever call the power fails, so many at most get the message again.
TEST_F(DeliverTest, ACrashDoublesNoMoreThanTheInterval) {
  Install("/bin/note", &CountArgument);
  Write("/etc/mail/sendmail.cf", absl::StrCat(kConfiguration, "O CheckpointInterval=3\n"));
  ASSERT_TRUE(Deliver({}).ok());
  rebuild_ = false;
  Mail mail;
  mail.to.clear();
  for (int i = 0; i < 8; ++i) mail.to.push_back(absl::StrCat("u", i, "@to.f"));
  int most = 0;
  for (int at = 0;; ++at) {
    Served().clear();
    host_.ResetCalls();
    host_.fail_at = at;
    host_.fail_with = Errno::kOk;
    const absl::Status status = Deliver({mail});
    host_.fail_at = -1;
    if (status.ok()) break;
    if (host_.host().up()) host_.host().Crash();
    host_.host().Boot();
    for (int round = 0; round < 3 && !Queued().empty(); ++round) {
      ASSERT_TRUE(Deliver({}, {.queue_run = true}).ok());
    }
    ASSERT_TRUE(Queued().empty()) << at << host_.Log();
    if (Served().empty()) continue;  // it was not there yet
    int copies = 0;
    for (const auto& [user, count] : Served()) copies += count;
    EXPECT_EQ(Served().size(), 8u) << at;
    most = std::max(most, copies - 8);
  }
  // The last before a checkpoint, and those who are in its file no more.
  EXPECT_EQ(most, 3);
}

TEST_F(DeliverTest, TheSenderIsAnArgumentWhereAFlagSaysSo) {
  Install("/bin/note", &NoteArguments);
  ASSERT_TRUE(Deliver({{.sender = "-x y@outside.example", .to = {"a@to.f"}}}).ok());
  ASSERT_TRUE(Deliver({{.to = {"a@to.r", "b@to.r"}}}).ok());
  ASSERT_TRUE(Deliver({{.sender = "", .to = {"a@to.r"}}}).ok());
  EXPECT_EQ(host_.Read("/tmp/two"),
            "-f -x y@outside.example -d a\n-r carol@outside.example a b\n-r MAILER-DAEMON a\n")
      << host_.Log();
}

TEST_F(DeliverTest, WhatCannotBeDoneStaysAndSaysWhy) {
  ASSERT_TRUE(DeliverTo({"x@elsewhere.example"}).ok());
  EXPECT_NE(LogLine("relay=elsewhere.example"), "") << host_.Log();
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nMDeferred: ")) << QueueFile();
  ASSERT_TRUE(DeliverTo({"x@to.cell"}).ok());
  EXPECT_NE(LogLine("/=/var/cell is not supported"), "") << host_.Log();
  ASSERT_TRUE(DeliverTo({"x@to.dots"}).ok());
  EXPECT_TRUE(absl::StrContains(
      host_.Log(), "SYSERR(root): Cannot exec /bin/cat2: No such file or directory\n"));
  EXPECT_TRUE(absl::EndsWith(LogLine("mailer=dots"), "dsn=4.0.0, stat=Operating system error"));
}

TEST_F(DeliverTest, HeldMailersWaitForARunOnDemand) {
  ASSERT_TRUE(DeliverTo({"true@to.held"}).ok());
  EXPECT_TRUE(absl::EndsWith(LogLine("mailer=held"), ", stat=queued")) << host_.Log();
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nN0\n")) << QueueFile();
  ASSERT_TRUE(Deliver({}, {.queue_run = true}).ok());
  EXPECT_EQ(Queued().size(), 1u);
  ASSERT_TRUE(Deliver({}, {.queue_run = true, .on_demand = true}).ok());
  EXPECT_TRUE(Queued().empty()) << host_.Log();
}

TEST_F(DeliverTest, CheckCompatDecidesAboutPairs) {
  SetAliases("nomail: alice\ngone: alice\n");
  ASSERT_TRUE(DeliverTo({"nomail@to.two", "gone@to.two", "bob@corp.example"}).ok());
  EXPECT_NE(LogLine("to=<nomail@to.two>, delay=00:00:00, xdelay=00:00:00, mailer=two"), "")
      << host_.Log();
  EXPECT_TRUE(absl::StrContains(host_.Log(),
                                "ruleset=check_compat, arg1=<carol@outside.example>, "
                                "arg2=<gone@to.two>"));
  EXPECT_NE(host_.Read("/var/mail/bob"), "(none)");
  // Its sender is told of the one that was refused.
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nRPF:<carol@outside.example>\n")) << QueueFile();
  const std::string body = absl::StrReplaceAll(Queued()[0], {{"/qf", "/df"}});
  EXPECT_FALSE(absl::StrContains(host_.Read(body), "gone@"));
  EXPECT_TRUE(absl::StrContains(host_.Read(body), "\nFinal-Recipient: ") ||
              absl::StrContains(host_.Read(body), "<nomail@to.two>"));
}

struct Target {
  const char* path;
  FileMode mode;
  const char* link = nullptr;
};

TEST_F(DeliverTest, FilesThatAreNotForMailAreRefused) {
  DiskEditor disk = host_.disk();
  const auto make = [&](absl::string_view path, FileMode mode) {
    CHECK(disk.WriteFile(path, "", {.owner = UserId{1}, .group = GroupId{1}, .mode = mode}).ok());
  };
  make("/tmp/exe", 0755);
  make("/tmp/suid", 04600);
  make("/tmp/real", 0600);
  make("/tmp/root", 0600);
  CHECK(disk.WriteFile("/tmp/root", "", {.mode = 0600}).ok());
  CHECK(disk.MakeSymlink("/tmp/real", "/tmp/sym").ok());
  SetAliases(
      "exe: /tmp/exe\nsuid: /tmp/suid\nsym: /tmp/sym\nroot2: /tmp/root\ndir: /tmp\n"
      "nodir: /tmp/none/x\nreal: /tmp/real\n");
  for (const char* name : {"exe", "suid", "sym", "root2", "dir", "nodir"}) {
    ASSERT_TRUE(DeliverTo({absl::StrCat(name, "@corp.example")}).ok());
    const std::string line = LogLine(absl::StrCat("ctladdr=<", name, "@"));
    EXPECT_TRUE(absl::EndsWith(line,
                               "mailer=*file*, pri=30139, dsn=5.0.0, stat=Can't create "
                               "output") ||
                absl::EndsWith(line, "dsn=5.0.0, stat=Can't create output"))
        << name << ": " << line;
  }
  EXPECT_EQ(host_.Read("/tmp/real"), "");
  EXPECT_EQ(host_.Read("/tmp/root"), "");
  ASSERT_TRUE(DeliverTo({"real@corp.example"}).ok());
  EXPECT_TRUE(absl::StartsWith(host_.Read("/tmp/real"), "From carol@outside.example "));
}

TEST_F(DeliverTest, AFullDiskLeavesFilesAsTheyWere) {
  SetAliases("file: /tmp/archive\n");
  ASSERT_TRUE(DeliverTo({"file@corp.example"}).ok());
  const std::string before = host_.Read("/tmp/archive");
  ASSERT_NE(before, "(none)");
  host_.fault = [](FileCall call, absl::string_view path) {
    return call == FileCall::kSync && path == "/tmp/archive" ? Errno::kENOSPC : Errno::kOk;
  };
  ASSERT_TRUE(DeliverTo({"file@corp.example"}).ok());
  host_.fault = nullptr;
  EXPECT_EQ(host_.Read("/tmp/archive"), before);
  EXPECT_TRUE(absl::EndsWith(LogLine("I/O error"), "dsn=4.0.0, stat=I/O error")) << host_.Log();
  ASSERT_TRUE(Deliver({}, {.queue_run = true}).ok());
  EXPECT_TRUE(Queued().empty());
  EXPECT_GT(host_.Read("/tmp/archive").size(), before.size());
}

Task<int> Silent(Environment&, Arguments) {
  (void)co_await Sleep(absl::Hours(100));
  co_return 0;
}

Task<int> Endless(Environment& env, Arguments) {
  const std::string line(4096, 'x');
  while ((co_await WriteAll(env.process().standard_output(), line)).ok()) {
    (void)co_await Sleep(absl::Milliseconds(500));
  }
  co_return 0;
}

Task<int> DiesMidway(Environment& env, Arguments) {
  (void)co_await WriteAll(env.process().standard_output(), "220 hi\r\n");
  co_return 3;
}

TEST_F(DeliverTest, AMailerThatNeverAnswersIsGivenUp) {
  Install(kMailLocal, &Silent);
  host_.limit = absl::Hours(30);
  ASSERT_TRUE(DeliverTo({"alice@corp.example"}).ok());
  EXPECT_NE(LogLine("stat=Deferred: Connection timed out with local"), "") << host_.Log();
}

TEST_F(DeliverTest, AProgramThatNeverEndsIsKilled) {
  Install("/bin/sh", &Silent);
  host_.limit = absl::Hours(30);
  SetAliases("prog: \"|/bin/cat\"\n");
  ASSERT_TRUE(DeliverTo({"prog@corp.example"}).ok());
  EXPECT_NE(LogLine("stat=Deferred: mailer prog timed out"), "") << host_.Log();
}

TEST_F(DeliverTest, EndlessOutputIsReadAndForgotten) {
  Install("/bin/sh", &Endless);
  host_.limit = absl::Hours(30);
  SetAliases("prog: \"|/bin/cat\"\n");
  ASSERT_TRUE(DeliverTo({"prog@corp.example"}).ok());
  EXPECT_NE(LogLine("stat=Deferred: mailer prog timed out"), "") << host_.Log();
}

TEST_F(DeliverTest, AServerThatGoesAwayIsTriedAgain) {
  Install(kMailLocal, &DiesMidway);
  ASSERT_TRUE(DeliverTo({"alice@corp.example", "bob@corp.example"}).ok());
  EXPECT_TRUE(
      absl::StrContains(host_.Log(), ": smtpquit: mailer local exited with exit value 3\n"));
  EXPECT_TRUE(absl::EndsWith(LogLine("to=<bob@corp.example>"),
                             "dsn=4.4.2, stat=Deferred: Connection reset by local"))
      << host_.Log();
  EXPECT_TRUE(absl::EndsWith(LogLine("to=<alice@corp.example>"), "dsn=4.4.2, stat=Deferred"));
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nMreply: read error from local\n"));
}

Task<int> CountArguments(Environment&, Arguments arguments) {
  for (size_t i = 1; i < arguments.size(); ++i) ++Served()[arguments[i]];
  co_return 0;
}

TEST_F(DeliverTest, ALongListGetsTheMessageOnce) {
  Install("/bin/note", &CountArguments);
  constexpr size_t kMembers = 20'200;
  std::string members;
  for (size_t i = 0; i < kMembers; ++i) absl::StrAppend(&members, "u", i, "@to.twentyfold\n");
  Write(
      "/etc/mail/sendmail.cf",
      absl::StrCat(kConfiguration, "Mtwentyfold, P=/bin/note, F=lsDFMm, S=10, R=10, A=note $u\n"));
  Write("/etc/list", members);
  for (const absl::string_view owner : {"", "owner-list: bob\n"}) {
    Served().clear();
    SetAliases(absl::StrCat(owner, "list: :include:/etc/list\n"));
    EXPECT_TRUE(DeliverTo({"list@corp.example"}).ok());
    EXPECT_TRUE(Deliver({}, {.queue_run = true}).ok());
    EXPECT_TRUE(Queued().empty()) << owner;
    EXPECT_EQ(Served().size(), kMembers) << owner;
    for (const auto& [user, copies] : Served()) ASSERT_EQ(copies, 1) << owner << user;
  }
}

// As the queue would have to say of each member what the message was sent to.
TEST_F(DeliverTest, AListThatTheQueueCannotHoldIsReturned) {
  Install("/bin/note", &CountArguments);
  std::string members;
  for (int i = 0; i < 6'000; ++i) absl::StrAppend(&members, "u", i, "@to.r\n");
  Write("/etc/list", members);
  for (const absl::string_view owner : {"", "owner-list: bob\n"}) {
    Served().clear();
    SetAliases(absl::StrCat(owner, "list: :include:/etc/list\nboth: list, two@to.r\n"));
    const Mail mail = {.to = {"both@corp.example", "one@to.r"},
                       .original_recipient = absl::StrCat("rfc822;", std::string(5'000, 'x'))};
    EXPECT_TRUE(Deliver({mail}).ok());
    // One or two of them are not of the part that is too large.
    EXPECT_EQ(Served().count("u1"), 0u) << owner;
    EXPECT_EQ(Served().count("one"), owner.empty() ? 0u : 1u) << owner;
    EXPECT_EQ(Served().count("two"), owner.empty() ? 0u : 1u) << owner;
    // The report waits for a host that does not answer; it names what the message was sent to.
    ASSERT_EQ(Queued().size(), 1u) << owner;
    EXPECT_TRUE(absl::StrContains(QueueFile(), "\nRPF:<carol@outside.example>\n")) << owner;
    const std::string report = host_.Read(absl::StrReplaceAll(Queued()[0], {{"/qf", "/df"}}));
    EXPECT_TRUE(absl::StrContains(report, "\nStatus: 5.5.3\n")) << report;
    EXPECT_TRUE(absl::StrContains(
        report, "552 5.5.3 <both@corp.example>... too many addresses to be queued\n"))
        << report;
    EXPECT_FALSE(absl::StrContains(report, "u1@to.r")) << owner;
    for (const std::string& name : Queued()) ASSERT_TRUE(host_.disk().RemoveAll(name).ok());
  }
}

// An LMTP server that says of every recipient, at length, that this is not the time.
Task<int> Reluctant(Environment& env, Arguments) {
  std::string answer = "220 hi\r\n", line(4'096, '\0');
  while ((co_await WriteAll(env.process().standard_output(), answer)).ok()) {
    const absl::StatusOr<size_t> read =
        co_await env.process().standard_input().Read(absl::MakeSpan(line));
    if (!read.ok() || *read == 0) break;
    answer.clear();
    for (const absl::string_view said :
         absl::StrSplit(absl::string_view(line.data(), *read), "\r\n", absl::SkipEmpty())) {
      const bool to = absl::StartsWith(said, "RCPT");
      absl::StrAppend(&answer, to ? "451 4.2.0 " : "250 ok", std::string(to ? 1'900 : 0, 'x'),
                      "\r\n");
    }
  }
  co_return 0;
}

// What is as large as it may be when it comes can still wait.
TEST_F(DeliverTest, WhatThereIsToSayOfManyIsLeftOut) {
  Install("/bin/lmtp", &Reluctant);
  Write("/etc/mail/sendmail.cf",
        absl::StrCat(kConfiguration, "Mlmtp, P=/bin/lmtp, F=lsDFMmz, S=10, R=10, A=lmtp\n"));
  constexpr size_t kRecipients = 2'000;
  Mail mail = {.to = {}, .original_recipient = "rfc822;"};
  for (size_t i = 0; i < kRecipients; ++i) mail.to.push_back(absl::StrCat("u", i, "@to.lmtp"));
  mail.original_recipient.resize(kMaxNewQueueFileBytes / kRecipients, 'x');
  EXPECT_TRUE(absl::IsResourceExhausted(Deliver({mail})));
  EXPECT_TRUE(Queued().empty());
  mail.original_recipient.resize(mail.original_recipient.size() - 100);
  ASSERT_TRUE(Deliver({mail}).ok());
  for (int run = 0; run < 2; ++run) {
    const std::string text = QueueFile();
    EXPECT_GT(text.size(), kMaxNewQueueFileBytes);
    const absl::StatusOr<Envelope> envelope = ParseQueueFile("qf", text);
    ASSERT_TRUE(envelope.ok()) << envelope.status();
    EXPECT_EQ(envelope->recipients.size(), kRecipients);
    EXPECT_TRUE(absl::StartsWith(envelope->recipients[0].status, "Deferred: 451 4.2.0 xxx"));
    size_t said = 0;
    for (const Recipient& recipient : envelope->recipients) said += recipient.status.size();
    EXPECT_GT(said, kMaxQueuedStatusBytes - 2'000);
    EXPECT_LE(said, kMaxQueuedStatusBytes);
    ASSERT_TRUE(Deliver({}, {.queue_run = true}).ok());
  }
}

// Every file call fails once: whoever has been taken for delivered has the message.
TEST_F(DeliverTest, AFailureAnywhereLosesNobody) {
  const std::vector<Mail> mails = {
      {.sender = "unread@corp.example", .to = {"alice@corp.example", "bob@corp.example"}}};
  SetAliases("unread: /dev/null\n");
  ASSERT_TRUE(Deliver({}).ok());
  rebuild_ = false;
  host_.ResetCalls();
  ASSERT_TRUE(Deliver(mails).ok());
  const int calls = host_.calls();
  ASSERT_GT(calls, 20);
  for (int at = 0; at < calls; ++at) {
    (void)host_.disk().RemoveAll("/var/mail/alice");
    (void)host_.disk().RemoveAll("/var/mail/bob");
    host_.ResetCalls();
    host_.fail_at = at;
    host_.fail_with = Errno::kEIO;
    (void)Deliver(mails);
    host_.fail_at = -1;
    // A lock that was left behind holds for five minutes, and each run waits 45 seconds for it.
    for (int round = 0; round < 10 && !Queued().empty(); ++round) {
      ASSERT_TRUE(Deliver({}, {.queue_run = true}).ok());
    }
    ASSERT_TRUE(Queued().empty()) << "call " << at << "\n" << host_.Log();
    // A disk that fails is no reason to give anybody up.
    ASSERT_FALSE(absl::StrContains(host_.Log(), ": DSN: ")) << "call " << at << "\n" << host_.Log();
    const bool accepted = host_.Read("/var/mail/alice") != "(none)";
    ASSERT_EQ(host_.Read("/var/mail/bob") != "(none)", accepted) << "call " << at << "\n"
                                                                 << host_.Log();
  }
}

}  // namespace
}  // namespace stagepost
