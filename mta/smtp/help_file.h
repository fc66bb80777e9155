// The help file of the SMTP server: lines of a topic, a tab and a text. Operations Guide, 5.6
// (HelpFile); the file that comes with sendmail is of version 2, with macros in its texts.
#ifndef STAGEPOST_MTA_SMTP_HELP_FILE_H_
#define STAGEPOST_MTA_SMTP_HELP_FILE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/file_system.h"

namespace stagepost {

// What is read of a help file, and lines of one topic.
inline constexpr size_t kMaxHelpFileBytes = 64 * 1024;
inline constexpr size_t kMaxHelpLines = 100;

struct HelpText {
  bool available = false;  // there is a file and it could be read
  // Of the first topic that begins as the question does, macros not put in; empty: none.
  std::vector<std::string> lines;
};

Task<HelpText> ReadHelp(FileSystem& files, std::string path, absl::string_view topic);

// The same for the contents of a file.
std::vector<std::string> FindHelp(absl::string_view contents, absl::string_view topic);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_HELP_FILE_H_
