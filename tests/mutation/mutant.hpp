// SPDX-License-Identifier: Apache-2.0
// What mutated sources call. One mutant is chosen by LUMOZ_MUTANT (eight hex digits); without it the program
// behaves as written. With LUMOZ_MUTANT_TRACE=FILE the ids that were passed are written there at exit. Exists
// in the build `mutants` alone.
#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

namespace lumoz::mutation {

/// The id from the environment; 0 when there is none.
extern std::uint32_t chosen;
extern bool tracing;
void note(std::uint32_t id);
/// Of a mutant that changes nothing, whatever the input.
void note_inert(std::uint32_t id);
/// Hands each id that was passed since the last call to `seen`, and forgets it.
void drain(void (*seen)(std::uint32_t));

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

/// The same against a literal 0, with which alone an ordering can be compared.
template <class A>
bool less_zero(std::uint32_t id, const A& a) {
    return on(id) ? a <= 0 : a < 0;
}
template <class A>
bool less_equal_zero(std::uint32_t id, const A& a) {
    return on(id) ? a < 0 : a <= 0;
}
template <class A>
bool greater_zero(std::uint32_t id, const A& a) {
    return on(id) ? a >= 0 : a > 0;
}
template <class A>
bool greater_equal_zero(std::uint32_t id, const A& a) {
    return on(id) ? a > 0 : a >= 0;
}

/// An error of a Result becomes success: nothing, or an empty value. Anything else passes unchanged, and the
/// tool is told that this is no mutant.
template <class R>
R ignore(std::uint32_t id, R value) {
    if constexpr (requires { typename R::error_type; }) {
        using T = typename R::value_type;
        if constexpr (std::same_as<T, void>) {
            if (on(id) && !value) return R();
        } else if constexpr (std::default_initializable<T>) {
            if (on(id) && !value) return R(std::in_place);
        } else if (tracing) {
            note_inert(id);
        }
    } else if (tracing) {
        note_inert(id);
    }
    return value;
}

}  // namespace lumoz::mutation
