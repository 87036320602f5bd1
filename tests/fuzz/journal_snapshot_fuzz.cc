// Snapshot files and payload packs: any bytes can be read without harm, and what is accepted writes back the
// same.
#include <cstdint>
#include <string>
#include <vector>

#include "common/check.h"
#include "scheduler/journal/journal_directory.h"
#include "scheduler/journal/payload_store.h"
#include "scheduler/journal/snapshot_file.h"
#include "tests/support/journal/unsynced_file_system.h"

namespace {

using namespace bsub::journal;  // a fuzz target is one short file

const std::string kDirectory = "/journal";
constexpr std::uint64_t kSequence = 42;

void AnySnapshot(const std::string& bytes) {
  test::UnsyncedFileSystem files;
  const std::string name = FileName(FileKind::kSnapshot, kSequence);
  files.SetContents(Join(kDirectory, name), bytes);
  std::vector<std::pair<ChunkKind, std::string>> chunks;
  const auto header = ReadSnapshot(files, kDirectory, name, [&](ChunkKind kind, std::string_view chunk) {
    chunks.emplace_back(kind, chunk);
    return bsub::OkStatus();
  });
  if (!header) return;
  files.Forget(Join(kDirectory, name));
  auto writer = SnapshotWriter::Create(files, kDirectory, *header);
  BSUB_CHECK(writer.has_value());
  for (const auto& [kind, chunk] : chunks) BSUB_CHECK((*writer)->AddChunk(kind, chunk).has_value());
  BSUB_CHECK((*writer)->Commit().has_value());
  BSUB_CHECK(files.Contents(Join(kDirectory, name)) == bytes);
}

void AnyPack(const std::string& bytes) {
  test::UnsyncedFileSystem files;
  files.SetContents(Join(kDirectory, FileName(FileKind::kPack, kSequence)), bytes);
  PayloadStore store(files, kDirectory, ClusterUuid{});
  if (store.AddPack(kSequence)) static_cast<void>(store.Get(HashPayload("echo hi")));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  AnySnapshot(bytes);
  AnyPack(bytes);
  return 0;
}
