#include "kernels/host/shared_table.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace bsub::kernels {
namespace {

TEST(SharedTable, BothSidesSeeTheSame) {
  auto host = SharedTable::Create({1000, 24, 2}, "what to do");
  ASSERT_TRUE(host) << host.error().message;
  auto worker = SharedTable::Attach(::dup(host->descriptor()));
  ASSERT_TRUE(worker) << worker.error().message;
  EXPECT_EQ(worker->shape().children, 1000u);
  EXPECT_EQ(worker->input(), "what to do");
  EXPECT_EQ(worker->input().data()[10], '\0');
  EXPECT_EQ(worker->host_process(), ::getpid());

  worker->record(999)[23] = 7;
  worker->Finish(999, Outcome::kSucceeded);
  worker->slots()[1].child.store(5);
  EXPECT_EQ(host->outcome(999), Outcome::kSucceeded);
  EXPECT_EQ(host->record(999)[23], 7);
  EXPECT_EQ(host->slots()[1].child.load(), 5u);
  EXPECT_EQ(host->slots()[0].child.load(), kNoChild);
  EXPECT_EQ(host->outcome(998), Outcome::kUnfinished);

  EXPECT_FALSE(worker->stop_asked());
  host->AskToStop();
  EXPECT_TRUE(worker->stop_asked());
}

TEST(SharedTable, RecordsAreAlignedAndSlotsApart) {
  auto table = SharedTable::Create({3, 8, 4}, "");
  ASSERT_TRUE(table);
  for (std::uint64_t child = 0; child < 3; ++child)
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(table->record(child)) % 8, 0u);
  EXPECT_EQ(sizeof(Slot), 64u) << "no two threads share a cache line";
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(table->slots().data()) % 64, 0u);
}

TEST(SharedTable, AnotherDescriptorIsRefused) {
  const int file = ::memfd_create("short", 0);
  EXPECT_FALSE(SharedTable::Attach(file));
  const int other = ::memfd_create("other", 0);
  ASSERT_EQ(::ftruncate(other, 1 << 20), 0);
  EXPECT_FALSE(SharedTable::Attach(other)) << "zeros are no table";
  EXPECT_FALSE(SharedTable::Attach(-1));
  ::close(file);
}

}  // namespace
}  // namespace bsub::kernels
