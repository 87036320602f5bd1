#include "scheduler/cluster_config/units.h"

#include <gmock/gmock.h>

namespace bsub::cluster_config {
namespace {

TEST(ClusterConfigUnits, Latencies) {
  EXPECT_EQ(ParseLatency("300ns").value(), 300);
  EXPECT_EQ(ParseLatency("1.5us").value(), 1500);
  EXPECT_EQ(ParseLatency("2ms").value(), 2'000'000);
  EXPECT_EQ(ParseLatency("1 s").value(), 1'000'000'000);
  for (const char* bad : {"", "5", "us", "-1us", "0us", "0.0001ns", "1.us", ".5us", "1.2.3us", "5 min",
                          "99999999999s", "1e3us"}) {
    EXPECT_FALSE(ParseLatency(bad)) << bad;
  }
  EXPECT_EQ(ParseLatency("5").error().message,
            "'5': expected a latency of at least 1 ns with its unit, such as 1.5us");
}

TEST(ClusterConfigUnits, Bandwidths) {
  EXPECT_EQ(ParseBandwidth("100Gbit/s").value(), 12'500'000'000);
  EXPECT_EQ(ParseBandwidth("12.5GB/s").value(), 12'500'000'000);
  EXPECT_EQ(ParseBandwidth("1GiB/s").value(), 1 << 30);
  EXPECT_EQ(ParseBandwidth("0.5KiB/s").value(), 512);
  EXPECT_EQ(ParseBandwidth("8bit/s").value(), 1);
  for (const char* bad : {"", "100", "100G", "100Gb/s", "7bit/s", "999999999999TB/s"}) {
    EXPECT_FALSE(ParseBandwidth(bad)) << bad;
  }
}

TEST(ClusterConfigUnits, Prices) {
  EXPECT_EQ(ParsePriceMicros("3.888").value(), 3'888'000);
  EXPECT_EQ(ParsePriceMicros("0").value(), 0);
  EXPECT_FALSE(ParsePriceMicros("3 USD"));
  EXPECT_FALSE(ParsePriceMicros(""));
}

TEST(ClusterConfigUnits, WhatIsWrittenReadsBack) {
  EXPECT_EQ(FormatLatency(1'500), "1.5us");
  EXPECT_EQ(FormatLatency(1'000'001), "1000.001us");
  EXPECT_EQ(FormatBandwidth(12'500'000'000), "100Gbit/s");
  for (const std::int64_t value :
       {1LL, 7LL, 999LL, 1'000LL, 1'234'567LL, 1LL << 30, 12'345'678'901LL, 3'125'000'000LL}) {
    EXPECT_EQ(ParseLatency(FormatLatency(value)).value(), value) << FormatLatency(value);
    EXPECT_EQ(ParseBandwidth(FormatBandwidth(value)).value(), value) << FormatBandwidth(value);
  }
}

}  // namespace
}  // namespace bsub::cluster_config
