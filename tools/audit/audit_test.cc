// Audits of sites that exist in this test only: the hardened one of the documents, and what becomes
// of it with one line too many.
#include "tools/audit/audit.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "tools/audit/relay_forms.h"

namespace stagepost {
namespace {

constexpr char kLibrary[] = "external/sendmail_deb/sendmail-cf/usr/share/sendmail/cf";
constexpr char kHardened[] = "tools/audit/testdata/hardened";
constexpr char kLast[] = "MAILER(`local')dnl\n";

using Files = std::map<std::string, std::string>;

Files ReadTree(const std::string& folder) {
  Files files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_directory()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    files[entry.path().lexically_relative(folder).string()].assign(
        std::istreambuf_iterator<char>(in), {});
  }
  return files;
}

const Files& Library() {
  static const auto* const kFiles = new Files(ReadTree(kLibrary));
  return *kFiles;
}

// A machine that has nothing but a site in /site.
class Machine {
 public:
  Machine() : files_(ReadTree(kHardened)) {}

  // More lines for the .mc, in front of its mailers.
  void AddToMc(const std::string& lines) {
    absl::StrReplaceAll({{kLast, absl::StrCat(lines, kLast)}}, &files_["sendmail.mc"]);
  }
  Files& files() { return files_; }
  // What must not be read.
  std::string forbidden;

  AuditReport Audit(const std::string& config = "/site") {
    AuditSources sources;
    sources.read = [this](const std::string& path) -> absl::StatusOr<std::string> {
      if (path == forbidden) return absl::PermissionDeniedError("Permission denied");
      const auto found = files_.find(path.substr(0, 6) == "/site/" ? path.substr(6) : path);
      if (found == files_.end()) return absl::NotFoundError("No such file or directory");
      return found->second;
    };
    sources.is_directory = [](const std::string& path) { return path == "/site"; };
    sources.library = [] { return absl::StatusOr<const Files*>(&Library()); };
    sources.host_name = [] { return "not-asked.example"; };
    sources.addresses = [] { return std::vector<IpAddress>(); };
    sources.now = [] { return 0.0; };
    sources.progress = [](const std::string&) {};
    AuditRequest request;
    request.config = config;
    return AuditSite(sources, request);
  }

