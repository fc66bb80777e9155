// Plays recorded scenarios in the simulated world: one of JSON on each line of standard input, one
// transcript on each line of standard output, or {"skipped": "why"}, {"failed": "why"}. For
// smtp_recordings.py.
//
//   simulated_smtp ZONE.json HOSTS M4-LIBRARY-FOLDER
//
// Exit codes: 0; 64 wrong usage; 65 something is wrong with the data.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>

#include "conformance/smtp/recorded_world.h"
#include "google/protobuf/util/json_util.h"

namespace stagepost {
namespace {

constexpr int kExitData = 65;

bool ReadFile(const std::string& path, std::string& content) {
  std::ifstream file(path, std::ios::binary);
  content.assign(std::istreambuf_iterator<char>(file), {});
  if (file) return true;
  std::cerr << path << ": cannot be read\n";
  return false;
}

bool ReadLibrary(const std::string& folder, std::map<std::string, std::string>& library) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = entry.path().lexically_relative(folder).string();
    if (!ReadFile(entry.path().string(), library[name])) return false;
  }
  return !library.empty();
}

int Run(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: simulated_smtp ZONE.json HOSTS M4-LIBRARY-FOLDER\n";
    return 64;
  }
  RecordedSurroundings surroundings;
  if (!ReadFile(argv[1], surroundings.zone) || !ReadFile(argv[2], surroundings.hosts) ||
      !ReadLibrary(argv[3], surroundings.library)) {
    return kExitData;
  }
  std::string line;
  while (std::getline(std::cin, line)) {
    JsonObject scenario;
    if (!google::protobuf::util::JsonStringToMessage(line, &scenario).ok()) {
      std::cerr << "not JSON: " << line.substr(0, 80) << "\n";
      return kExitData;
    }
    absl::StatusOr<JsonObject> transcript = RecordedWorld(surroundings, scenario).Play();
    if (!transcript.ok()) {
      JsonObject why;
      Set(why, absl::IsUnimplemented(transcript.status()) ? "skipped" : "failed",
          transcript.status().message());
      transcript = std::move(why);
    }
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(*transcript, &json).ok()) return kExitData;
    std::cout << json << "\n" << std::flush;
  }
  return 0;
}

}  // namespace
}  // namespace stagepost

int main(int argc, char** argv) { return stagepost::Run(argc, argv); }
