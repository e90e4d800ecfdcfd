// SPDX-License-Identifier: Apache-2.0
// For tests of readers: a DER structure bent at each of its elements.
#pragma once

#include "crypto/der.hpp"
#include "evidence/testing/approval.hpp"

namespace lumoz::evidence::testing {

/// One element; OCTET STRINGs and BIT STRINGs that hold elements are walked too.
struct DerNode {
    std::uint8_t tag = 0;
    Bytes prefix;   ///< in front of the elements inside: the unused bits of a BIT STRING
    Bytes content;  ///< of an element without others inside
    std::vector<DerNode> inside;
    bool constructed = false;
    std::optional<Bytes> instead;  ///< what stands here, bent

    [[nodiscard]] Bytes inner() const {
        if (!constructed) return content;
        Bytes out = prefix;
        for (const DerNode& node : inside)
            append(out, node.encode());
        return out;
    }
    [[nodiscard]] Bytes encode() const { return instead ? *instead : crypto::der::element(tag, inner()); }
};

inline std::optional<std::vector<DerNode>> der_nodes(ByteView data);

inline DerNode der_node(const crypto::der::Element& element) {
    namespace der = crypto::der;
    DerNode out;
    out.tag = element.tag;
    out.content = to_bytes(element.content);
    const bool bits = element.tag == der::kBitString && !element.content.empty() && element.content[0] == 0;
    const bool holder = bits || element.tag == der::kOctetString;
    if (!holder && (element.tag & 0x20U) == 0) return out;
    auto inside = der_nodes(element.content.subspan(bits ? 1 : 0));
    if (!inside || (holder && inside->empty())) return out;
    out.constructed = true;
    if (bits) out.prefix = {0};
    out.inside = std::move(*inside);
    return out;
}

inline std::optional<std::vector<DerNode>> der_nodes(ByteView data) {
    std::vector<DerNode> out;
    crypto::der::Cursor in(data);
    while (!in.done()) {
        const auto element = in.next();
        if (!element) return std::nullopt;
        out.push_back(der_node(*element));
    }
    return out;
}

/// Each element left out, twice, of another tag, empty, longer, shorter, with another length, and with its
/// first and last byte changed. Of lists of more than ten the first two and the last two. Paths are indices
/// joined by '.', with the tag.
class DerBender {
public:
    explicit DerBender(ByteView der) : root_(std::move(der_nodes(der)->front())) {}
    std::vector<Bent<Bytes>> run() {
        walk("0", root_);
        return std::move(out_);
    }

private:
    void put(const std::string& path, std::string_view bend, DerNode& at, Bytes with) {
        at.instead = std::move(with);
        out_.push_back({path, std::string(bend), root_.encode()});
        at.instead.reset();
    }
    void walk(const std::string& index, DerNode& node) {
        const std::uint8_t tag[] = {node.tag};
        const std::string path = index + " " + to_hex(tag);
        const Bytes whole = node.encode(), inner = node.inner();
        Bytes twice = whole;
        append(twice, whole);
        put(path, "left out", node, {});
        put(path, "twice", node, twice);
        put(path, "tag", node, crypto::der::element(node.tag == 0x05 ? 0x01 : 0x05, inner));
        put(path, "empty", node, crypto::der::element(node.tag, {}));
        Bytes length = whole;
        ++length[1];
        put(path, "length + 1", node, length);
        if (whole[1] != 0) {
            length[1] = static_cast<std::uint8_t>(whole[1] - 1);
            put(path, "length - 1", node, length);
        }
        length[1] = 0x7f;
        put(path, "length 127", node, length);
        if (node.constructed) {
            inside(index, path, node, inner);
        } else {
            bytes(path, node, inner);
        }
    }
    void inside(const std::string& index, const std::string& path, DerNode& node, Bytes inner) {
        append(inner, Bytes{0x05, 0x00});
        put(path, "NULL behind", node, crypto::der::element(node.tag, inner));
        const std::size_t count = node.inside.size();
        for (std::size_t i = 0; i < count; ++i)
            if (count <= 10 || i < 2 || i + 2 >= count) walk(index + "." + std::to_string(i), node.inside[i]);
    }
    void bytes(const std::string& path, DerNode& node, const Bytes& content) {
        const auto bent = [&](std::string_view bend, auto&& change) {
            Bytes other = content;
            change(other);
            put(path, bend, node, crypto::der::element(node.tag, other));
        };
        bent("longer", [](Bytes& b) { b.push_back(0); });
        if (content.empty()) return;
        bent("shorter", [](Bytes& b) { b.pop_back(); });
        bent("first bit", [](Bytes& b) { b.front() ^= 0x80; });
        bent("last bit", [](Bytes& b) { b.back() ^= 0x01; });
    }

    DerNode root_;
    std::vector<Bent<Bytes>> out_;
};

/// A line for each bend of DER that `read` accepts.
template <class T>
void expect_der_bends(std::string_view name, const Bytes& good, Result<T> (*read)(ByteView),
                      Dump (*dump)(const T&)) {
    expect_approved(name, good, DerBender(good).run(), read, dump);
}

}  // namespace lumoz::evidence::testing
