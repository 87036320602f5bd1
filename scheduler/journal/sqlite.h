// A thin, checked skin over SQLite's C interface: open, prepare, bind, step. One thread per Database.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace bsub::journal {

// SQLite has no unsigned numbers: the same 64 bits.
inline std::int64_t Signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }

class Statement {
 public:
  Statement() = default;

  // Parameters are numbered from 1 and bound in order.
  Statement& Bind(std::int64_t value);
  Statement& Bind(std::string_view value);  // as text
  Statement& BindBlob(std::string_view value);
  Statement& BindNull();

  // True: there is a row. False: done; the statement is then ready to be bound again.
  Result<bool> Step();
  // For statements without rows.
  Status Run();
  void Reset();

  std::int64_t Int(int column) const;
  std::string Text(int column) const;  // blobs too
  bool IsNull(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string path_;
  int next_parameter_ = 1;
};

class Database {
 public:
  enum class Mode { kReadOnly, kReadWrite };
  // kReadWrite makes the file if needed.
  static Result<Database> Open(const std::string& path, Mode mode);

  Status Execute(const std::string& sql);  // any number of statements without results
  Result<Statement> Prepare(std::string_view sql);
  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  std::unique_ptr<sqlite3, Close> connection_;
  std::string path_;
};

}  // namespace bsub::journal
