#include "scheduler/journal/sqlite.h"

#include <sqlite3.h>

#include <cerrno>
#include <utility>

#include "scheduler/journal/system_error.h"

namespace bsub::journal {
namespace {

constexpr int kBusyMs = 5000;  // a checkpoint of another connection takes less

bool IsAboutRoom(int error_number) {
  return error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
}

// `result`: SQLite's extended code; `error_number`: what the system said last.
Code CodeOf(int result, int error_number) {
  switch (result & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kDataLoss;
    case SQLITE_FULL:
      return Code::kResourceExhausted;
    case SQLITE_IOERR:
      if (result == SQLITE_IOERR_READ || result == SQLITE_IOERR_SHORT_READ) return Code::kDataLoss;
      return IsAboutRoom(error_number) ? Code::kResourceExhausted : Code::kUnavailable;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Code::kPermissionDenied;
    case SQLITE_CANTOPEN:
      return IsAboutRoom(error_number) ? Code::kResourceExhausted : Code::kNotFound;
    default:
      return Code::kUnavailable;
  }
}

Error SqlError(sqlite3* connection, const std::string& path) {
  const int last = errno;
  if (connection == nullptr) return Unavailable(path + ": out of memory");
  const int result = sqlite3_extended_errcode(connection);
  // Not every path of SQLite keeps it.
  const int error_number = sqlite3_system_errno(connection) != 0 ? sqlite3_system_errno(connection) : last;
  const bool systems = (result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CANTOPEN;
  std::string text = path + ": " + sqlite3_errmsg(connection);
  if (systems && error_number != 0) text += ": " + ExplainErrno(error_number);
  if ((result & 0xff) == SQLITE_FULL) text += "; free some space there";
  return {CodeOf(result, error_number), std::move(text)};
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
  errno = 0;
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
  errno = 0;
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
