// Bodies on their way to a mailer. What is expected of conversions was given by sendmail 8.17 to
// the same messages.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "mta/message/body_plan.h"
#include "mta/message/mailer_lines.h"
#include "mta/message/message_test_util.h"
#include "mta/message/mime_encoder.h"
#include "mta/message/mime_type.h"
#include "mta/message/outgoing_text.h"

namespace stagepost {
namespace {

struct Sending {
  absl::string_view flags = "";
  absl::string_view mode = "mimefy";
  bool offers = false;
  bool body_8bitmime = false;
  size_t piece = 1 << 20;
};

// The fields behind Message-Id and the body as esmtp sends them; "[!]": nothing may be sent.
std::string Send(absl::string_view text, Sending how = {}) {
  TestSite site;
  site.Set(absl::StrCat("EightBitMode=", how.mode));
  for (const char flag : how.flags) site.esmtp.flags.set(static_cast<unsigned char>(flag));
  const CompletedHeader completed = site.Complete(text, {}, how.body_8bitmime);
  Envelope envelope;
  envelope.id = "ID";
  envelope.header = completed.header;
  envelope.has_8bitmime = completed.has_8bitmime;
  for (const char c : text) envelope.eight_bit |= (c & 0x80) != 0;
  const BodyPlan plan = PlanBody(envelope, site.esmtp, site.rules.configuration, how.offers);
  if (plan.forbidden) return "[!]";
  HeaderCollector collector(1 << 20);
  std::string body;
  collector.Take(text, body);
  collector.Finish(body);
  StringBody source(body, how.piece);
  OutgoingText outgoing("", {&site.rules.configuration, &envelope, &site.esmtp, plan}, source);
  const auto read = [](OutgoingText& from, size_t piece) -> Task<std::string> {
    std::string all;
    std::string buffer(std::min<size_t>(piece, 4096), '\0');
    for (;;) {
      const absl::StatusOr<size_t> size = co_await from.Read(absl::MakeSpan(buffer));
      CHECK(size.ok());
      if (*size == 0) co_return all;
      all.append(buffer, 0, *size);
    }
  };
  return RunToEnd(read, std::ref(outgoing), how.piece);
}

std::string Mime(absl::string_view type, absl::string_view encoding, absl::string_view body) {
  return absl::StrCat("MIME-Version: 1.0\nContent-Type: ", type, "\n",
                      encoding.empty() ? "" : "Content-Transfer-Encoding: ", encoding,
                      encoding.empty() ? "\n" : "\n\n", body);
}

constexpr absl::string_view kQp =
    "Content-Transfer-Encoding: quoted-printable\n"
    "X-MIME-Autoconverted: from 8bit to quoted-printable by mx1.corp.example id ID\n";
constexpr absl::string_view kB64 =
    "Content-Transfer-Encoding: base64\n"
    "X-MIME-Autoconverted: from 8bit to base64 by mx1.corp.example id ID\n";
constexpr absl::string_view kText = "caf\xe9 na\xefve = equal\ttab trailing \nline two\n";
constexpr absl::string_view kTextQp = "caf=E9 na=EFve =3D equal\ttab trailing=20\nline two\n";

TEST(ToSevenBit, ChoosesTheEncoding) {
  EXPECT_EQ(Send(Mime("text/plain", "8bit", kText)), absl::StrCat(kQp, "\n", kTextQp));
  EXPECT_EQ(Send(Mime("text/plain", "", kText)), absl::StrCat(kQp, "\n", kTextQp));
  EXPECT_EQ(Send(Mime("text/plain", "8bit", "\n\n\xe9\n\n\n\n")),
            absl::StrCat(kB64, "\nDQoNCukNCg0KDQoNCg==\n"));
  EXPECT_EQ(Send(Mime("text/plain", "binary", kText)).substr(0, kB64.size()), kB64);
  EXPECT_EQ(Send(Mime("text/plain", "x-uue", "\xe9\n")),
            "Content-Transfer-Encoding: x-uue\n\n\xe9\n");
  EXPECT_EQ(Send(absl::StrCat("Subject: x\n\n", kText)),
            absl::StrCat("MIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\n", kQp,
                         "\n", kTextQp));
  EXPECT_EQ(Send(Mime("message/partial", "8bit", "x \xe9\n")),
            "Content-Transfer-Encoding: 8bit\n\nx \xe9\n");
}

TEST(ToSevenBit, DependsOnModeAndNextHop) {
  const std::string mime = Mime("text/plain", "8bit", kText);
  const std::string bare = absl::StrCat("Subject: x\n\n", kText);
  const std::string as_is = absl::StrCat("\n", kText);
  EXPECT_EQ(Send(mime, {.mode = "pass8"}), absl::StrCat(kQp, "\n", kTextQp));
  EXPECT_EQ(Send(bare, {.mode = "pass8"}), as_is);
  EXPECT_EQ(Send(mime, {.offers = true}), as_is);
  EXPECT_EQ(Send(mime, {.flags = "8"}), as_is);
  EXPECT_EQ(Send(mime, {.flags = "7", .offers = true}), absl::StrCat(kQp, "\n", kTextQp));
  EXPECT_EQ(Send(bare, {.offers = true}),
            absl::StrCat("MIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\n"
                         "Content-Transfer-Encoding: 8bit\n\n",
                         kText));
  EXPECT_EQ(Send("Content-Type: scribe\n\n\xe9\n", {.mode = "strict"}), "[!]");
  EXPECT_EQ(Send("Content-Type: scribe\n\n\xe9\n", {.flags = "7", .mode = "pass8"}), "\ni\n");
}

const absl::string_view kParts =
    "preamble \xe9\n"
    "--bb\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    "caf\xe9 na\xefve = equal\ttab trailing \nline two\n\n"
    "--bb\nContent-Type: multipart/alternative; boundary=cc\n\n--cc\n\n\xe9\n--cc--\n\n"
    "--bb \nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\n"
    "From: a\nSubject: \xe9 inner\n\ninner \xe9 text\n\n"
    "--bb\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nYWJj\n"
    "--bb\n\nseven bit only\n"
    "--bb--\nepilogue \xe9\n";

TEST(ToSevenBit, WalksThroughMultiparts) {
  const std::string expected = absl::StrCat(
      "\npreamble i\n"
      "--bb\nContent-Type: text/plain; charset=utf-8\n",
      kQp, "\n", kTextQp, "\n", "--bb\nContent-Type: multipart/alternative; boundary=cc\n\n--cc\n",
      kB64, "\n6Q==\n--cc--\n\n",
      "--bb\nContent-Type: message/rfc822\n\n"
      "From: a\nSubject: \xe9 inner\nMIME-Version: 1.0\n",
      kQp, "\ninner =E9 text\n\n",
      "--bb\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nYWJj\n"
      "--bb\n\nseven bit only\n"
      "--bb--\nepilogue i\n");
  const std::string message = Mime("multipart/mixed; boundary=\"bb\"", "8bit", kParts);
  for (const size_t piece : {1u, 2u, 3u, 7u, 100u, 100000u}) {
    EXPECT_EQ(Send(message, {.piece = piece}), expected) << piece;
  }
  // Nothing to convert: what is around the parts has seven bits all the same.
  EXPECT_EQ(Send(message, {.offers = true}),
            absl::StrCat("\n", absl::StrReplaceAll(kParts, {{"preamble \xe9", "preamble i"},
                                                            {"epilogue \xe9", "epilogue i"},
                                                            {"--bb \n", "--bb\n"}})));
}

TEST(ToSevenBit, EndsWhatIsNotEnded) {
  EXPECT_EQ(Send(Mime("multipart/mixed; boundary=bb", "8bit", "--bb\n\n\xe9\n\n")),
            absl::StrCat("\n--bb\n", kB64, "\n6Q0KDQo=\n--bb--\n"));
  EXPECT_EQ(Send(Mime("multipart/mixed", "8bit", "--bb\n\n\xe9\n")), "\n--bb\n\ni\n-------\n");
  EXPECT_EQ(Send(Mime("multipart/mixed; boundary=a", "8bit",
                      "--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx \xe9 xxxxx\n"
                      "--a--\n")),
            absl::StrCat("\n--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n", kQp,
                         "\nx =E9 xxxxx\n--b--\n--a--\n"));
  EXPECT_EQ(Send(Mime("multipart/signed; boundary=bb", "", "pre \xe9\n--bb\n\n\xe9\n")),
            "\npre \xe9\n--bb\n\n\xe9\n");
}

TEST(ToSevenBit, BoundsDepthAndHeaders) {
  std::string deep;
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&deep, "--b", i, "\nContent-Type: multipart/mixed; boundary=b", i + 1, "\n\n");
  }
  const std::string text = Send(Mime("multipart/mixed; boundary=b0", "8bit", deep + "\xe9\n"));
  EXPECT_EQ(text.find("--b20--\n"), std::string::npos);
  EXPECT_NE(text.find("--b19--\n"), std::string::npos);
  const std::string header = "X: " + std::string(100'000, 'x') + "\n";
  EXPECT_EQ(Send(Mime("multipart/mixed; boundary=b", "8bit",
                      absl::StrCat("--b\n", header, "\n\xe9\n--b--\n")),
                 {.flags = "8"}),
            absl::StrCat(
                "\n--b\n",
                [&header] {
                  MailerLines lines({.limit = 990});
                  std::string out;
                  lines.Take(header, out);
                  return out;
                }(),
                "\n\xe9\n--b--\n"));
}

TEST(ToEightBit, DecodesTexts) {
  const Sending nine = {.flags = "9", .offers = true};
  const auto fields = [](absl::string_view from) {
    return absl::StrCat("Content-Transfer-Encoding: 8bit\nX-MIME-Autoconverted: from ", from,
                        " to 8bit by mx1.corp.example id ID\n\n");
  };
  EXPECT_EQ(
      Send(Mime("text/plain", "quoted-printable", "caf=E9 =3D soft=\nb =  \nt=20  \nx\n"), nine),
      absl::StrCat(fields("quoted-printable"), "caf\xe9 = softb t \nx\n\n"));
  EXPECT_EQ(Send(Mime("text/plain", "BASE64", "Y2Fm6Q0KbGluZQ0K\nYWJj\n"), nine),
            absl::StrCat(fields("BASE64"), "caf\xe9\nline\nabc\n\n"));
  EXPECT_EQ(Send(Mime("text/html", "base64", "Y2Fm6Q==\n"), nine), "\nY2Fm6Q==\n");
  EXPECT_EQ(Send(Mime("text/plain", "base64", "Y2Fm6Q==\n"), {.flags = "9"}), "\nY2Fm6Q==\n");
}

std::string EncodeQp(absl::string_view text, QuotedPrintableOptions options = {}) {
  QuotedPrintableEncoder encoder(options);
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      encoder.EndLine(out);
    } else {
      encoder.Put(absl::string_view(&c, 1), out);
    }
  }
  encoder.Finish(out);
  return out;
}

