# SPDX-License-Identifier: Apache-2.0
# Included in the ggml directory scope only: its C++ kernels are compiled at -O3.
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")
