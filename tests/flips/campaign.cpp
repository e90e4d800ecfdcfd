// SPDX-License-Identifier: Apache-2.0
#include "campaign.hpp"

#include <atomic>
#include <mutex>
#include <thread>

namespace lumoz::flips {

namespace {

constexpr std::size_t kMostQuoteBytes = 65536;
/// A target is worked on in pieces, so that threads share a large one.
constexpr std::size_t kPiece = 256;

struct Piece {
    const Target* target;
    std::size_t begin, end;
    bool extensions;  ///< lengths behind the target instead of bytes of it
};

/// What one thread found.
class Worker {
public:
    explicit Worker(const Options& options) : options_(options) {}

    void run(const Piece& piece) {
        target_ = piece.target;
        row_ = &summary_.rows[target_->kind];
        for (std::size_t i = piece.begin; i < piece.end; ++i) {
            if (piece.extensions) {
                extend(i);
            } else {
                if (i % options_.every == 0) flip(i);
                if (i % cut_step() == 0) cut(i);
            }
        }
    }

    Summary take() && { return std::move(summary_); }

private:
    /// Cuts of a document are judged by its whole verification; a quote's end in the parser.
    [[nodiscard]] std::size_t cut_step() const {
        return options_.whole || target_->is_quote() ? options_.every : options_.every * 61;
    }

    void fault(std::string what, const Outcome& got) {
        summary_.faults.push_back(std::string(target_->kind) + " of " + target_->name + ": " +
                                  std::move(what) + ": " +
                                  (got.accepted ? "ACCEPTED" : "refused with " + std::string(got.rule)));
    }

    void refused(Count& count, const Outcome& got, const std::string& what, std::string_view rule = {}) {
        ++count.tried;
        if (!got.accepted) ++row_->errors[got.rule];
        if (target_->survives(got)) {
            ++count.accepted;
            fault(what, got);
        } else if (!rule.empty() && got.rule != rule) {
            fault(what, got);
        }
    }

    void unchanged(const Outcome& got, const std::string& what) {
        ++row_->padded;
        const Outcome& want = target_->genuine;
        if (got.accepted != want.accepted || got.passed != want.passed || got.rule != want.rule)
            fault(what, got);
    }

    void flip(std::size_t i) {
        Bytes bent = target_->bytes;
        for (unsigned bit = 0; bit < 8; ++bit) {
            // Over eight neighbours every bit is bent once.
            if (!options_.whole && bit != (i * 5 + i / 8) % 8) continue;
            const auto mask = static_cast<std::uint8_t>(1U << bit);
            bent[i] = target_->bytes[i] ^ mask;
            refused(row_->flips, target_->judge(bent),
                    "byte " + std::to_string(i) + " bit " + std::to_string(bit) + " flipped");
        }
    }

    void cut(std::size_t size) {
        const bool padding = size >= target_->end;
        // A quote with something else than zeros behind it is refused for that alone.
        if (padding && target_->genuine.rule == "E_QUOTE_TRAILING") return;
        const Outcome got = target_->judge(ByteView(target_->bytes).first(size));
        const std::string what = "cut to " + std::to_string(size) + " bytes";
        if (padding) {
            unchanged(got, what);
        } else {
            refused(row_->cuts, got, what, target_->is_quote() ? "E_QUOTE_TRUNCATED" : "");
        }
    }

    void extend(std::size_t size) {
        Bytes longer = target_->bytes;
        longer.resize(size, 0);
        const std::string what = "extended to " + std::to_string(size) + " bytes";
        if (!target_->is_quote()) {
            for (const int last : {0, int{' '}, int{'\n'}, 0x30, 0xff}) {
                longer.back() = static_cast<std::uint8_t>(last);
                refused(row_->extensions, target_->judge(longer), what);
            }
            return;
        }
        const bool fits = size <= kMostQuoteBytes;
        // Padding costs a whole verification, a stray byte only a parse.
        if (options_.whole || size % 509 == 0 || size < target_->bytes.size() + 32 ||
            size + 4 > kMostQuoteBytes) {
            if (fits) {
                unchanged(target_->judge(longer), what + " with zeros");
            } else {
                refused(row_->extensions, target_->judge(longer), what + " with zeros", "E_QUOTE_TOO_LARGE");
            }
        }
        longer.back() = static_cast<std::uint8_t>(1U << (size % 8));
        refused(row_->extensions, target_->judge(longer), what,
                fits ? "E_QUOTE_TRAILING" : "E_QUOTE_TOO_LARGE");
    }

    const Options& options_;
    const Target* target_ = nullptr;
    Row* row_ = nullptr;
    Summary summary_;
};

void split(std::vector<Piece>& out, const Target& target, std::size_t begin, std::size_t end,
           bool extensions) {
    for (std::size_t at = begin; at < end; at += kPiece)
        out.push_back({&target, at, std::min(at + kPiece, end), extensions});
}

std::vector<Piece> pieces_of(const std::vector<Target>& targets, const Options& options) {
    std::vector<Piece> out;
    bool long_one = false;
    for (const Target& target : targets) {
        const std::size_t size = target.bytes.size();
        split(out, target, 0, size, false);
        std::size_t last = size + (target.is_quote() ? 300 : 1);
        // Every length up to the ceiling: of one quote, or of all.
        if (target.is_quote() && target.genuine.accepted && (options.whole || !long_one)) {
            last = kMostQuoteBytes + 8;
            long_one = true;
        }
        split(out, target, size + 1, last + 1, true);
    }
    return out;
}

void add(Count& to, const Count& from) {
    to.tried += from.tried;
    to.accepted += from.accepted;
}

void merge(Summary& to, Summary from) {
    for (auto& [kind, row] : from.rows) {
        Row& sum = to.rows[kind];
        add(sum.flips, row.flips);
        add(sum.cuts, row.cuts);
        add(sum.extensions, row.extensions);
        sum.padded += row.padded;
        for (const auto& [rule, n] : row.errors)
            sum.errors[rule] += n;
    }
    to.faults.insert(to.faults.end(), from.faults.begin(), from.faults.end());
}

}  // namespace

Summary run_campaign(const std::vector<Target>& targets, const Options& options) {
    const std::vector<Piece> pieces = pieces_of(targets, options);
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    Summary summary;
    {
        std::vector<std::jthread> threads;
        for (unsigned n = 0; n < options.threads; ++n) {
            threads.emplace_back([&] {
                Worker worker(options);
                for (std::size_t i = next++; i < pieces.size(); i = next++)
                    worker.run(pieces[i]);
                const std::lock_guard lock(mutex);
                merge(summary, std::move(worker).take());
            });
        }
    }
    for (const Target& target : targets) {
        ++summary.rows[target.kind].documents;
        summary.rows[target.kind].bytes += target.bytes.size();
    }
    std::ranges::sort(summary.faults);
    return summary;
}

}  // namespace lumoz::flips