TEST(QuotedPrintable, BreaksLinesAsSendmail) {
  const auto b = [](size_t size) { return std::string(size, 'b'); };
  EXPECT_EQ(EncodeQp(b(73) + "\n"), b(73) + "\n");
  EXPECT_EQ(EncodeQp(b(76) + "\n"), b(73) + "=\nbbb\n");
  EXPECT_EQ(EncodeQp(b(72) + "\xe9x\n"), b(72) + "=E9=\nx\n");
  EXPECT_EQ(EncodeQp(b(74) + " \n"), b(73) + "=\nb=20\n");
  EXPECT_EQ(EncodeQp(".\n..\n .\n\t\n"), "=2E\n..\n .\n=09\n");
  EXPECT_EQ(EncodeQp("From x\n From\n", {.escape_from = true}), "From=20x\n From\n");
  EXPECT_EQ(EncodeQp("!\"#$@[\\]^`{|}~a", {.encode_specials = true}),
            "=21=22=23=24=40=5B=5C=5D=5E=60=7B=7C=7D=7Ea");
}

TEST(Encoders, AreUndoneByTheirDecoders) {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    const char c = static_cast<char>(i * 7919 % 256);
    if (c != '\n' && c != '\r') text.push_back(c);
    if (i % 61 == 0) text.push_back('\n');
  }
  Base64Encoder base64;
  std::string encoded, decoded;
  size_t begin = 0;
  for (size_t at; (at = text.find('\n', begin)) != std::string::npos; begin = at + 1) {
    base64.Put(absl::string_view(text).substr(begin, at - begin), encoded);
    base64.EndLine(encoded);
  }
  base64.Put(absl::string_view(text).substr(begin), encoded);
  base64.Finish(encoded);
  Base64Decoder from_base64;
  for (const char c : encoded) from_base64.Take(absl::string_view(&c, 1), decoded);
  from_base64.Finish(decoded);
  EXPECT_EQ(decoded, text);

  decoded.clear();
  QuotedPrintableDecoder from_qp;
  for (const char c : EncodeQp(text)) from_qp.Take(absl::string_view(&c, 1), decoded);
  from_qp.Finish(decoded);
  EXPECT_EQ(decoded, text);
}

