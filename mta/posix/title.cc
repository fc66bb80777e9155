#include "mta/posix/title.h"

#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace stagepost {
namespace {

// The end of the strings that lie behind each other from `end` on.
char* Extend(char* end, char** strings) {
  for (; *strings != nullptr && *strings == end; ++strings) end += ::strlen(*strings) + 1;
  return end;
}

void MoveEnvironment() {
  size_t count = 0;
  while (environ[count] != nullptr) ++count;
  // They live as long as the process.
  char** moved = new char*[count + 1];
  for (size_t i = 0; i < count; ++i) moved[i] = ::strdup(environ[i]);
  moved[count] = nullptr;
  environ = moved;
}

}  // namespace

TitleArea TitleArea::Take(int argc, char** argv) {
  TitleArea title;
  if (argc == 0) return title;
  char* const begin = argv[0];
  char* const arguments_end = Extend(begin, argv);
  char* const end = Extend(arguments_end, environ);
  MoveEnvironment();
  title.area_ = absl::MakeSpan(begin, end);
  title.arguments_bytes_ = static_cast<size_t>(arguments_end - begin);
  return title;
}

void TitleArea::Set(absl::string_view title) {
  const std::string name(title.substr(0, title.find_first_of(": ")));
  ::prctl(PR_SET_NAME, name.c_str());  // the kernel takes 15 bytes
  if (area_.empty()) return;
  const absl::string_view shown = title.substr(0, area_.size() - 1);
  std::fill(area_.begin(), area_.end(), '\0');
  std::copy(shown.begin(), shown.end(), area_.begin());
  // With the last byte of the arguments set the kernel shows the string that begins there, which
  // may go on into the variables; without it all of the arguments' memory.
  if (shown.size() + 1 < arguments_bytes_) area_[arguments_bytes_ - 1] = ' ';
}

}  // namespace stagepost
