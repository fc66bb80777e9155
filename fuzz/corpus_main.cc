// The main function of every NAME_corpus_test: feeds each file of a seed corpus to the fuzz target
// linked with it, as one test case per file, so that what a fuzzer once found stays found in plain
// test runs, under whatever sanitizer they use.
//
// Usage: NAME_corpus_test FOLDER   (relative to the working directory; searched recursively)
//
// A target that crashes ends the process, as it does under libFuzzer; the last case named on the
// output is the culprit. An empty folder is a failure: a corpus that is not found proves nothing.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

class CorpusFile : public ::testing::Test {
 public:
  explicit CorpusFile(std::filesystem::path path) : path_(std::move(path)) {}

  void TestBody() override {
    std::ifstream file(path_, std::ios::binary);
    ASSERT_TRUE(file.good()) << "cannot read " << path_;
    const std::string bytes((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
    // A copy of exactly the input's size, so that ASan sees a read of one byte too many.
    const std::vector<uint8_t> input(bytes.begin(), bytes.end());
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }

 private:
  std::filesystem::path path_;
};

std::vector<std::filesystem::path> FilesBelow(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    std::cerr << "usage: " << argv[0] << " FOLDER\n";
    return 64;  // EX_USAGE
  }
  const std::filesystem::path folder = argv[1];
  const std::vector<std::filesystem::path> files = FilesBelow(folder);
  if (files.empty()) {
    std::cerr << "no corpus file below " << folder << "\n";
    return 66;  // EX_NOINPUT
  }
  for (const std::filesystem::path& file : files) {
    const std::string name = file.lexically_relative(folder).string();
    ::testing::RegisterTest("Corpus", name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [file]() -> ::testing::Test* { return new CorpusFile(file); });
  }
  return RUN_ALL_TESTS();
}
