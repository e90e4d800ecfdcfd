// SPDX-License-Identifier: Apache-2.0
// For tests of readers: what many bent inputs come to, one line each, held to a file of src/evidence/testdata
// that was read and approved. LUMOZ_APPROVE=1 writes the files anew; what changes is in the diff.
#pragma once

#include "base/hex.hpp"
#include "base/testing.hpp"
#include "crypto/sha2.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace lumoz::evidence::testing {

inline std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

/// What a reader read, as lines `name=value`; long values by their digest.
class Dump {
public:
    Dump& add(std::string_view name, std::string_view text) {
        lines_.push_back(std::string(name) + "=" +
                         (text.size() > 64 ? digest(as_bytes(text)) : quoted(text)));
        return *this;
    }
    Dump& add(std::string_view name, ByteView bytes) {
        lines_.push_back(std::string(name) + "=" + (bytes.size() > 8 ? digest(bytes) : to_hex(bytes)));
        return *this;
    }
    template <std::integral Int>
    Dump& add(std::string_view name, Int value) {
        lines_.push_back(std::string(name) + "=" + std::to_string(value));
        return *this;
    }
    template <class T>
    Dump& add(std::string_view name, const std::optional<T>& value) {
        if (value) add(name, *value);
        return *this;
    }
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

private:
    static std::string digest(ByteView bytes) {
        return std::to_string(bytes.size()) + ":" + to_hex(crypto::sha256(bytes).view().first(6));
    }
    static std::string quoted(std::string_view text) {
        std::string out(text);
        std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
        return out;
    }
    std::vector<std::string> lines_;
};

/// Lines of `a` that are not in `b`, each as often as it is too many, with `mark` in front.
inline std::string beyond(const std::vector<std::string>& a, std::vector<std::string> b,
                          std::string_view mark) {
    std::string out;
    for (const std::string& line : a) {
        const auto at = std::ranges::find(b, line);
        if (at == b.end()) {
            out.append(" ").append(mark).append(line);
        } else {
            b.erase(at);
        }
    }
    return out;
}

/// How `got` differs from `good`: what it has more, and what it lacks.
inline std::string difference(const Dump& got, const Dump& good) {
    const std::string out = beyond(got.lines(), good.lines(), "+") + beyond(good.lines(), got.lines(), "-");
    return out.empty() && got.lines() != good.lines() ? " another order" : out;
}

/// Exit code, rule, place and detail of an error, or what was read otherwise than in `good`.
template <class T>
std::string outcome_of(const Result<T>& got, Dump (*dump)(const T&), const Dump& good) {
    if (got) return "accepted" + difference(dump(*got), good);
    const Error& e = got.error();
    return std::to_string(exit_code(e.code)) + " " + std::string(e.rule) + " " + std::string(e.where) +
           (e.detail.empty() ? "" : ": ") + e.detail;
}

/// The lines of one file.
class Approval {
public:
    explicit Approval(std::string_view name) : name_(name) {}
    void add(std::string_view path, std::string_view bend, std::string_view outcome) {
        std::string line(path);
        line.append("\t").append(bend).append("\t").append(outcome);
        std::ranges::replace(line, '\n', ' ');
        lines_.push_back(std::move(line));
    }
    /// Holds the lines to the file.
    void check() const {
        const auto path =
            lumoz::testing::source_root() / "src/evidence/testdata" / (std::string(name_) + ".tsv");
        if (std::getenv("LUMOZ_APPROVE") != nullptr) return write(path);
        const std::vector<std::string> want = lines_of(lumoz::testing::read_file(path));
        EXPECT_EQ(lines_.size(), want.size()) << path << ": LUMOZ_APPROVE=1 writes it anew";
        for (std::size_t i = 0; i < std::min(lines_.size(), want.size()); ++i)
            ASSERT_EQ(lines_[i], want[i]) << path << ":" << i + 1;
    }

private:
    void write(const std::filesystem::path& path) const {
        std::ofstream out(path, std::ios::binary);
        for (const std::string& line : lines_)
            out << line << '\n';
    }
    std::string_view name_;
    std::vector<std::string> lines_;
};

}  // namespace lumoz::evidence::testing
