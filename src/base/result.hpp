// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value or the reason there is none, and the macros that pass the reason on.
#pragma once

#include "base/error.hpp"

#include <expected>
#include <utility>

namespace lumoz {

/// A value or the reason there is none. Ignoring it is a compile error.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
    using Base = std::expected<T, Error>;

public:
    using Base::Base;
    constexpr Result(Base base) : Base(std::move(base)) {}
};
using Status = Result<void>;

/// Makes the failing half of a Result. `rule` and `where` must be literals (static storage).
[[nodiscard]] inline std::unexpected<Error> fail(Errc code, std::string_view rule, std::string_view where,
                                                 std::string detail = {}) {
    return std::unexpected(Error{code, rule, where, std::move(detail)});
}

}  // namespace lumoz

#define LUMOZ_CAT_(a, b) a##b
#define LUMOZ_CAT(a, b) LUMOZ_CAT_(a, b)
#define LUMOZ_TRY_(tmp, ret, decl, ...)                    \
    auto tmp = (__VA_ARGS__);                              \
    if (!tmp) ret std::unexpected(std::move(tmp).error()); \
    decl = *std::move(tmp)
/// `LUMOZ_TRY(auto quote, parse(bytes));` declares `quote`, or returns the error.
#define LUMOZ_TRY(decl, ...) LUMOZ_TRY_(LUMOZ_CAT(lumoz_try_, __COUNTER__), return, decl, __VA_ARGS__)
/// The same in a coroutine.
#define LUMOZ_CO_TRY(decl, ...) LUMOZ_TRY_(LUMOZ_CAT(lumoz_try_, __COUNTER__), co_return, decl, __VA_ARGS__)
#define LUMOZ_CHECK_OK_(tmp, ret, ...) \
    auto tmp = (__VA_ARGS__);          \
    if (!tmp) ret std::unexpected(std::move(tmp).error())
/// `LUMOZ_CHECK_OK(check(x));` returns the error of a Status.
#define LUMOZ_CHECK_OK(...) LUMOZ_CHECK_OK_(LUMOZ_CAT(lumoz_try_, __COUNTER__), return, __VA_ARGS__)
/// The same in a coroutine.
#define LUMOZ_CO_CHECK_OK(...) LUMOZ_CHECK_OK_(LUMOZ_CAT(lumoz_try_, __COUNTER__), co_return, __VA_ARGS__)
