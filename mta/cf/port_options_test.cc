// Daemon and client ports; the messages are those of sendmail 8.17.1.9.
#include "mta/cf/port_options.h"

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

PortOptions Good(absl::string_view value) {
  Diagnostics said;
  PortOptions port = ParseDaemonPort(value, 0, {"x.cf", 2}, said);
  EXPECT_TRUE(said.empty()) << value << ": " << said[0].text;
  return port;
}

std::string Bad(absl::string_view value) {
  Diagnostics said;
  ParseDaemonPort(value, 0, {"x.cf", 2}, said);
  std::vector<std::string> texts;
  for (const Diagnostic& diagnostic : said) {
    EXPECT_EQ(diagnostic.exit_code, 70);
    texts.push_back(diagnostic.text);
  }
  return absl::StrJoin(texts, "|");
}

TEST(ParseDaemonPort, TakesAllKeys) {
  const PortOptions port = Good(
      "Name=MSA, Port=submission, Addr=192.0.2.1, Family=inet, Listen=5, SndBufSize=100, "
      "RcvBufSize=200, children=7, delayLA=1, queueLA=2, refuseLA=3, DeliveryMode=q, "
      "InputMailFilters=a; b, Modify=Ea a");
  EXPECT_EQ(port.name, "MSA");
  EXPECT_EQ(port.port, 587);
  EXPECT_EQ(port.address, "192.0.2.1");
  EXPECT_EQ(port.backlog, 5);
  EXPECT_EQ(port.send_buffer_bytes, 100);
  EXPECT_EQ(port.receive_buffer_bytes, 200);
  EXPECT_EQ(port.max_children, 7);
  EXPECT_EQ(port.delay_load, 1);
  EXPECT_EQ(port.queue_load, 2);
  EXPECT_EQ(port.refuse_load, 3);
  EXPECT_EQ(port.delivery_mode, 'q');
  EXPECT_EQ(port.input_mail_filters, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(port.modifier_letters, "Ea");
  EXPECT_TRUE(port.Has('E') && port.Has('a') && !port.Has('A'));
}

TEST(ParseDaemonPort, TakesWhatSendmailTakes) {
  const PortOptions nothing = Good("");
  EXPECT_EQ(nothing.name, "Daemon0");
  EXPECT_EQ(nothing.family, "inet");
  EXPECT_EQ(nothing.port, std::nullopt);
  EXPECT_FALSE(nothing.has_input_mail_filters);
  EXPECT_TRUE(Good("I=").has_input_mail_filters);
  EXPECT_EQ(Good("port=25x").port, 25);
  EXPECT_EQ(Good("  N = foo").name, "foo");
  EXPECT_EQ(Good("Addr=::1, Family=INET6").family, "inet6");
  EXPECT_EQ(Good("F=10,A=IPv6:::1").family, "inet6");
  EXPECT_EQ(Good("Addr=/run/x, F=unix").address, "/run/x");
  EXPECT_EQ(Good("Addr=mail.corp.example").address, "mail.corp.example");
  EXPECT_TRUE(Good("M=z").Has('z'));
}

TEST(ParseDaemonPort, RefusesWhatSendmailRefuses) {
  EXPECT_EQ(Bad("Port=nosuchport"), "service \"nosuchport\" unknown");
  EXPECT_EQ(Bad("Port=-1"), "service \"-1\" unknown");
  EXPECT_EQ(Bad("Port="), "service \"\" unknown");
  EXPECT_EQ(Bad("Addr=999.1.1.1"), "host \"999.1.1.1\" unknown");
  EXPECT_EQ(Bad("Addr=[127.0.0.1]"), "host \"[127.0.0.1]\" unknown");
  EXPECT_EQ(Bad("Addr=*"), "host \"*\" unknown");
  EXPECT_EQ(Bad("Addr="), "host \"\" unknown");
  EXPECT_EQ(Bad("Family=inet6, Addr=1.2.3.4"), "host \"1.2.3.4\" unknown");
  EXPECT_EQ(Bad("Addr=::1"), "host \"::1\" unknown");
  EXPECT_EQ(Bad("Port=25, Foo=1"), "Port= option unsupported for family 1");
  EXPECT_EQ(Bad("Family=x.25"), "Unknown address family x.25 in Family=option");
  EXPECT_EQ(Bad("DeliveryMode=z"), "Unknown delivery mode z");
  EXPECT_EQ(Bad("T=5, Xylo=7"),
            "PortOptions parameter \"T=5\" unknown|PortOptions parameter \"Xylo=7\" unknown");
  EXPECT_EQ(Bad("d=5, D=q, q=3, Q=4"), "PortOptions parameter \"Q=4\" unknown");
  EXPECT_EQ(Bad("Port=nn, Addr=[x], Zoo=x, DeliveryMode=z, Family=bar"),
            "PortOptions parameter \"Zoo=x\" unknown|Unknown delivery mode z|Unknown address "
            "family bar in Family=option|host \"[x]\" unknown|service \"nn\" unknown");
}

TEST(ParseDaemonPort, TellsOfWhatHasNoEffect) {
  Diagnostics said;
  ParseDaemonPort("smtp", 0, {"x.cf", 2}, said);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(said[0].severity, Diagnostic::Severity::kNotImplemented);
  EXPECT_EQ(said[0].text, "PortOptions parameter \"smtp\" has no value");
}

TEST(ParseClientPort, HasNoNameOfItsOwn) {
  Diagnostics said;
  const PortOptions port = ParseClientPort("Addr=192.0.2.1, M=h", {"x.cf", 2}, said);
  EXPECT_TRUE(said.empty());
  EXPECT_EQ(port.name, "");
  EXPECT_TRUE(port.Has('h'));
}

}  // namespace
}  // namespace stagepost
