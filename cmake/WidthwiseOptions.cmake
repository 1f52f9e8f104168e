# Compiler settings shared by every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(THREADS_PREFER_PTHREAD_FLAG ON)

# -O2: the kernels that need more say so themselves; builds stay short.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()

add_library(widthwise_options INTERFACE)
# -ffp-contract=off: our own float loops must round the same on every ISA (see core/quant/affine.h).
target_compile_options(widthwise_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wconversion
    -Wno-sign-conversion -Wno-float-conversion -Werror -ffp-contract=off
    # GCC 12 sees overlaps and overflows in "literal" + std::string that are not there (GCC bug 105651).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-stringop-overflow -Wno-array-bounds>)
target_include_directories(widthwise_options INTERFACE ${CMAKE_SOURCE_DIR})
if(WIDTHWISE_SANITIZE)
    target_compile_options(widthwise_options INTERFACE -fsanitize=${WIDTHWISE_SANITIZE} -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    target_link_options(widthwise_options INTERFACE -fsanitize=${WIDTHWISE_SANITIZE})
endif()
if(WIDTHWISE_FUZZ)
    # vptr would need run-time types of libraries that are built without them. Clang's warnings are ./dev lint's.
    target_compile_options(widthwise_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=vptr
        -fno-sanitize-recover=all -fno-omit-frame-pointer -Wno-error)
    target_link_options(widthwise_options INTERFACE -fsanitize=address,undefined)
endif()
if(WIDTHWISE_TIDY)
    find_program(CLANG_TIDY clang-tidy REQUIRED)
    # Clang reads neither GCC's precompiled headers nor its names of warnings.
    set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
    set(CMAKE_CXX_CLANG_TIDY ${CLANG_TIDY} --quiet --extra-arg=-Wno-unknown-warning-option)
endif()

find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED) # Debian's oneDNN is an OpenMP build; we only set its thread count
# Debian's own dnnl package configuration asks for OpenCL headers that the CPU engine does not need.
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(DNNL::dnnl UNKNOWN IMPORTED)
set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION ${DNNL_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES
    ${DNNL_INCLUDE_DIR})
find_package(ONNX CONFIG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(pagmo 2.18 CONFIG REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(ZLIB REQUIRED)
if(WIDTHWISE_GUI)
    find_package(Qt6 6.4 REQUIRED COMPONENTS Core Gui Widgets Charts Svg Test)
else()
    find_package(Qt6 6.4 REQUIRED COMPONENTS Core Test)
endif()
