// Tables for people: columns as wide as their cells; the last fitting column is cut to the terminal's width.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace bsub::cli {

struct Column {
  std::string title;
  bool right = false;  // numbers stand at the right
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void Add(std::vector<std::string> cells);  // as many as there are columns
  bool empty() const { return rows_.empty(); }

  // `columns`: of the terminal, 0: lines are never cut. Every line ends in a newline and has no blanks before
  // it.
  std::string Render(int columns, bool header = true) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// How many columns `text` takes: bytes that continue a UTF-8 sequence take none.
std::size_t DisplayWidth(const std::string& text);

}  // namespace bsub::cli
