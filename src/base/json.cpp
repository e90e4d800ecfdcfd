// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include "base/json_text.hpp"
#include "base/utf8.hpp"

#include <cstring>
#include <limits>

namespace lumoz::json {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kDepthCeiling = 256;
/// Up to this many members, names are compared pair by pair; above, they are sorted.
constexpr std::uint32_t kFewMembers = 16;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Non-zero when one of eight bytes is a quote, a backslash, a control character or not ASCII.
std::uint64_t special_bytes(const char* eight) {
    constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;
    std::uint64_t word = 0;
    std::memcpy(&word, eight, sizeof word);
    const std::uint64_t quote = word ^ (kOnes * '"'), slash = word ^ (kOnes * '\\');
    // Of an ASCII byte x, x - n borrows into bit 7 exactly when x < n (or a borrow came from below, which
    // only makes the slow path look twice).
    return (word | (word - kOnes * 0x20) | (quote - kOnes) | (slash - kOnes)) & kHighs;
}

}  // namespace

/// One pass over the text; open containers form a list through `Node::next`.
class Parser {
public:
    Parser(Document& document, const Limits& limits)
        : text_(document.text_),
          nodes_(document.nodes_),
          depth_left_(std::min(limits.max_depth, kDepthCeiling)),
          any_number_(limits.any_number) {}

    Status run(std::size_t max_bytes) {
        if (text_.size() > max_bytes || text_.size() >= kNone) {
            reason_ = "text too large";
        } else {
            // One node per eight bytes is more than usual texts have.
            nodes_.reserve(std::min<std::size_t>(text_.size() / 8 + 8, 1024));
            if (document()) return {};
        }
        return fail(Errc::Malformed, "E_JSON", "base.json",
                    "offset " + std::to_string(at_) + ": " + std::string(reason_));
    }

private:
    using Node = Document::Node;

