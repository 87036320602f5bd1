#include "kernels/host/shared_table.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

namespace bsub::kernels {

struct SharedTable::Header {
  static constexpr std::uint64_t kMagic = 0x31656c6261546b62;  // "bkTable1"
  std::uint64_t magic = kMagic;
  TableShape shape;
  std::uint64_t input_bytes = 0;
  int host_process = 0;
  std::atomic<std::uint32_t> stop{0};
  std::atomic<std::uint32_t> alone{0};
  std::atomic<Phase> phase{Phase::kBeginning};
  std::uint32_t suspect_count = 0;
  std::uint64_t suspects[kMostSuspects] = {};
};

namespace {

constexpr std::uint64_t kLine = 64;  // bytes; parts begin at cache lines

std::uint64_t Rounded(std::uint64_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

}  // namespace

Result<SharedTable> SharedTable::Create(const TableShape& shape, std::string_view input) {
  SharedTable table;
  table.descriptor_ = ::memfd_create("bsub-kernel-table", 0);  // inherited by the worker
  const std::uint64_t bytes = Rounded(sizeof(Header)) + shape.slots * sizeof(Slot) +
                              Rounded(shape.children * sizeof(std::uint16_t)) +
                              Rounded(shape.children * shape.record_bytes) + input.size() + 1;
  if (table.descriptor_ < 0 || ::ftruncate(table.descriptor_, static_cast<off_t>(bytes)) != 0) {
    return ResourceExhausted("no memory for " + std::to_string(shape.children) + " children (" +
                             std::to_string(bytes) + " bytes): " + std::strerror(errno));
  }
  BSUB_RETURN_IF_ERROR(table.Map(bytes));
  Header* header = new (table.memory_) Header;
  header->shape = shape;
  header->input_bytes = input.size();
  header->host_process = ::getpid();
  table.Place();
  for (Slot& slot : table.slots()) {
    slot.child.store(kNoChild);
    slot.blamed.store(0);
  }
  std::copy(input.begin(), input.end(), table.input_);
  return table;
}

Result<SharedTable> SharedTable::Attach(int descriptor) {
  struct stat facts {};
  if (::fstat(descriptor, &facts) != 0 || facts.st_size < static_cast<off_t>(sizeof(Header)))
    return InvalidArgument("descriptor " + std::to_string(descriptor) + " is no table of children");
  SharedTable table;
  table.descriptor_ = descriptor;
  BSUB_RETURN_IF_ERROR(table.Map(static_cast<std::uint64_t>(facts.st_size)));
  if (table.header().magic != Header::kMagic)
    return InvalidArgument("descriptor " + std::to_string(descriptor) + " is no table of children");
  table.Place();
  return table;
}

Status SharedTable::Map(std::uint64_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
  if (memory == MAP_FAILED)
    return ResourceExhausted("cannot map " + std::to_string(bytes) + " bytes: " + std::strerror(errno));
  memory_ = memory;
  bytes_ = bytes;
  return OkStatus();
}

void SharedTable::Place() {
  char* at = static_cast<char*>(memory_) + Rounded(sizeof(Header));
  slots_ = reinterpret_cast<Slot*>(at);
  at += shape().slots * sizeof(Slot);
  outcomes_ = reinterpret_cast<std::uint16_t*>(at);
  at += Rounded(shape().children * sizeof(std::uint16_t));
  records_ = reinterpret_cast<std::uint8_t*>(at);
  at += Rounded(shape().children * shape().record_bytes);
  input_ = at;
}

SharedTable::SharedTable(SharedTable&& other) noexcept { *this = std::move(other); }

SharedTable& SharedTable::operator=(SharedTable&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(memory_, other.memory_);
  std::swap(bytes_, other.bytes_);
  std::swap(slots_, other.slots_);
  std::swap(outcomes_, other.outcomes_);
  std::swap(records_, other.records_);
  std::swap(input_, other.input_);
  return *this;
}

SharedTable::~SharedTable() {
  if (memory_ != nullptr) ::munmap(memory_, bytes_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

int SharedTable::host_process() const { return header().host_process; }
const TableShape& SharedTable::shape() const { return header().shape; }
std::string_view SharedTable::input() const { return {input_, header().input_bytes}; }
std::span<Slot> SharedTable::slots() { return {slots_, shape().slots}; }

void SharedTable::SetPhase(Phase phase) { header().phase.store(phase); }
SharedTable::Phase SharedTable::phase() const { return header().phase.load(); }

void SharedTable::AskToStop() { header().stop.store(1); }
bool SharedTable::stop_asked() const { return header().stop.load(std::memory_order_relaxed) != 0; }

void SharedTable::SetSuspects(std::span<const std::uint64_t> children) {
  Header& h = header();
  h.suspect_count = static_cast<std::uint32_t>(std::min<std::size_t>(children.size(), kMostSuspects));
  std::copy_n(children.begin(), h.suspect_count, h.suspects);
}
std::span<const std::uint64_t> SharedTable::suspects() const {
  return {header().suspects, header().suspect_count};
}

void SharedTable::SetAlone(bool alone) { header().alone.store(alone ? 1 : 0); }
bool SharedTable::alone() const { return header().alone.load() != 0; }

}  // namespace bsub::kernels
