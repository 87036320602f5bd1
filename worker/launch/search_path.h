// Finding a program as a shell does.
#pragma once

#include <string>

namespace bsub::worker {

// Where a program of this name is, by `path` ("/usr/local/bin:/usr/bin"; an empty folder is this one); a name
// with a slash is a path already. Empty: nowhere is a file that this process may run; of a path, errno says
// why not.
std::string FindInPath(const std::string& program, const std::string& path);

}  // namespace bsub::worker