 private:
  Files files_;
};

struct Variant {
  const char* name;
  const char* mc;                           // lines more
  std::map<std::string, std::string> more;  // lines more of files
  // Of a hole: the form that shows it, the rule's ruleset and what stands in it, and what is
  // blamed.
  const char* form = "";
  const char* ruleset = "";
  const char* rule = "";
  const char* cause = "";
};

void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

class VariantTest : public ::testing::TestWithParam<Variant> {};

TEST_P(VariantTest, IsJudged) {
  const Variant& variant = GetParam();
  Machine machine;
  machine.AddToMc(variant.mc);
  for (const auto& [file, lines] : variant.more) machine.files()[file] += lines;
  const AuditReport report = machine.Audit();
  ASSERT_EQ(report.error, "");
  EXPECT_TRUE(report.run.reached_by_strangers);
  if (*variant.form == '\0') {
    EXPECT_EQ(report.exit_code(), 0) << AuditText(report);
    return;
  }
  ASSERT_EQ(report.exit_code(), 1) << AuditText(report);
  // One of the holes is it; others may come of the same line.
  bool found = false;
  for (const Hole& hole : report.holes) {
    const ProbeResult& first = report.run.results[hole.results.front()];
    EXPECT_NE(hole.decision.place.line, 0) << hole.explanation;
    found |= report.EnvelopeOf(first).form == variant.form &&
             hole.decision.ruleset == variant.ruleset &&
             absl::StrContains(hole.decision.rule, variant.rule) &&
             absl::StrContains(hole.decision.Cause(), variant.cause);
    // Something of it was to leave.
    EXPECT_TRUE(!first.delivered_to.empty() || !first.queued.empty() || !first.resolved.empty());
  }
  EXPECT_TRUE(found) << AuditText(report).substr(0, 4000);
  EXPECT_GT(report.run.messages_out, 0);
}

const Variant kClean[] = {
    {"Hardened", "", {}},
    {"RelaysForDomains", "", {{"relay-domains", "customer.example\n"}}},
    {"RelaysForNeighbours", "", {{"access", "Connect:192.168\tRELAY\nConnect:172.16.5\tRELAY\n"}}},
    {"RelaysForOneHost", "", {{"access", "Connect:198.51.100.7\tRELAY\n"}}},
    {"EntireOwnDomain", "FEATURE(`relay_entire_domain')dnl\n", {}},
    {"HostsOnly", "FEATURE(`relay_hosts_only')dnl\n", {{"relay-domains", "com\n"}}},
    {"MailRouteForAll", "FEATURE(`mailertable')dnl\n", {{"mailertable", ".\tesmtp:[10.9.9.9]\n"}}},
    {"SmartHost", "define(`SMART_HOST', `[10.9.9.9]')dnl\n", {}},
    {"HubForUnknownUsers", "define(`LUSER_RELAY', `esmtp:hub.corp.example')dnl\n", {}},
    {"CatchAll",
     "FEATURE(`virtusertable')dnl\nVIRTUSER_DOMAIN(`virt.example')dnl\n",
     {{"virtusertable", "@virt.example\troot\n"}}},
    {"VirtualDomainElsewhere",
     "FEATURE(`virtusertable')dnl\nVIRTUSER_DOMAIN(`virt.example')dnl\n",
     {{"virtusertable", "@virt.example\t%1@friends.example\n"}}},
    {"TakesAllSenders",
     "FEATURE(`accept_unresolvable_domains')dnl\nFEATURE(`accept_unqualified_senders')dnl\n",
     {}},
    {"InsideName", "", {{"relay-domains", "lan\n"}}},
    {"OkIsNotRelay", "", {{"access", "corp.example\tOK\nConnect:198.51\tOK\n"}}},
};
INSTANTIATE_TEST_SUITE_P(Clean, VariantTest, ::testing::ValuesIn(kClean),
                         [](const auto& info) { return std::string(info.param.name); });

const Variant kHoles[] = {
    {"PromiscuousRelay",
     "FEATURE(`promiscuous_relay')dnl\n",
     {},
     "R01",
     "Basic_check_rcpt",
     "no rule of it refuses",
     "FEATURE(promiscuous_relay) (/site/sendmail.mc:26)"},
    {"TopLevelDomain",
     "",
     {{"relay-domains", "com\n"}},
     "R01",
     "Rcpt_ok",
     "$=R >",
     "\"com\" of class R (/site/relay-domains:2)"},
    {"TopLevelDomainOfClients",
     "",
     {{"relay-domains", "org\n"}},
     "R01",
     "Relay_ok",
     "$=R",
     "\"org\" of class R (/site/relay-domains:2)"},
    {"SecondLevelDomain",
     "",
     {{"relay-domains", "co.uk\n"}},
     "R01",
     "Rcpt_ok",
     "$=R >",
     "\"co.uk\" of class R"},
    {"WideNetwork",
     "",
     {{"access", "Connect:198.51\tRELAY\n"}},
     "R01",
     "Relay_ok",
     "R<RELAY>",
     "entry \"Connect:198.51\" -> \"RELAY\" of map access (/site/access.db)"},
    {"WideNetworkOfNoFixedStranger",
     "",
     {{"access", "Connect:91\tRELAY\n"}},
     "R01",
     "Relay_ok",
     "R<RELAY>",
     "entry \"Connect:91\""},
    {"MoreThanPrivate",
     "",
     {{"access", "Connect:172\tRELAY\n"}},
     "R01",
     "Relay_ok",
     "R<RELAY>",
     "entry \"Connect:172\""},
    {"UntaggedNetwork",
     "",
     {{"access", "198.51\tRELAY\n"}},
     "R01",
     "Relay_ok",
     "R<RELAY>",
     "entry \"198.51\""},
    {"NetworkInClass",
     "",
     {{"relay-domains", "198.51\n"}},
     "R01",
     "Relay_ok",
     "R$=R $*",
     "\"198.51\" of class R"},
    {"WideNetwork6",
     "DAEMON_OPTIONS(`Name=MTA6, Family=inet6')dnl\n",
     {{"access", "Connect:IPv6:2001:db8\tRELAY\n"}},
     "R01",
     "Relay_ok",
     "R<RELAY>",
     "entry \"Connect:IPv6:2001:db8\""},
    {"RecipientsOfATopLevelDomain",
     "",
     {{"access", "To:org\tRELAY\n"}},
     "R01",
     "Rcpt_ok",
     "R<RELAY>",
     "entry \"To:org\""},
    {"ClientsOfATopLevelDomain",
     "",
     {{"access", "Connect:net\tRELAY\n"}},
     "R01",
     "Relay_ok",
     "R<RELAY>",
     "entry \"Connect:net\""},
    {"UntaggedTopLevelDomain",
     "",
     {{"access", "de\tRELAY\n"}},
     "R01",
     "Rcpt_ok",
     "R<RELAY>",
     "entry \"de\""},
    {"LooseRelayCheck",
     "FEATURE(`loose_relay_check')dnl\n",
     {},
     "R12",
     "Rcpt_ok",
     "$=R >",
     "FEATURE(loose_relay_check) (/site/sendmail.mc:26)"},
    {"RelayLocalFrom",
     "FEATURE(`relay_local_from')dnl\n",
     {},
     "R03",
     "Relay_ok",
     "FROM local",
     "FEATURE(relay_local_from) (/site/sendmail.mc:26)"},
    {"RelayMailFrom",
     "FEATURE(`relay_mail_from')dnl\n",
     {{"access", "From:ceo@corp.example\tRELAY\n"}},
     "R57",
     "Relay_ok",
     "R<@> <RELAY>",
     "entry \"From:ceo@corp.example\""},
    {"RelayMailFromDomain",
     "FEATURE(`relay_mail_from', `domain')dnl\n",
     {{"access", "From:corp.example\tRELAY\n"}},
     "R03",
     "Relay_ok",
     "R<@> <RELAY>",
     "entry \"From:corp.example\""},
    {"RelayBasedOnMx",
     "FEATURE(`relay_based_on_MX')dnl\n",
     {},
     "R46",
     "Rcpt_ok",
     "$=w",
     "FEATURE(relay_based_on_MX)"},
    {"EntireTopLevelDomain",
     "FEATURE(`relay_entire_domain')dnl\nLOCAL_CONFIG\nCmexample\n",
     {},
     "R01",
     "Rcpt_ok",
     "$=m",
     "\"example\" of class m"},
    {"OwnRule",
     "LOCAL_RULESETS\nSLocal_check_rcpt\nR$*\t$: $&{client_addr}\nR198.51.$*\t$#OK\n",
     {},
     "R01",
     "Local_check_rcpt",
     "R198.51.$* $#OK",
     ""},
    {"NoPercentHack",
     "define(`LUSER_RELAY', `esmtp:hub.corp.example')dnl\nFEATURE(`nopercenthack')dnl\n",
     {},
     "R09",
     "Rcpt_ok",
     "$=w",
     "FEATURE(nopercenthack)"},
};
INSTANTIATE_TEST_SUITE_P(Holes, VariantTest, ::testing::ValuesIn(kHoles),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(AuditTest, TriesEveryFormFromEveryParty) {
  Machine machine;
  machine.AddToMc("DAEMON_OPTIONS(`Name=MTA6, Family=inet6')dnl\n");
  const AuditReport report = machine.Audit();
  std::map<std::string, std::set<std::string>> tried;
  for (const ProbeResult& result : report.run.results) {
    if (!result.asked) continue;
    const Party& party = report.PartyOf(result);
    tried[absl::StrCat(party.kind, party.address.is_v4() ? "" : " by IPv6")].insert(
        report.EnvelopeOf(result).form);
  }
  std::set<std::string> forms;
  for (const RelayForm& form : RelayForms()) forms.emplace(form.id);
  for (const char* kind : {"stranger", "stranger by IPv6", "inside", "inside by IPv6", "loopback",
                           "loopback by IPv6"}) {
    for (const std::string& form : forms) EXPECT_TRUE(tried[kind].contains(form)) << kind << form;
  }
  EXPECT_EQ(report.exit_code(), 0);
  EXPECT_TRUE(absl::StrContains(AuditText(report), "clean: "));
  EXPECT_TRUE(absl::StrContains(AuditJson(report), "\"result\": \"clean\""));
}

TEST(AuditTest, IsTheSameTwice) {
  EXPECT_EQ(AuditJson(Machine().Audit()), AuditJson(Machine().Audit()));
}

TEST(AuditTest, SaysWhyItCannot) {
  Machine empty;
  empty.files().clear();
  EXPECT_EQ(empty.Audit().exit_code(), 2);
  EXPECT_EQ(empty.Audit().error, "/site: there is neither sendmail.cf nor sendmail.mc");
  EXPECT_EQ(empty.Audit("/nowhere/x.cf").error, "/nowhere/x.cf: No such file or directory");

  Machine forbidden;
  forbidden.forbidden = "/site/access.db";
  EXPECT_EQ(forbidden.Audit().error, "/site/access.db: Permission denied");
  EXPECT_TRUE(absl::StrContains(forbidden.Audit().remedy, "--config DIR"));

  Machine misspelt;
  misspelt.AddToMc("FEATURE(`acces_db')dnl\n");
  EXPECT_EQ(misspelt.Audit().exit_code(), 2);
  EXPECT_TRUE(absl::StrContains(misspelt.Audit().error, "acces_db")) << misspelt.Audit().error;

  Machine broken;
  broken.files() = {{"sendmail.cf", "V10/Berkeley\nO Bogus=1\n"}};
  EXPECT_EQ(broken.Audit().exit_code(), 2);
  EXPECT_TRUE(absl::StrContains(broken.Audit().error, "Bogus")) << broken.Audit().error;
}

TEST(AuditTest, NamesMissingFilesOfACf) {
  Machine machine;
  machine.files() = {{"sendmail.cf",
                      "V10/Berkeley\nDjmx.corp.example\nFw/etc/mail/local-host-names\n"
                      "Mlocal, P=/bin/true, F=l, A=true\nMprog, P=/bin/sh, F=l, A=sh\n"}};
  const AuditReport report = machine.Audit("/site/sendmail.cf");
  EXPECT_EQ(report.exit_code(), 2);
  EXPECT_TRUE(absl::StrContains(report.error, "/etc/mail/local-host-names")) << report.error;
}

TEST(AuditTest, ReadsDatabasesAsTheyAre) {
  Machine machine;
  const AuditReport made = machine.Audit();
  ASSERT_FALSE(made.notes.empty());
  EXPECT_TRUE(absl::StrContains(made.notes[0], "access.db is not there: made of /site/access"));
}

}  // namespace
}  // namespace stagepost