    bool error(std::string_view reason) {
        reason_ = reason;
        return false;
    }
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void space() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
            ++at_;
        }
    }
    bool take(char wanted) {
        if (peek() != wanted) return false;
        ++at_;
        return true;
    }
    [[nodiscard]] std::uint32_t offset() const { return static_cast<std::uint32_t>(at_); }
    [[nodiscard]] std::uint32_t node_count() const { return static_cast<std::uint32_t>(nodes_.size()); }
    void leaf(Kind kind, std::uint32_t begin, bool escaped = false) {
        nodes_.push_back({kind, escaped, begin, offset(), node_count() + 1, 0});
    }

    bool document() {
        space();
        if (!value()) return false;
        while (open_ != kNone) {
            if (!step()) return false;
        }
        space();
        return at_ == text_.size() || error("something behind the document");
    }

    /// The next element, member or end of the innermost open container.
    bool step() {
        space();
        const bool in_object = nodes_[open_].kind == Kind::Object;
        if (peek() == (in_object ? '}' : ']')) return close();
        if (nodes_[open_].count++ > 0) {
            if (!take(',')) return error("comma or end expected");
            space();
        }
        if (in_object) {
            if (peek() != '"') return error("member name expected");
            if (!string()) return false;
            space();
            if (!take(':')) return error("colon expected");
            space();
        }
        return value();
    }

    bool value() {
        switch (peek()) {
            case '{':
                return open(Kind::Object);
            case '[':
                return open(Kind::Array);
            case '"':
                return string();
            case 't':
                return literal("true", Kind::True);
            case 'f':
                return literal("false", Kind::False);
            case 'n':
                return literal("null", Kind::Null);
            default:
                return number();
        }
    }

    bool open(Kind kind) {
        if (depth_left_ == 0) return error("nested too deep");
        --depth_left_;
        nodes_.push_back({kind, false, offset(), 0, open_, 0});
        open_ = node_count() - 1;
        ++at_;
        return true;
    }

    bool close() {
        ++at_;
        ++depth_left_;
        const std::uint32_t closed = open_;
        Node& node = nodes_[closed];
        open_ = node.next;
        node.end = offset();
        node.next = node_count();
        return node.kind != Kind::Object || node.count < 2 || names_differ(closed);
    }

    bool literal(std::string_view word, Kind kind) {
        if (text_.substr(at_, word.size()) != word) return error("value expected");
        const std::uint32_t begin = offset();
        at_ += word.size();
        leaf(kind, begin);
        return true;
    }

    void skip_digits() {
        while (is_digit(peek()))
            ++at_;
    }

    bool number() {
        const std::uint32_t begin = offset();
        const bool minus = take('-');
        if (!is_digit(peek())) return error(minus ? "digit expected" : "value expected");
        if (!take('0')) {
            skip_digits();
        } else if (is_digit(peek())) {
            return error("leading zero");
        }
        if (take('.')) {
            if (!is_digit(peek())) return error("digit expected");
            skip_digits();
        }
        bool exponent = false;
        if (peek() == 'e' || peek() == 'E') {
            exponent = true;
            ++at_;
            if (peek() == '+' || peek() == '-') ++at_;
            if (!is_digit(peek())) return error("digit expected");
            skip_digits();
        }
        // Without exponent, 300 characters cannot leave the range of a double.
        if (!any_number_ && (exponent || at_ - begin > 300) && !to_double(text_.substr(begin, at_ - begin))) {
            return error("number out of range");
        }
        leaf(Kind::Number, begin);
        return true;
    }

    bool string() {
        const std::uint32_t begin = offset();
        bool escaped = false;
        ++at_;
        while (true) {
            while (at_ + 8 <= text_.size() && special_bytes(text_.data() + at_) == 0)
                at_ += 8;
            if (at_ == text_.size()) return error("string without end");
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c == '"') break;
            if (c == '\\') {
                escaped = true;
                if (!escape()) return false;
            } else if (c < 0x20) {
                return error("control character in a string");
            } else if (c < 0x80) {
                ++at_;
            } else {
                const std::size_t length = utf8_sequence(text_.substr(at_));
                if (length == 0) return error("invalid UTF-8");
                at_ += length;
            }
        }
        ++at_;
        leaf(Kind::String, begin, escaped);
        return true;
    }

    bool escape() {
        ++at_;
        const char kind = peek();
        if (kind != 'u') {
            if (kind == '\0' || std::strchr("\"\\/bfnrt", kind) == nullptr) return error("unknown escape");
            ++at_;
            return true;
        }
        ++at_;
        std::uint32_t unit = 0;
        if (!hex4(unit)) return false;
        if (unit >= 0xdc00 && unit < 0xe000) return error("lone surrogate");
        if (unit < 0xd800 || unit >= 0xe000) return true;
        if (!take('\\') || !take('u')) return error("lone surrogate");
        std::uint32_t low = 0;
        if (!hex4(low)) return false;
        return (low >= 0xdc00 && low < 0xe000) || error("lone surrogate");
    }

    bool hex4(std::uint32_t& unit) {
        for (int i = 0; i < 4; ++i, ++at_) {
            const char c = peek();
            if (is_digit(c)) {
                unit = unit << 4 | static_cast<std::uint32_t>(c - '0');
            } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
                unit = unit << 4 | static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
            } else {
                return error("four hex digits expected");
            }
        }
        return true;
    }

    [[nodiscard]] std::string_view inner(const Node& name) const {
        return text_.substr(name.begin + 1, name.end - name.begin - 2);
    }
    [[nodiscard]] std::strong_ordering compare(std::uint32_t a, std::uint32_t b) const {
        const Node &x = nodes_[a], &y = nodes_[b];
        if (x.escaped || y.escaped) return compare_unescaped(inner(x), inner(y));
        return inner(x).compare(inner(y)) <=> 0;
    }
    [[nodiscard]] bool same(std::uint32_t a, std::uint32_t b) const {
        const Node &x = nodes_[a], &y = nodes_[b];
        if (!x.escaped && !y.escaped && x.end - x.begin != y.end - y.begin) return false;
        return compare(a, b) == 0;
    }

    bool names_differ(std::uint32_t object) {
        const std::uint32_t count = nodes_[object].count;
        if (count > kFewMembers) return many_names_differ(object, count);
        std::array<std::uint32_t, kFewMembers> names{};
        std::uint32_t name = object + 1;
        for (std::uint32_t i = 0; i < count; ++i) {
            names[i] = name;
            name = nodes_[name + 1].next;
            for (std::uint32_t j = 0; j < i; ++j) {
                if (same(names[i], names[j])) return duplicate(names[i]);
            }
        }
        return true;
    }

    /// FNV-1a. Who makes names collide gains nothing: equal hashes are ordered by their names.
    [[nodiscard]] std::uint64_t hash(const Node& name) const {
        std::uint64_t value = 0xcbf29ce484222325;
        const auto mix = [&](std::string_view text) {
            for (const char c : text)
                value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        };
        if (name.escaped) {
            mix(unescape(inner(name)));
        } else {
            mix(inner(name));
        }
        return value;
    }
    bool many_names_differ(std::uint32_t object, std::uint32_t count) {
        struct Name {
            std::uint64_t hash;
            std::uint32_t index;
        };
        std::vector<Name> names;
        names.reserve(count);
        std::uint32_t index = object + 1;
        for (std::uint32_t i = 0; i < count; ++i) {
            names.push_back({hash(nodes_[index]), index});
            index = nodes_[index + 1].next;
        }
        std::ranges::sort(names, [this](const Name& a, const Name& b) {
            return a.hash != b.hash ? a.hash < b.hash : compare(a.index, b.index) < 0;
        });
        const auto twin = std::ranges::adjacent_find(names, [this](const Name& a, const Name& b) {
            return a.hash == b.hash && same(a.index, b.index);
        });
        return twin == names.end() || duplicate(std::max(twin[0].index, twin[1].index));
    }
    bool duplicate(std::uint32_t name) {
        at_ = nodes_[name].begin;
        return error("duplicate member name");
    }

    const std::string_view text_;
    std::vector<Node>& nodes_;
    std::uint32_t depth_left_;
    bool any_number_;
    std::size_t at_ = 0;
    std::uint32_t open_ = kNone;
    std::string_view reason_;
};

Result<Document> Document::parse(std::string_view text, const Limits& limits) {
    Document document;
    document.text_ = text;
    LUMOZ_CHECK_OK(Parser(document, limits).run(limits.max_bytes));
    return document;
}

}  // namespace lumoz::json
