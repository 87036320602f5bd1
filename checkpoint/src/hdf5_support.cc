#include "checkpoint/src/hdf5_support.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace bsub::ckpt {
namespace {

// HDF5 closes itself at exit. This runs before (handlers run in the reverse order of their registration),
// waits for a call that another thread is in, and keeps later ones out.
std::atomic<bool>& Ending() {
  static std::atomic<bool> ending{false};
  return ending;
}

void KeepOut() {
  const std::lock_guard lock(Hdf5Mutex());
  Ending() = true;
}

bool Initialise() {
  const bool opened = H5open() >= 0;
  std::atexit(KeepOut);
  return opened;
}

struct Told {
  std::string words;
};

// Innermost first: that is the one that knows.
herr_t Collect(unsigned, const H5E_error2_t* error, void* data) {
  auto& told = *static_cast<Told*>(data);
  if (told.words.empty() && error->desc != nullptr && *error->desc != '\0') told.words = error->desc;
  return 0;
}

template <typename T>
bool SetFillTo(hid_t properties, std::string_view type, T value) {
  return H5Pset_fill_value(properties, NativeType(type), &value) >= 0;
}

template <typename T>
constexpr T kNan = std::numeric_limits<T>::quiet_NaN();
template <typename T>
constexpr T kLeast = std::numeric_limits<T>::min();
template <typename T>
constexpr T kMost = std::numeric_limits<T>::max();

}  // namespace

std::recursive_mutex& Hdf5Mutex() {
  static auto* const mutex = new std::recursive_mutex;  // outlives the handlers at exit
  return *mutex;
}

Hdf5Session::Hdf5Session() : lock_(Hdf5Mutex()) {
  static const bool opened = Initialise();
  usable_ = opened && !Ending();
  if (!usable_) return;
  H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Hdf5Session::~Hdf5Session() {
  if (usable_) H5Eset_auto2(H5E_DEFAULT, print_, print_data_);
}

Failure Hdf5Failure(const std::string& what) {
  Told told;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, Collect, &told);
  H5Eclear2(H5E_DEFAULT);
  std::ranges::replace(told.words, '\n', ' ');
  const bool io = told.words.find("errno") != std::string::npos;
  return {io ? BSUB_CHECKPOINT_IO : BSUB_CHECKPOINT_INTERNAL,
          what + ": HDF5 says: " + (told.words.empty() ? "nothing" : told.words)};
}

hid_t NativeType(std::string_view type) {
  if (type == "int8") return H5T_NATIVE_INT8;
  if (type == "uint8") return H5T_NATIVE_UINT8;
  if (type == "int16") return H5T_NATIVE_INT16;
  if (type == "uint16") return H5T_NATIVE_UINT16;
  if (type == "int32") return H5T_NATIVE_INT32;
  if (type == "uint32") return H5T_NATIVE_UINT32;
  if (type == "int64") return H5T_NATIVE_INT64;
  if (type == "uint64") return H5T_NATIVE_UINT64;
  if (type == "float32") return H5T_NATIVE_FLOAT;
  if (type == "float64") return H5T_NATIVE_DOUBLE;
  if (type == "longdouble") return H5T_NATIVE_LDOUBLE;
  return -1;
}

bool SetFill(hid_t properties, std::string_view type) {
  if (type == "int8") return SetFillTo(properties, type, kLeast<std::int8_t>);
  if (type == "uint8") return SetFillTo(properties, type, kMost<std::uint8_t>);
  if (type == "int16") return SetFillTo(properties, type, kLeast<std::int16_t>);
  if (type == "uint16") return SetFillTo(properties, type, kMost<std::uint16_t>);
  if (type == "int32") return SetFillTo(properties, type, kLeast<std::int32_t>);
  if (type == "uint32") return SetFillTo(properties, type, kMost<std::uint32_t>);
  if (type == "int64") return SetFillTo(properties, type, kLeast<std::int64_t>);
  if (type == "uint64") return SetFillTo(properties, type, kMost<std::uint64_t>);
  if (type == "float32") return SetFillTo(properties, type, kNan<float>);
  if (type == "float64") return SetFillTo(properties, type, kNan<double>);
  return SetFillTo(properties, type, kNan<long double>);
}

Handle MemoryAccess() {
  Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_stdio(access.get());
  return access;
}

std::vector<hsize_t> Extents(const std::vector<std::uint64_t>& numbers) {
  return {numbers.begin(), numbers.end()};
}

Handle SimpleSpace(const std::vector<std::uint64_t>& shape) {
  if (shape.empty()) return {H5Screate(H5S_SCALAR), H5Sclose};
  const std::vector<hsize_t> extents = Extents(shape);
  return {H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), H5Sclose};
}

bool WriteNumbers(hid_t object, const std::string& name, std::string_view type,
                  const std::vector<std::uint64_t>& shape, const void* data) {
  const Handle space = SimpleSpace(shape);
  const Handle attribute(
      H5Acreate2(object, name.c_str(), NativeType(type), space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  return attribute.valid() && H5Awrite(attribute.get(), NativeType(type), data) >= 0;
}

bool WriteText(hid_t object, const std::string& name, const std::string& text) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  const Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), std::max<std::size_t>(1, text.size()));
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
  const Handle attribute(H5Acreate2(object, name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose);
  return attribute.valid() && H5Awrite(attribute.get(), type.get(), text.c_str()) >= 0;
}

}  // namespace bsub::ckpt
