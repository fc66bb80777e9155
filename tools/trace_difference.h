// Where two traces of the same seed part.
#ifndef STAGEPOST_TOOLS_TRACE_DIFFERENCE_H_
#define STAGEPOST_TOOLS_TRACE_DIFFERENCE_H_

#include <string>
#include <vector>

namespace stagepost {

// The lines before the first that differs, then what each of the two traces goes on with.
std::string DescribeTraceDifference(const std::vector<std::string>& first,
                                    const std::vector<std::string>& second);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_TRACE_DIFFERENCE_H_
