// SPDX-License-Identifier: Apache-2.0
// Strict JSON (RFC 8259) that remembers where each value stood, and RFC 8785 canonical form (JCS).
// Refused: duplicate member names, invalid UTF-8, a byte order mark, lone surrogates, numbers out of form or
// beyond the range of a double, anything behind the document, and what is deeper or larger than the caller
// allows.
#pragma once

#include "base/bytes.hpp"

#include <optional>

namespace lumoz::json {

struct Limits {
    std::size_t max_bytes = std::size_t{1} << 20;
    std::uint32_t max_depth = 16;  ///< open `[` and `{` at one time; values above 256 count as 256
    /// Takes numbers beyond the range of a double (`1e400`) too: for texts that are passed on as they are.
    /// Such a number has no `as_double`, so `canonical` must not be asked for the document.
    bool any_number = false;
};

enum class Kind : std::uint8_t { Null, False, True, Number, String, Array, Object };

class Document;

/// One value of a Document; a light handle that must not outlive it.
class Value {
public:
    [[nodiscard]] Kind kind() const;
    [[nodiscard]] bool is_null() const { return kind() == Kind::Null; }
    [[nodiscard]] bool is_object() const { return kind() == Kind::Object; }
    [[nodiscard]] bool is_array() const { return kind() == Kind::Array; }
    [[nodiscard]] bool is_string() const { return kind() == Kind::String; }
    /// The exact text of the value in the input, quotes included.
    [[nodiscard]] std::string_view raw() const;
    /// Byte offset of `raw()` in the input.
    [[nodiscard]] std::size_t offset() const;

    /// Unescaped UTF-8 text; nothing unless it is a string.
    [[nodiscard]] std::optional<std::string> as_string() const;
    /// A JSON integer (no fraction, no exponent, not "-0") that fits; nothing otherwise.
    [[nodiscard]] std::optional<std::int64_t> as_int() const;
    [[nodiscard]] std::optional<double> as_double() const;
    [[nodiscard]] std::optional<bool> as_bool() const;

    /// Number of members or elements; 0 for other kinds.
    [[nodiscard]] std::size_t size() const;
    /// Member of an object by unescaped name; nothing when absent or not an object.
    [[nodiscard]] std::optional<Value> find(std::string_view name) const;

    struct Member;
    /// Members in input order; empty unless it is an object.
    [[nodiscard]] std::vector<Member> members() const;
    /// Elements in order; empty unless it is an array.
    [[nodiscard]] std::vector<Value> elements() const;

private:
    friend class Document;
    Value(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
    const Document* document_;
    std::uint32_t index_;
};

struct Value::Member {
    std::string name;  ///< unescaped
    Value value;
};

/// A parsed document; owns a copy of nothing: the text must outlive it.
class Document {
public:
    /// Fails with `E_JSON` (detail: byte offset and reason).
    static Result<Document> parse(std::string_view text, const Limits& limits = {});
    [[nodiscard]] Value root() const { return Value(this, 0); }

private:
    friend class Value;
    friend class Parser;
    struct Node {
        Kind kind;
        bool escaped;         ///< a string that holds a backslash
        std::uint32_t begin;  ///< offset of the raw text
        std::uint32_t end;
        std::uint32_t next;   ///< index behind this node and its descendants; while open: the parent
        std::uint32_t count;  ///< members or elements
    };
    // An object's children alternate: name (String node), value.
    std::string_view text_;
    std::vector<Node> nodes_;
};

/// RFC 8785 form of a value: members by UTF-16 code units, ECMAScript numbers, minimal escapes.
[[nodiscard]] std::string canonical(const Value& value);
/// Parses and canonicalises; `E_JSON` on bad input.
Result<std::string> canonical(std::string_view text, const Limits& limits = {});

/// Appends `text` as a JSON string with quotes and minimal escapes (the form of RFC 8785).
/// Requires: text is UTF-8.
void append_quoted(std::string& out, std::string_view text);
[[nodiscard]] std::string quoted(std::string_view text);

/// Writes objects and arrays member by member, with commas set right; numbers and texts only in one form.
/// `Writer w; w.object(); w.key("a").string("b"); w.end(); std::move(w).text()`.
class Writer {
public:
    Writer& object();
    Writer& array();
    /// Closes the innermost open object or array.
    Writer& end();
    Writer& key(std::string_view name);
    Writer& string(std::string_view value);
    Writer& integer(std::int64_t value);
    Writer& boolean(bool value);
    Writer& null();
    /// A value that is JSON already.
    Writer& raw(std::string_view json);
    /// Requires: everything opened is closed.
    [[nodiscard]] std::string text() &&;
    [[nodiscard]] const std::string& peek() const { return out_; }

private:
    void separate();
    std::string out_;
    std::string closers_;
    bool first_ = true;
    bool after_key_ = false;
};

}  // namespace lumoz::json
