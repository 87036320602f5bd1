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
find_package(TBB REQUIRED)                 # libtbb-dev
find_package(PNG REQUIRED)                 # libpng-dev
find_package(ZLIB REQUIRED)                # zlib1g-dev
find_package(GTest REQUIRED)               # libgtest-dev libgmock-dev
pkg_check_modules(ABSL_TIME REQUIRED IMPORTED_TARGET absl_time)  # libabsl-dev, which libgrpc++-dev brings too
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)  # libxxhash-dev
pkg_check_modules(HDF5_SERIAL REQUIRED IMPORTED_TARGET hdf5-serial)  # libhdf5-dev
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2)  # libnghttp2-dev
pkg_check_modules(OMPI REQUIRED IMPORTED_TARGET ompi-c)  # libopenmpi-dev; where several MPIs are installed this names ours

# OpenMPI's C interface; its C++ one was removed from the standard and its header does not compile without warnings.
add_library(bsub_openmpi INTERFACE)
target_link_libraries(bsub_openmpi INTERFACE PkgConfig::OMPI)
target_compile_definitions(bsub_openmpi INTERFACE OMPI_SKIP_MPICXX=1)

find_program(SMPICXX smpicxx)  # libsimgrid-dev; without it `bsub-lite bench` has no network to model

if(NOT BSUB_WITHOUT_GRPC)
  pkg_check_modules(GRPCPP REQUIRED IMPORTED_TARGET grpc++)   # libgrpc++-dev
  find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)      # protobuf-compiler-grpc
endif()

include(BsubStaticLibraries)  # bsub_protobuf, bsub_grpc, bsub_program_options
