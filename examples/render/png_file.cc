#include "examples/render/png_file.h"

#include <png.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace render {
namespace {

// libpng's simplified interface: errors come back as a value, without longjmp.
png_image NewImage() {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  return image;
}

std::string Trouble(const char* verb, const std::string& path, const std::string& why) {
  return std::string("cannot ") + verb + " the picture " + path + ": " + why;
}

}  // namespace

tl::expected<void, std::string> WritePng(const std::string& path, std::uint32_t width, std::uint32_t height,
                                         const std::vector<std::uint8_t>& rgb) {
  png_image image = NewImage();
  image.width = width;
  image.height = height;
  image.format = PNG_FORMAT_RGB;
  const std::string temporary = path + ".tmp";
  errno = 0;
  if (!png_image_write_to_file(&image, temporary.c_str(), 0, rgb.data(), 0, nullptr)) {
    const std::string why = errno != 0 ? std::strerror(errno) : image.message;
    std::remove(temporary.c_str());
    return tl::unexpected(Trouble("write", path, why));
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0)
    return tl::unexpected(Trouble("write", path, std::strerror(errno)));
  return {};
}

tl::expected<Picture, std::string> ReadPng(const std::string& path) {
  png_image image = NewImage();
  if (!png_image_begin_read_from_file(&image, path.c_str()))
    return tl::unexpected(Trouble("read", path, image.message));
  image.format = PNG_FORMAT_RGB;
  Picture picture{image.width, image.height, std::vector<std::uint8_t>(PNG_IMAGE_SIZE(image))};
  if (!png_image_finish_read(&image, nullptr, picture.rgb.data(), 0, nullptr))
    return tl::unexpected(Trouble("read", path, image.message));
  return picture;
}

}  // namespace render
