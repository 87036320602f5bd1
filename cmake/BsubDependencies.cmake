# Every library the project uses, found in one place. A missing one names its Debian 12 package.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(tl-expected REQUIRED)         # libexpected-dev
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)  # libboost-program-options-dev
find_package(Protobuf REQUIRED)            # libprotobuf-dev protobuf-compiler
find_package(OpenSSL REQUIRED)             # libssl-dev
find_package(yaml-cpp REQUIRED)            # libyaml-cpp-dev
find_package(nlohmann_json REQUIRED)       # nlohmann-json3-dev
find_package(fmt REQUIRED)                 # libfmt-dev
find_package(spdlog REQUIRED)              # libspdlog-dev
find_package(SQLite3 REQUIRED)             # libsqlite3-dev
find_package(GTest REQUIRED)               # libgtest-dev libgmock-dev
pkg_check_modules(ABSL_TIME REQUIRED IMPORTED_TARGET absl_time)  # libabsl-dev, which libgrpc++-dev brings too
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)  # libxxhash-dev
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)  # libnghttp2-dev

if(NOT BSUB_WITHOUT_GRPC)
  pkg_check_modules(GRPCPP REQUIRED IMPORTED_TARGET grpc++)   # libgrpc++-dev
  find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)      # protobuf-compiler-grpc
endif()

include(BsubStaticLibraries)  # bsub_protobuf, bsub_grpc, bsub_program_options
