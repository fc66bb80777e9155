// FIFOs, opened without waiting.
#include <memory>
#include <string>
#include <vector>

#include "conformance/contract/file_system_contract_util.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

// A case with a FIFO called "fifo", 0640, root's.
#define FIFO_TEST(Name)                                                              \
  static Task<int> Fifo##Name##Case(Environment& env, const std::string& directory); \
  static Task<int> Fifo##Name##Program(Environment& env, Arguments arguments) {      \
    co_return co_await Fifo##Name##Case(env, arguments[1]);                          \
  }                                                                                  \
  TEST_P(FileSystemContract, Fifo_##Name) {                                          \
    const std::unique_ptr<ContractHost> host = GetParam().make();                    \
    host->MakeFifo("fifo", 0640);                                                    \
    EXPECT_EQ(host->Run(&Fifo##Name##Program), 0);                                   \
  }                                                                                  \
  static Task<int> Fifo##Name##Case(Environment& env, const std::string& directory)

constexpr OpenOptions kReader = {.read = true, .non_blocking = true};
constexpr OpenOptions kWriter = {.write = true, .non_blocking = true};

FIFO_TEST(Stat) {
  CO_REQUIRE_ASSIGN(const FileStat stat, co_await env.files().Stat(directory + "/fifo"));
  EXPECT_EQ(stat.type, FileType::kFifo);
  EXPECT_EQ(stat.mode, 0640u);
  EXPECT_EQ(stat.size, 0u);
  EXPECT_EQ(stat.links, 1u);
  CO_REQUIRE_ASSIGN(const std::vector<DirectoryEntry> entries,
                    co_await env.files().ListDirectory(directory));
  CO_REQUIRE(entries.size() == 1);
  EXPECT_EQ(entries[0].type, FileType::kFifo);
  co_return 0;
}

FIFO_TEST(Open_ENXIO) {
  EXPECT_ERRNO(co_await TryOpen(env.files(), directory + "/fifo", kWriter), ENXIO);
  EXPECT_OK(co_await TryOpen(env.files(), directory + "/fifo", kReader));
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> reader,
                    co_await env.files().Open(directory + "/fifo", kReader));
  EXPECT_OK(co_await TryOpen(env.files(), directory + "/fifo", kWriter));
  reader.reset();
  EXPECT_ERRNO(co_await TryOpen(env.files(), directory + "/fifo", kWriter), ENXIO);
  co_return 0;
}

FIFO_TEST(Open_Both) {
  EXPECT_OK(co_await TryOpen(env.files(), directory + "/fifo",
                             {.read = true, .write = true, .non_blocking = true}));
  co_return 0;
}

FIFO_TEST(Open_OtherErrors) {
  const std::string path = directory + "/fifo";
  const std::unique_ptr<FileSystem> other = env.files().As(IdentityOf(Who::kOther));
  EXPECT_ERRNO(co_await TryOpen(*other, path, kReader), EACCES);
  EXPECT_ERRNO(co_await TryOpen(*other, path, kWriter), EACCES);
  EXPECT_ERRNO(
      co_await TryOpen(env.files(), path, {.read = true, .directory = true, .non_blocking = true}),
      ENOTDIR);
  EXPECT_ERRNO(
      co_await TryOpen(env.files(), path, {.write = true, .create = true, .exclusive = true}),
      EEXIST);
  EXPECT_ERRNO(co_await TryOpen(env.files(), path + "/x", kReader), ENOTDIR);
  EXPECT_ERRNO((co_await env.files().ListDirectory(path)).status(), ENOTDIR);
  EXPECT_ERRNO(co_await env.files().RemoveDirectory(path), ENOTDIR);
  co_return 0;
}

FIFO_TEST(CarriesBytes) {
  const std::string path = directory + "/fifo";
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> reader, co_await env.files().Open(path, kReader));
  char buffer[16];
  CO_REQUIRE_ASSIGN(size_t got, co_await reader->Read(0, absl::MakeSpan(buffer)));
  EXPECT_EQ(got, 0u);
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> writer, co_await env.files().Open(path, kWriter));
  EXPECT_ERRNO((co_await reader->Read(0, absl::MakeSpan(buffer))).status(), EAGAIN);
  EXPECT_OK((co_await writer->Write(100, "a")).status());
  EXPECT_OK((co_await writer->Write(0, "b")).status());
  std::string text;
  for (int i = 0; i < 2 && text.size() < 2; ++i) {
    CO_REQUIRE_ASSIGN(got, co_await reader->Read(7, absl::MakeSpan(buffer)));
    text.append(buffer, got);
  }
  EXPECT_EQ(text, "ab");
  writer.reset();
  CO_REQUIRE_ASSIGN(got, co_await reader->Read(0, absl::MakeSpan(buffer)));
  EXPECT_EQ(got, 0u);
  co_return 0;
}

FIFO_TEST(FileErrors) {
  const std::string path = directory + "/fifo";
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> reader, co_await env.files().Open(path, kReader));
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> writer, co_await env.files().Open(path, kWriter));
  char buffer[4];
  EXPECT_ERRNO((co_await writer->Read(0, absl::MakeSpan(buffer))).status(), EBADF);
  EXPECT_ERRNO((co_await reader->Write(0, "x")).status(), EBADF);
  EXPECT_ERRNO(co_await writer->Truncate(0), EINVAL);
  EXPECT_ERRNO(co_await reader->Sync(), EINVAL);
  reader.reset();
  EXPECT_ERRNO((co_await writer->Write(0, "x")).status(), EPIPE);
  co_return 0;
}

FIFO_TEST(IsFull) {
  const std::string path = directory + "/fifo";
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> reader, co_await env.files().Open(path, kReader));
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> writer, co_await env.files().Open(path, kWriter));
  const std::string block(4096, 'x');
  size_t written = 0;
  absl::Status full;
  while (full.ok() && written < 10'000'000) {
    const absl::StatusOr<size_t> more = co_await writer->Write(0, block);
    full = more.status();
    if (more.ok()) written += *more;
  }
  EXPECT_ERRNO(full, EAGAIN);
  EXPECT_EQ(written, 65536u);
  co_return 0;
}

FIFO_TEST(Names) {
  const std::string path = directory + "/fifo";
  EXPECT_OK(co_await env.files().Link(path, directory + "/second"));
  EXPECT_OK(co_await env.files().Rename(path, directory + "/third"));
  EXPECT_OK(co_await env.files().ChangeMode(directory + "/third", 0622));
  EXPECT_OK(co_await env.files().ChangeOwner(directory + "/third", UserId{4001}, std::nullopt));
  CO_REQUIRE_ASSIGN(std::unique_ptr<File> reader,
                    co_await env.files().Open(directory + "/second", kReader));
  EXPECT_OK(co_await TryOpen(env.files(), directory + "/third", kWriter));
  EXPECT_OK(co_await env.files().Unlink(directory + "/second"));
  EXPECT_OK(co_await TryOpen(env.files(), directory + "/third", kWriter));
  CO_REQUIRE_ASSIGN(const FileStat stat, co_await env.files().Stat(directory + "/third"));
  EXPECT_EQ(stat.mode, 0622u);
  EXPECT_EQ(stat.links, 1u);
  co_return 0;
}

}  // namespace
}  // namespace stagepost
