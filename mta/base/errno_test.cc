#include "mta/base/errno.h"

// lint: allow(errno): the machine's numbers, to compare with.
#include <cerrno>
#include <cstring>

#include "gtest/gtest.h"

namespace stagepost {
namespace {

TEST(Errno, StatusCarriesTheNumber) {
  const absl::Status status = ErrnoStatus(Errno::kEACCES, "open /var/spool/mqueue");
  EXPECT_EQ(ErrnoOf(status), Errno::kEACCES);
  EXPECT_EQ(status.message(), "open /var/spool/mqueue: Permission denied");
  EXPECT_TRUE(absl::IsPermissionDenied(status));
}

TEST(Errno, StatusWithoutANumberHasNone) {
  EXPECT_EQ(ErrnoOf(absl::OkStatus()), Errno::kOk);
  EXPECT_EQ(ErrnoOf(absl::CancelledError("x")), Errno::kOk);
}

TEST(Errno, NumbersAndTextsAreLinux) {
  for (int number = 1; number < 140; ++number) {
    const Errno e = static_cast<Errno>(number);
    if (ErrnoName(e) == "E?") continue;
    // lint: allow(errno): the machine's texts, to compare with.
    EXPECT_EQ(ErrnoText(e), std::strerror(number));
    EXPECT_EQ(ErrnoName(e), strerrorname_np(number));
  }
  EXPECT_EQ(ErrnoName(static_cast<Errno>(9999)), "E?");
}

}  // namespace
}  // namespace stagepost
