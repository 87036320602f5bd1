#include "scheduler/journal/sqlite.h"

#include <sqlite3.h>

#include <utility>

namespace bsub::journal {
namespace {

constexpr int kBusyMs = 5000;  // a checkpoint of another connection takes less

Code CodeOf(int result) {
  switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kDataLoss;
    case SQLITE_FULL:
      return Code::kResourceExhausted;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Code::kPermissionDenied;
    case SQLITE_CANTOPEN:
      return Code::kNotFound;
    default:
      return Code::kUnavailable;
  }
}

Error SqlError(sqlite3* connection, const std::string& path) {
  const int result = connection != nullptr ? sqlite3_errcode(connection) : SQLITE_NOMEM;
  const char* text = connection != nullptr ? sqlite3_errmsg(connection) : "out of memory";
  return {CodeOf(result), path + ": " + text};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::Bind(std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), next_parameter_++, value);
  return *this;
}

Statement& Statement::Bind(std::string_view value) {
  sqlite3_bind_text(statement_.get(), next_parameter_++, value.empty() ? "" : value.data(),
                    static_cast<int>(value.size()), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::BindBlob(std::string_view value) {
  sqlite3_bind_blob(statement_.get(), next_parameter_++, value.empty() ? "" : value.data(),
                    static_cast<int>(value.size()), SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::BindNull() {
  sqlite3_bind_null(statement_.get(), next_parameter_++);
  return *this;
}

Result<bool> Statement::Step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  sqlite3* connection = sqlite3_db_handle(statement_.get());
  const Error error = result == SQLITE_DONE ? Error{} : SqlError(connection, path_);
  Reset();
  if (result != SQLITE_DONE) return error;
  return false;
}

Status Statement::Run() {
  BSUB_ASSIGN_OR_RETURN(const bool row, Step());
  if (row) Reset();
  return OkStatus();
}

void Statement::Reset() {
  sqlite3_reset(statement_.get());
  next_parameter_ = 1;
}

std::int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string Statement::Text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? std::string()
                          : std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

bool Statement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

Result<Database> Database::Open(const std::string& path, Mode mode) {
  const int flags =
      mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* connection = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database;
  database.connection_.reset(connection);
  database.path_ = path;
  if (result != SQLITE_OK) return SqlError(connection, path);
  sqlite3_busy_timeout(connection, kBusyMs);
  return database;
}

Status Database::Execute(const std::string& sql) {
  if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    return SqlError(connection_.get(), path_);
  }
  return OkStatus();
}

Result<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    return SqlError(connection_.get(), path_);
  }
  Statement prepared;
  prepared.statement_.reset(statement);
  prepared.path_ = path_;
  return prepared;
}

}  // namespace bsub::journal
