// SPDX-License-Identifier: Apache-2.0
// What mutated sources call. One mutant is chosen by LUMOZ_MUTANT (eight hex digits); without it the program
// behaves as written. With LUMOZ_MUTANT_TRACE=FILE the ids that were passed are written there at exit. Exists in
// the build `mutants` alone.
#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

namespace lumoz::mutation {

/// The id from the environment; 0 when there is none.
extern const std::uint32_t chosen;
extern const bool tracing;
void note(std::uint32_t id);

/// Is this the mutant of this run?
inline bool on(std::uint32_t id) {
    if (tracing) note(id);
    return id == chosen;
}

/// `a < b`; mutated `a <= b`.
template <class A, class B>
bool less(std::uint32_t id, const A& a, const B& b) {
    return on(id) ? !(b < a) : a < b;
}
/// `a <= b`; mutated `a < b`.
template <class A, class B>
bool less_equal(std::uint32_t id, const A& a, const B& b) {
    return on(id) ? a < b : a <= b;
}
/// `a > b`; mutated `a >= b`.
template <class A, class B>
bool greater(std::uint32_t id, const A& a, const B& b) {
    return on(id) ? !(a < b) : a > b;
}
/// `a >= b`; mutated `a > b`.
template <class A, class B>
bool greater_equal(std::uint32_t id, const A& a, const B& b) {
    return on(id) ? b < a : a >= b;
}

/// An error of a Result becomes success: nothing, or an empty value. Anything else passes unchanged and leaves no
/// trace, so that the tool knows it for no mutant.
template <class R>
R ignore(std::uint32_t id, R value) {
    if constexpr (requires { typename R::error_type; }) {
        using T = typename R::value_type;
        if constexpr (std::same_as<T, void>) {
            if (on(id) && !value) return R();
        } else if constexpr (std::default_initializable<T>) {
            if (on(id) && !value) return R(std::in_place);
        }
    }
    return value;
}

}  // namespace lumoz::mutation
