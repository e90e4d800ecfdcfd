# SPDX-License-Identifier: Apache-2.0
# Initial CMake cache of the engine build (`cmake -C`). Its text is part of the engine's cache key.

set(CMAKE_C_COMPILER clang-19 CACHE STRING "")
set(CMAKE_CXX_COMPILER clang++-19 CACHE STRING "")
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
# The server's C++ handles a few requests a second: -O1 halves its compile time and costs nothing
# measurable. The ggml kernels do the arithmetic and get -O3 (kernels.cmake).
set(CMAKE_C_FLAGS_RELEASE "-O3 -DNDEBUG" CACHE STRING "")
set(CMAKE_CXX_FLAGS_RELEASE "-O1 -DNDEBUG" CACHE STRING "")
set(CMAKE_PROJECT_ggml_INCLUDE "${CMAKE_CURRENT_LIST_DIR}/kernels.cmake" CACHE FILEPATH "")
set(CMAKE_EXE_LINKER_FLAGS "-fuse-ld=lld-19 -Wl,--gc-sections" CACHE STRING "")
set(BUILD_SHARED_LIBS OFF CACHE BOOL "")

# One program, nothing fetched, no TLS: the engine speaks HTTP on a Unix socket only.
set(LLAMA_BUILD_TESTS OFF CACHE BOOL "")
set(LLAMA_BUILD_EXAMPLES OFF CACHE BOOL "")
set(LLAMA_BUILD_APP OFF CACHE BOOL "")
set(LLAMA_BUILD_TOOLS ON CACHE BOOL "")
set(LLAMA_BUILD_SERVER ON CACHE BOOL "")
set(LLAMA_BUILD_UI OFF CACHE BOOL "")
set(LLAMA_USE_PREBUILT_UI OFF CACHE BOOL "")
set(LLAMA_OPENSSL OFF CACHE BOOL "")
set(LLAMA_ALL_WARNINGS OFF CACHE BOOL "")
set(LLAMA_BUILD_NUMBER 1 CACHE STRING "")
set(LLAMA_BUILD_COMMIT v0.5.0 CACHE STRING "")

# x86-64-v3 on every host: the binary does not depend on the CPU of the machine that builds it.
# OpenMP is off because its run-time library is one more package; ggml's own thread pool serves.
set(GGML_NATIVE OFF CACHE BOOL "")
set(GGML_SSE42 ON CACHE BOOL "")
set(GGML_AVX ON CACHE BOOL "")
set(GGML_AVX2 ON CACHE BOOL "")
set(GGML_FMA ON CACHE BOOL "")
set(GGML_F16C ON CACHE BOOL "")
set(GGML_BMI2 ON CACHE BOOL "")
set(GGML_OPENMP OFF CACHE BOOL "")
set(GGML_CCACHE OFF CACHE BOOL "")
