// SPDX-License-Identifier: Apache-2.0
#include "base/secret.hpp"

#include <cstdlib>
#include <mutex>
#include <new>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

namespace lumoz {

namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kSlot = 64;
constexpr std::size_t kSlotsPerPage = kPage / kSlot;

[[noreturn]] void die(std::string_view line) {
    // Without locked memory a key could reach the disk; no caller can do better than stop.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
    std::abort();
}

/// Maps `pages` locked pages between two that fault on access.
std::uint8_t* map_locked(std::size_t pages) {
    const std::size_t size = pages * kPage;
    void* base = ::mmap(nullptr, size + 2 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) die("{\"level\":\"error\",\"event\":\"secret_memory\",\"step\":\"map\"}\n");
    std::uint8_t* memory = static_cast<std::uint8_t*>(base) + kPage;
    if (::mprotect(memory, size, PROT_READ | PROT_WRITE) != 0) {
        die("{\"level\":\"error\",\"event\":\"secret_memory\",\"step\":\"protect\"}\n");
    }
    if (::mlock(memory, size) != 0) {
        die("{\"level\":\"error\",\"event\":\"secret_memory\",\"step\":\"lock\"}\n");
    }
    if (::madvise(memory, size, MADV_DONTDUMP) != 0) {
        die("{\"level\":\"error\",\"event\":\"secret_memory\",\"step\":\"dontdump\"}\n");
    }
    // A forked child has no business with keys. Best effort: a kernel without it has the other guards.
    [[maybe_unused]] const int ignored = ::madvise(memory, size, MADV_WIPEONFORK);
    return memory;
}

void unmap_locked(std::uint8_t* memory, std::size_t pages) {
    ::munlock(memory, pages * kPage);
    ::munmap(memory - kPage, (pages + 2) * kPage);
}

/// Hands out runs of 64-byte slots from locked pages. A page whose slots are all free is given back.
class Arena {
public:
    std::uint8_t* allocate(std::size_t slots) {
        const std::scoped_lock lock(mutex_);
        for (Page& page : pages_) {
            if (std::uint8_t* found = take(page, slots)) return found;
        }
        pages_.push_back({map_locked(1), 0});
        return take(pages_.back(), slots);
    }

    void free(const std::uint8_t* memory, std::size_t slots) {
        const std::scoped_lock lock(mutex_);
        for (auto page = pages_.begin(); page != pages_.end(); ++page) {
            if (memory < page->memory || memory >= page->memory + kPage) continue;
            const auto first = static_cast<std::size_t>(memory - page->memory) / kSlot;
            const std::uint64_t run = mask(slots) << first;
            if ((page->used & run) != run) break;
            page->used &= ~run;
            if (page->used == 0) {
                unmap_locked(page->memory, 1);
                pages_.erase(page);
            }
            return;
        }
        die("{\"level\":\"error\",\"event\":\"secret_memory\",\"step\":\"free\"}\n");
    }

private:
    struct Page {
        std::uint8_t* memory;
        std::uint64_t used;  ///< one bit per slot
    };

    static std::uint64_t mask(std::size_t slots) {
        return slots == kSlotsPerPage ? ~std::uint64_t{0} : (std::uint64_t{1} << slots) - 1;
    }
    static std::uint8_t* take(Page& page, std::size_t slots) {
        for (std::size_t first = 0; first + slots <= kSlotsPerPage; ++first) {
            const std::uint64_t run = mask(slots) << first;
            if ((page.used & run) != 0) continue;
            page.used |= run;
            return page.memory + first * kSlot;
        }
        return nullptr;
    }

    std::mutex mutex_;
    std::vector<Page> pages_;
};

/// Never destroyed: secrets with static lifetime may die after any static object.
Arena& arena() {
    static Arena* const kArena = new Arena;
    return *kArena;
}

std::size_t slots_of(std::size_t size) {
    return size == 0 ? 1 : (size + kSlot - 1) / kSlot;
}

}  // namespace

void wipe(std::span<std::uint8_t> memory) {
    if (!memory.empty()) ::explicit_bzero(memory.data(), memory.size());
}

std::uint8_t* locked_allocate(std::size_t size) {
    const std::size_t slots = slots_of(size);
    if (slots > kSlotsPerPage) return map_locked((size + kPage - 1) / kPage);
    return arena().allocate(slots);
}

void locked_free(std::uint8_t* memory, std::size_t size) noexcept {
    wipe({memory, size});
    const std::size_t slots = slots_of(size);
    if (slots > kSlotsPerPage) {
        unmap_locked(memory, (size + kPage - 1) / kPage);
    } else {
        arena().free(memory, slots);
    }
}

}  // namespace lumoz
