#include "examples/render/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "examples/render/png_file.h"

namespace render {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("image_test." + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

TEST(Image, ClampsAndTakesTheRoot) {
  EXPECT_THAT(BytesOf({0.0, 4.0, 1.0, 40.0, -1.0}, 4), ElementsAre(0, 255, 128, 255, 0));
  EXPECT_EQ(ByteOf(1.0, 0), 0) << "no sample, no light";
}

TEST(Image, FingerprintSeesTheOrder) {
  EXPECT_NE(Fingerprint({1, 2, 3}), Fingerprint({1, 3, 2}));
  EXPECT_EQ(Fingerprint({}), 0xcbf29ce484222325u) << "FNV-1a's basis";
}

TEST(Png, ComesBackAsItWas) {
  const Folder folder;
  std::vector<std::uint8_t> rgb(5 * 3 * 3);
  for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<std::uint8_t>(i * 5);
  const auto written = WritePng(folder / "a.png", 5, 3, rgb);
  ASSERT_TRUE(written) << written.error();
  const auto picture = ReadPng(folder / "a.png");
  ASSERT_TRUE(picture) << picture.error();
  EXPECT_EQ(picture->width, 5u);
  EXPECT_EQ(picture->height, 3u);
  EXPECT_EQ(picture->rgb, rgb);
  EXPECT_FALSE(fs::exists(folder / "a.png.tmp"));
}

TEST(Png, AnErrorNamesTheFile) {
  const auto written = WritePng("/nonexistent/a.png", 1, 1, {1, 2, 3});
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error(), HasSubstr("/nonexistent/a.png"));
  EXPECT_THAT(written.error(), HasSubstr("No such file"));
  EXPECT_THAT(ReadPng("/nonexistent/a.png").error(), HasSubstr("/nonexistent/a.png"));
}

}  // namespace
}  // namespace render
