#include "mta/rewrite/tokenizer.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {
namespace {

std::string Cut(absl::string_view line, const ScanOptions& options = {},
                std::vector<std::string>* messages = nullptr) {
  const Tokenizer tokenizer(".:%@!^/[]+");
  TokenList tokens;
  const ScanResult result = tokenizer.Scan(line, options, tokens);
  if (messages != nullptr) {
    for (const RewriteMessage& message : result.messages) messages->push_back(message.text);
  }
  return result.ok ? ShowTokens(tokens) : "none";
}

constexpr ScanOptions kLine = {.comments = Comments::kKeep, .delimiter = ','};

TEST(Tokenizer, CutsAtOperatorsBlanksAndQuotes) {
  EXPECT_EQ(Cut("user@host.example"), "user @ host . example");
  EXPECT_EQ(Cut("a  b\tc"), "a b c");
  EXPECT_EQ(Cut("a\"b c\"d"), "a \"b c\" d");
  EXPECT_EQ(Cut("\"a\\\"b\"c"), "\"a\\\"b\" c");
  EXPECT_EQ(Cut("[1.2]"), "[ 1 . 2 ]");
  EXPECT_EQ(Cut("a;b"), "a ; b");
}

// Words and operators alone are cut in a simpler way than what has a blank somewhere.
TEST(Tokenizer, CutsSimpleAddressesAsItCutsOthers) {
  const std::string word(200, 'w');
  for (const std::string& line :
       {std::string("a"), std::string("@"), std::string("user@host.example"), std::string("a..b"),
        std::string("a\x01\x7f\x80z!B"), std::string(",;"), absl::StrCat(word, ".", word, "@h"),
        std::string(255, '.'), std::string(256, '.'), std::string(256, 'a'),
        std::string(257, 'a')}) {
    EXPECT_EQ(Cut(line), Cut(absl::StrCat(line, " "))) << line;
    EXPECT_EQ(Cut(line, kLine), Cut(absl::StrCat(line, " "), kLine)) << line;
  }
}

TEST(Tokenizer, SimpleAddressesEndAtTheDelimiter) {
  const Tokenizer tokenizer;
  TokenList tokens;
  const ScanResult first = tokenizer.Scan("a@b,c", kLine, tokens);
  EXPECT_TRUE(first.ok);
  EXPECT_EQ(first.end, 3);
  EXPECT_EQ(ShowTokens(tokens), "a @ b");
  const ScanResult none = tokenizer.Scan(",c", kLine, tokens);
  EXPECT_FALSE(none.ok);
  EXPECT_EQ(none.end, 0);
}

TEST(Tokenizer, KnowsShortTokens) {
  const Tokenizer tokenizer;
  TokenList tokens;
  tokenizer.Scan("@a234567890123456.a2345678901234567\xe9.(.b\x01", kLine, tokens);
  std::vector<int> sizes;
  for (const Token& token : tokens) sizes.push_back(token.short_size);
  EXPECT_EQ(sizes, (std::vector<int>{1, 16, 1, 0, 1, 1, 1, 0}));
}

TEST(Tokenizer, KeepsBackslashesButForOneBeforeAnExclamationMark) {
  EXPECT_EQ(Cut("a\\ b"), "a\\ b");
  EXPECT_EQ(Cut("a\\@b"), "a\\@b");
  EXPECT_EQ(Cut("a\\!b"), "a ! b");
  EXPECT_EQ(Cut("a\\"), "a");
}

TEST(Tokenizer, LeavesCommentsOutOrTakesThemAsTokens) {
  EXPECT_EQ(Cut("a(b (c) d)e"), "a e");
  EXPECT_EQ(Cut("(a\\)b)c"), "c");
  EXPECT_EQ(Cut("a(b)c", kLine), "a ( b ) c");
  EXPECT_EQ(Cut("(c)"), "none");
}

TEST(Tokenizer, RepairsWhatIsUnbalanced) {
  std::vector<std::string> messages;
  EXPECT_EQ(Cut("<a", kLine, &messages), "< a >");
  EXPECT_EQ(Cut("a>b", kLine, &messages), "ab");
  EXPECT_EQ(Cut("\"a", kLine, &messages), "\"a\"");
  EXPECT_EQ(Cut("a)b", {}, &messages), "ab");
  EXPECT_EQ(Cut("a((b", {}, &messages), "a");
  EXPECT_EQ(messages,
            (std::vector<std::string>{"Unbalanced '<'", "Unbalanced '>'", "Unbalanced '\"'",
                                      "Unbalanced ')'", "Unbalanced '('", "Unbalanced '('"}));
}

TEST(Tokenizer, ClosesOnceMoreWhatABackslashHasEscaped) {
  std::vector<std::string> messages;
  EXPECT_EQ(Cut("<a\\", kLine, &messages), "< a\\> >");
  EXPECT_EQ(messages.size(), 2);
}

TEST(Tokenizer, ShowsBytesAsSendmailDoes) {
  EXPECT_EQ(Cut("a\x81z\x90\x95\x9e\x80\xe9\xff"), "a$z$*$$]M-M-i");
  std::string shown;
  AppendShown("a\xff\x01z", shown);
  EXPECT_EQ(shown, "aM-z");
}

TEST(Tokenizer, EndsAtTheDelimiter) {
  const Tokenizer tokenizer;
  TokenList tokens;
  EXPECT_EQ(tokenizer.Scan("ab,cd", kLine, tokens).end, 2);
  EXPECT_EQ(ShowTokens(tokens), "ab");
  tokens.Clear();
  EXPECT_EQ(tokenizer.Scan("\"a,b\",c", kLine, tokens).end, 5);
  tokens.Clear();
  // A forgotten bracket ends with the list's element, a route does not.
  EXPECT_EQ(tokenizer.Scan("<a,b", kLine, tokens).end, 2);
  EXPECT_EQ(ShowTokens(tokens), "< a >");
  tokens.Clear();
  EXPECT_EQ(tokenizer.Scan("<@a,b", kLine, tokens).end, 5);
}

TEST(Tokenizer, LimitsWhatAnAddressMayHold) {
  std::vector<std::string> messages;
  EXPECT_EQ(Cut(std::string(257, 'a'), {}, &messages), "none");
  EXPECT_EQ(Cut(std::string(700, '.'), {}, &messages), "none");
  std::string long_address;
  for (int i = 0; i < 300; ++i) absl::StrAppend(&long_address, "word ");
  EXPECT_EQ(Cut(long_address, {}, &messages), "none");
  EXPECT_EQ(messages, (std::vector<std::string>{"prescan: token too long", "Address too long",
                                                "Address too long"}));
  EXPECT_NE(Cut(std::string(256, 'a')), "none");
}

TEST(Tokenizer, ReadsAHundredKilobytesNoFartherThanItsRoom) {
  const Tokenizer tokenizer;
  TokenList tokens;
  EXPECT_FALSE(tokenizer.Scan(std::string(100000, '@'), {}, tokens).ok);
  EXPECT_TRUE(tokens.empty());
  EXPECT_LT(tokens.arena().bytes(), 16384);
}

TEST(Tokens, JoinWithABlankBetweenWordsOnly) {
  const Tokenizer tokenizer(".@");
  TokenList tokens;
  tokenizer.Scan("a b \"c\" d @ e . f", {}, tokens);
  EXPECT_EQ(JoinTokens(tokens, '.'), "a.b\"c\"d@e.f");
}

TEST(Tokens, ShowEightBitCharactersAndNoControls) {
  EXPECT_EQ(Cut("a\xe9z\x01"), "aM-iz");
  EXPECT_EQ(Cut("\"a\tb\""), "\"a\\tb\"");
}

TEST(Tokens, HashesContinue) {
  CaselessHash joined("Corp");
  joined.Add(CaselessHash(".EXAMPLE"));
  EXPECT_EQ(joined.value(), CaselessHash("corp.example").value());
  EXPECT_NE(joined.value(), CaselessHash("corp.exampel").value());
}

TEST(Tokenizer, TakesOperatorsOfRulesFromRulesOnly) {
  const Tokenizer tokenizer(".@");
  Names names;
  std::vector<std::string> errors;
  TokenList tokens;
  tokenizer.ScanText(ParseText("a$#b $@ \"x $1\" $&{mm}", names, errors), names, tokens);
  EXPECT_EQ(ShowTokens(tokens), "a $# b $@ \"x $1\" $&{mm}");
  EXPECT_TRUE(tokens[1].Is(Operator::kMailer));
  EXPECT_EQ(tokens[4].kind, Token::Kind::kSpecial);
  EXPECT_EQ(tokens[5].kind, Token::Kind::kDeferredMacro);
  TokenList typed;
  tokenizer.Scan("a $# b", kLine, typed);
  EXPECT_EQ(typed[1].kind, Token::Kind::kWord);
  EXPECT_FALSE(SameToken(tokens[1], typed[1]));
}

}  // namespace
}  // namespace stagepost
