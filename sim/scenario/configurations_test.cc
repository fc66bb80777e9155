#include "sim/scenario/configurations.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/scenario/default_configuration.h"

namespace stagepost {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kMx[] = R"(
name: "t" summary: "t"
world { host { name: "client" address: "10.0.0.2" }
        host { name: "mx" address: "10.0.0.1" mta { %s } } }
)";

class ConfigurationsTest : public testing::Test {
 protected:
  // The configurations, or the error's message.
  std::string Make(const std::string& mta) {
    std::string text = kMx;
    text.replace(text.find("%s"), 2, mta);
    auto loaded = LoadScenario("dir/t.textproto", text);
    if (!loaded.ok()) return std::string(loaded.status().message());
    const absl::Status made = MakeConfigurations(
        *loaded, {[this](const std::string& path) -> absl::StatusOr<std::string> {
                    read_ = path;
                    const auto found = files_.find(path);
                    if (found == files_.end()) return absl::NotFoundError(path + ": not there");
                    return found->second;
                  },
                  [this]() -> absl::StatusOr<const std::map<std::string, std::string>*> {
                    if (library_.empty()) return absl::NotFoundError("no library");
                    return &library_;
                  }});
    return made.ok() ? loaded->configurations[1] : std::string(made.message());
  }

  std::string read_;
  std::map<std::string, std::string> files_;
  std::map<std::string, std::string> library_ = {
      {"m4/cf.m4", "divert(-1)\ndefine(`NAME', `Dj$1')\ndivert(0)dnl\n"}};
};

TEST_F(ConfigurationsTest, WithoutAFileItIsTheDefaultOne) {
  EXPECT_EQ(Make(""), DefaultConfiguration());
  EXPECT_EQ(read_, "");
}

TEST_F(ConfigurationsTest, TakesACfFileAsItIs) {
  files_["dir/x.cf"] = "V10\n";
  EXPECT_EQ(Make("cf_file: \"x.cf\""), "V10\n");
  files_["/etc/y.cf"] = "V9\n";
  EXPECT_EQ(Make("cf_file: \"/etc/y.cf\""), "V9\n");
}

TEST_F(ConfigurationsTest, MakesAnMcFileWithTheLibrary) {
  files_["dir/../x.mc"] = "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\nNAME(`mx')\n";
  EXPECT_EQ(Make("mc_file: \"../x.mc\""), "Djmx\n");
}

TEST_F(ConfigurationsTest, SaysWhoseFileIsWrong) {
  EXPECT_EQ(Make("mc_file: \"x.mc\""), "dir/t.textproto:4: field \"mc_file\": dir/x.mc: not there");
  files_["dir/x.mc"] = "include(`/none')\n";
  EXPECT_THAT(Make("mc_file: \"x.mc\""),
              StartsWith("dir/t.textproto:4: field \"mc_file\": dir/x.mc: m4 says:\n"));
  // The library reports what is wrong on standard error, and succeeds.
  files_["dir/x.mc"] = "errprint(`*** ERROR: no OSTYPE')dnl\n";
  EXPECT_THAT(Make("mc_file: \"x.mc\""), HasSubstr("*** ERROR: no OSTYPE"));
  library_.clear();
  EXPECT_EQ(Make("mc_file: \"x.mc\""), "dir/t.textproto:4: field \"mc_file\": no library");
  EXPECT_THAT(Make("mc_file: \"x.mc\" cf_file: \"x.cf\""), HasSubstr("excludes \"mc_file\""));
}

}  // namespace
}  // namespace stagepost
