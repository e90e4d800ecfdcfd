// SPDX-License-Identifier: Apache-2.0
// Owned<T, Free>: an object of a C library with the function that frees it. Includes no header of a library.
#pragma once

#include <memory>

namespace lumoz::crypto {

template <auto Free>
struct FreeBy {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
template <class T, auto Free>
using Owned = std::unique_ptr<T, FreeBy<Free>>;

}  // namespace lumoz::crypto
