#include "cli/table.h"

#include <algorithm>
#include <string_view>

#include "common/check.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::string_view kCut = "~";

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// The first `width` columns of `line`, the last of them '~' if something is missing.
std::string CutTo(const std::string& line, std::size_t width) {
  if (DisplayWidth(line) <= width) return line;
  std::size_t taken = 0;
  std::size_t end = 0;
  while (end < line.size() && (Continues(line[end]) || taken + 1 < width)) {
    if (!Continues(line[end])) ++taken;
    ++end;
  }
  return line.substr(0, end).append(kCut);
}

// A cell never breaks the table: control characters become blanks.
std::string Clean(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

}  // namespace

std::size_t DisplayWidth(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return !Continues(c); }));
}

void Table::Add(std::vector<std::string> cells) {
  BSUB_CHECK(cells.size() == columns_.size()) << cells.size() << " cells in a table of " << columns_.size();
  for (std::string& cell : cells) cell = Clean(std::move(cell));
  rows_.push_back(std::move(cells));
}

std::string Table::Render(int columns, bool header) const {
  std::vector<std::string> titles;
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) {
    titles.push_back(column.title);
    widths.push_back(header ? DisplayWidth(column.title) : 0);
  }
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string pad(widths[i] - DisplayWidth(cells[i]), ' ');
      if (i > 0) out += kGap;
      out += columns_[i].right ? pad + cells[i] : cells[i] + pad;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    text += (columns > 0 ? CutTo(out, static_cast<std::size_t>(columns)) : out) + "\n";
  };
  if (header) line(titles);
  for (const auto& row : rows_) line(row);
  return text;
}

}  // namespace bsub::cli
