// docs/faults.md promises a test for each item: every one that it names must exist, and every item must name
// one.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

namespace bsub::testing {
namespace {

std::string TextOf(const std::string& path) {
  const char* source = std::getenv("BSUB_SOURCE_DIR");
  std::ifstream in(std::string(source != nullptr ? source : ".") + "/" + path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// "Suite.Name" of a C++ file, "test_name" of a Python one.
bool Defines(const std::string& text, const std::string& path, const std::string& name) {
  if (path.ends_with(".py")) return text.find("def " + name + "(self)") != std::string::npos;
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return false;
  return text.find("(" + name.substr(0, dot) + ", " + name.substr(dot + 1) + ")") != std::string::npos;
}

TEST(FaultsPage, EveryItemNamesTestsThatExist) {
  std::ifstream page(std::string(std::getenv("BSUB_SOURCE_DIR")) + "/docs/faults.md");
  ASSERT_TRUE(page);
  const std::regex named("`([a-z_/.]+)::([A-Za-z_.]+)`");
  int items = 0;
  int number = 0;
  for (std::string line; std::getline(page, line);) {
    ++number;
    if (!line.starts_with("| ") || line.starts_with("| item |")) continue;
    ++items;
    std::sregex_iterator it(line.begin(), line.end(), named), end;
    EXPECT_NE(it, end) << "docs/faults.md:" << number << " names no test";
    for (; it != end; ++it) {
      EXPECT_TRUE(Defines(TextOf((*it)[1]), (*it)[1], (*it)[2]))
          << "docs/faults.md:" << number << ": there is no " << it->str();
    }
  }
  EXPECT_GT(items, 30);
}

}  // namespace
}  // namespace bsub::testing