TEST(MailerLines, CutsLongLinesAndHidesFrom) {
  const std::string text =
      absl::StrCat("From a\nFrom\n From \nFro\nm\n", std::string(10, 'a'), "\n",
                   std::string(11, 'b'), "\n", std::string(30, 'c'), "\xe9\nFrom ");
  const std::string cut =
      ">From a\nFrom\n From \nFro\nm\naaaaaaaaaa\nbbbbbbbbb!\n bb\nccccccccc!\n cccccccc!\n "
      "cccccccc!"
      "\n ccccci\n>From ";
  for (size_t at = 0; at <= text.size(); ++at) {
    MailerLines lines({.limit = 10, .strip_eighth_bit = true, .escape_from = true});
    std::string out;
    lines.Take(absl::string_view(text).substr(0, at), out);
    lines.Take(absl::string_view(text).substr(at), out);
    lines.Finish(out);
    EXPECT_EQ(out, cut) << at;
  }
}

TEST(ContentType, IsRead) {
  const ContentType type = ReadContentType(
      " Multipart/(c; boundary=x)Mixed ; a=\"boundary=y;\" ; BOUNDARY=\"a \\\"b  \"");
  EXPECT_TRUE(type.Is("multipart/mixed"));
  EXPECT_EQ(type.boundary, "a \"b");
  EXPECT_EQ(ReadContentType("").name(), "text/plain");
  EXPECT_EQ(ReadContentType("image").name(), "image/");
  EXPECT_EQ(ReadContentType("multipart/x; boundary=" + std::string(200, 'z')).boundary, "");
  EXPECT_EQ(ReadEncoding(" (x) Base64 (y)"), "base64");
}

}  // namespace
}  // namespace stagepost
