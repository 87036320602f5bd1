// The few file operations the spawner needs, with errors for people.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "worker/launch/unique_fd.h"

namespace bsub::spawner {

using worker::UniqueFd;

// "open /x/y: Permission denied": from the present errno.
std::string ErrnoText(std::string_view what, std::string_view path = {});

// NotFound if there is no such file.
Result<std::string> ReadFile(const std::string& path);
// The rest of an open file; stops after `limit` bytes.
std::string ReadRest(int fd, std::size_t limit);
Status WriteAll(int fd, std::string_view bytes, const std::string& path);
// Replaces `path` so that after power loss there is the old or the new content, never a mixture.
Status ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode);
Status SyncDirectory(const std::string& path);
// Closes every descriptor of this process but these.
void CloseAllBut(std::vector<int> kept);
// mkdir unless it is there already.
Status EnsureDirectory(const std::string& path, mode_t mode);
// 2 * `bytes` hexadecimal digits.
Result<std::string> RandomHex(std::size_t bytes);
// CLOCK_BOOTTIME: steady, and goes on while the machine sleeps, so that leases and wall times do.
std::int64_t BootTimeUs();
// A timerfd(2) of that clock: it goes off then; 0: never.
void ArmAt(int timer, std::int64_t at_us);
// Waits for `events` of poll(2), or an error, of `fd`; looks once at least. False: nothing until then.
bool PollUntil(int fd, short events, std::int64_t until_us);

}  // namespace bsub::spawner
