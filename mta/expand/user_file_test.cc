#include "mta/expand/user_file.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mta/base/errno.h"
#include "mta/expand/address_list.h"
#include "mta/expand/send_list.h"
#include "mta/expand/valid_shells.h"

namespace stagepost {
namespace {

std::string Lines(absl::string_view text) {
  std::string all;
  for (const UserFileLine& line : LinesOfUserFile(text)) {
    absl::StrAppend(&all, line.number, ":", line.text, "|");
  }
  return all;
}

TEST(UserFileTest, Lines) {
  EXPECT_EQ(Lines("# c\nalice, bob\n\ncarol\r\nlast"), "2:alice, bob|4:carol|5:last|");
  EXPECT_EQ(Lines("a #@# c\nb #@#\n#@# d\nx#@# y\nz #@#w\n  #@# v"), "1:a|2:b|4:x#@# y|5:z #@#w|");
  EXPECT_EQ(Lines("a #@#b #@# c"), "1:a #@#b|");
  EXPECT_EQ(Lines("\r\n\n#"), "");
}

TEST(UserFileTest, PassingErrors) {
  EXPECT_TRUE(IsPassingFileError(ErrnoStatus(Errno::kEAGAIN, "")));
  EXPECT_TRUE(IsPassingFileError(ErrnoStatus(Errno::kESTALE, "")));
  EXPECT_TRUE(IsPassingFileError(ErrnoStatus(Errno::kEIO, "")));
  EXPECT_TRUE(IsPassingFileError(absl::DeadlineExceededError("")));
  EXPECT_FALSE(IsPassingFileError(ErrnoStatus(Errno::kENOENT, "")));
  EXPECT_FALSE(IsPassingFileError(ErrnoStatus(Errno::kEFBIG, "")));
  EXPECT_FALSE(IsPassingFileError(absl::PermissionDeniedError("Group writable file")));
}

TEST(AddressListTest, TakesAddressesOff) {
  absl::string_view list = SkipSeparators(" , ,alice ,bob");
  EXPECT_EQ(list, "alice ,bob");
  SkipAddress(list, 6, ',');
  EXPECT_EQ(list, "bob");
  SkipAddress(list, 3, ',');
  EXPECT_EQ(list, "");
  // An address that was understood in part only.
  list = "abc def,ghi";
  SkipAddress(list, 2, ',');
  EXPECT_EQ(list, "ghi");
  list = "a\tb";
  SkipAddress(list, 0, ' ');
  EXPECT_EQ(list, "b");
  EXPECT_EQ(AddressWindow(std::string(10'000, 'x')).size(), kAddressWindowBytes);
}

TEST(ValidShellsTest, Parses) {
  EXPECT_EQ(
      absl::StrJoin(ParseShells("# x\n/bin/sh\n  /bin/bash # y\nnone\n#/no\n/a b\r\nx/y"), "|"),
      "/bin/sh|/bin/bash|/a|/y");
}

TEST(SendListTest, OwnersAndListings) {
  SendList list;
  list.entries.resize(4);
  list.entries[0].owner = "owner-list";
  list.entries[1].parent = 0;
  list.entries[2].parent = 1;
  EXPECT_EQ(*SenderFor(list, 2), "owner-list");
  list.entries[1].owner = "bob";
  EXPECT_EQ(*SenderFor(list, 2), "bob");
  EXPECT_EQ(SenderFor(list, 3), nullptr);

  Mailer local;
  local.address_type = "RFC822";
  Mailer prog;
  prog.address_type = "X-Unix";
  SendEntry entry;
  entry.user = "bob";
  entry.mailer = &local;
  EXPECT_EQ(ListingOf(entry, "mx1.corp.example"), "<bob@mx1.corp.example>");
  entry.full_name = "Bob Brown";
  EXPECT_EQ(ListingOf(entry, "mx1.corp.example"), "Bob Brown <bob@mx1.corp.example>");
  entry.user = "x@outside.example";
  EXPECT_EQ(ListingOf(entry, "mx1.corp.example"), "Bob Brown <x@outside.example>");
  entry.full_name.clear();
  entry.user = "\"|/bin/cat\"";
  entry.mailer = &prog;
  EXPECT_EQ(ListingOf(entry, "mx1.corp.example"), "<\"|/bin/cat\">");
}

}  // namespace
}  // namespace stagepost
