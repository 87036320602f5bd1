#include "scheduler/journal/system_error.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace bsub::journal {
namespace {

Code CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
      return Code::kNotFound;
    case EEXIST:
      return Code::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
      return Code::kResourceExhausted;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::kPermissionDenied;
    default:
      return Code::kUnavailable;
  }
}

std::string Remedy(int error_number) {
  switch (error_number) {
    case ENOSPC:
      return "free some space there";
    case EDQUOT:
      return "free some of the quota, or have it raised";
    case EFBIG:
      return "raise the limit on the size of files (ulimit -f)";
    case EMFILE:
    case ENFILE:
      return "raise the limit on open files (ulimit -n)";
    case EACCES:
    case EPERM:
      return "it must be open to the scheduler's user, uid " + std::to_string(::geteuid());
    case EROFS:
      return "mount it so that it can be written; a disk with errors is made read-only, see dmesg";
    case EIO:
      return "the disk has errors, see dmesg";
    default:
      return "";
  }
}

}  // namespace

std::string ExplainErrno(int error_number) {
  const std::string remedy = Remedy(error_number);
  return std::generic_category().message(error_number) + (remedy.empty() ? "" : "; " + remedy);
}

Error SystemError(const char* what, const std::string& path) {
  const int saved = errno;
  return {CodeOf(saved), std::string("cannot ") + what + " " + path + ": " + ExplainErrno(saved)};
}

}  // namespace bsub::journal
