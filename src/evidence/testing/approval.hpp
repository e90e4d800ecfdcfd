// SPDX-License-Identifier: Apache-2.0
// For tests of readers: what many bent inputs come to, one line each, held to a file of testdata that was
// read and approved. LUMOZ_APPROVE=1 writes the files anew; what changes is in the diff.
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

/// Rule, place and detail of an error, or `accepted`.
template <class T>
std::string whole_error_of(const Result<T>& got) {
    if (got) return "accepted";
    return std::string(got.error().rule) + " " + std::string(got.error().where) + " " + got.error().detail;
}

/// Exit code, rule, place and detail of an error, or what was read otherwise than in `good`.
template <class T>
std::string outcome_of(const Result<T>& got, Dump (*dump)(const T&), const Dump& good) {
    if (got) return "accepted" + difference(dump(*got), good);
    const Error& e = got.error();
    return std::to_string(exit_code(e.code)) + " " + std::string(e.rule) + " " + std::string(e.where) +
           (e.detail.empty() ? "" : ": ") + e.detail;
}

/// Holds lines to the approved ones of a file, `path` being relative to the tree.
inline void hold_to_file(std::string_view path, const std::vector<std::string>& lines) {
    const std::filesystem::path file = lumoz::testing::source_root() / path;
    if (std::getenv("LUMOZ_APPROVE") != nullptr) {
        std::ofstream out(file, std::ios::binary);
        for (const std::string& line : lines)
            out << line << '\n';
        return;
    }
    const std::vector<std::string> want = lines_of(lumoz::testing::read_file(file));
    EXPECT_EQ(lines.size(), want.size()) << path << ": LUMOZ_APPROVE=1 writes it anew";
    for (std::size_t i = 0; i < std::min(lines.size(), want.size()); ++i)
        ASSERT_EQ(lines[i], want[i]) << path << ":" << i + 1;
}

/// The lines of one file of src/evidence/testdata.
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
    void check() const { hold_to_file("src/evidence/testdata/" + std::string(name_) + ".tsv", lines_); }

private:
    std::string_view name_;
    std::vector<std::string> lines_;
};

/// One input that differs from a good one in one place.
template <class Input>
struct Bent {
    std::string path;  ///< of the place, as the bender writes it
    std::string bend;
    Input input;
};

/// Holds what `read` makes of each bend of what it accepts to the file of that name.
template <class T, class Input, class View>
void expect_approved(std::string_view name, const Input& good, const std::vector<Bent<Input>>& bends,
                     Result<T> (*read)(View), Dump (*dump)(const T&)) {
    const Result<T> whole = read(good);
    ASSERT_TRUE(whole.has_value()) << whole.error().where << ": " << whole.error().detail;
    Approval approval(name);
    for (const Bent<Input>& bent : bends)
        approval.add(bent.path, bent.bend, outcome_of(read(bent.input), dump, dump(*whole)));
    approval.check();
}

}  // namespace lumoz::evidence::testing
