// SPDX-License-Identifier: Apache-2.0
// Secret<Tag, N>: key bytes that cannot be copied, printed or compared by accident, and are wiped when they
// die. Wiping reaches this object only: registers and copies made by libraries are beyond it
// (docs/threat-model.md).
#pragma once

#include "base/bytes.hpp"

namespace lumoz {

/// Overwrites memory in a way that the compiler does not remove.
void wipe(std::span<std::uint8_t> memory);

/// N secret bytes in locked memory that core dumps leave out. The only door is `expose()`.
template <class Tag, std::size_t N>
class Secret {
public:
    /// Takes the bytes and wipes the source.
    explicit Secret(std::span<std::uint8_t, N> source);
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret(Secret&& other) noexcept : page_(other.page_) { other.page_ = nullptr; }
    Secret& operator=(Secret&&) = delete;
    ~Secret();

    /// Requires: not moved from.
    [[nodiscard]] std::span<const std::uint8_t, N> expose() const {
        return std::span<const std::uint8_t, N>(page_, N);
    }
    [[nodiscard]] bool equals(const Secret& other) const {
        return constant_time_equal(expose(), other.expose());
    }

private:
    std::uint8_t* page_;
};

/// Locked, dump-free, zeroed memory for secrets; aborts when the system gives none.
[[nodiscard]] std::uint8_t* locked_allocate(std::size_t size);
/// Wipes and gives back what `locked_allocate` gave.
void locked_free(std::uint8_t* memory, std::size_t size) noexcept;

template <class Tag, std::size_t N>
Secret<Tag, N>::Secret(std::span<std::uint8_t, N> source) : page_(locked_allocate(N)) {
    std::ranges::copy(source, page_);
    wipe(source);
}
template <class Tag, std::size_t N>
Secret<Tag, N>::~Secret() {
    if (page_ != nullptr) locked_free(page_, N);
}

}  // namespace lumoz
