// SPDX-License-Identifier: Apache-2.0
// Documents bent in one place at a time, and what became of each, held against a file that a person has read:
// src/verify/testdata. `LUMOZ_APPROVE=1` writes these files anew; then every changed line wants a reason.
#pragma once

#include "verify/answer.hpp"
#include "verify/report_input.hpp"

#include <map>

namespace lumoz::verify::testing {

struct BentDocument {
    std::string place;  ///< `/event_log/0/digest`
    std::string how;    ///< `removed`, or the new value, or what was done to the old one
    std::string text;
};

/// Every member and element of a JSON document: removed, replaced by a value of each type, and changed a
/// little. Members named in `whole` are bent as a whole, what is in them is not.
[[nodiscard]] std::vector<BentDocument> bends_of(std::string_view document,
                                                 std::span<const std::string_view> whole = {});

/// Everything that a result says, by name.
using Said = std::map<std::string, std::string>;
[[nodiscard]] Said said(const ReportInput& input);
[[nodiscard]] Said said(const AciReceipt& receipt);
[[nodiscard]] Said said(const ProofFile& proof);
/// Facts, rules, findings, remarks. Without what differs from run to run with the quote's signatures.
[[nodiscard]] Said said(const Verdict& verdict);
[[nodiscard]] Said said(const Error& error);
template <class T>
Said said(const Result<T>& result) {
    return result ? said(*result) : said(result.error());
}

/// One line: what `now` says otherwise than `before`; names that are gone by their number when they are many.
[[nodiscard]] std::string difference(const Said& before, const Said& now);

/// Lines about one thing, compared at the end with the file of that name.
class Approved {
public:
    explicit Approved(std::string_view name) : name_(name) {}
    ~Approved();
    Approved(const Approved&) = delete;
    Approved& operator=(const Approved&) = delete;
    void line(std::string_view what, std::string_view outcome);
    /// One line for each thing that is said.
    void whole(std::string_view what, const Said& said);
    /// `read` of the document as it is, and what each bend changes of that.
    template <class Read>
    void bends(std::string_view document, std::span<const std::string_view> whole_members, Read read) {
        const Said good = read(document);
        whole("as it is", good);
        for (const BentDocument& bent : bends_of(document, whole_members))
            line(bent.place + "\t" + bent.how, difference(good, read(bent.text)));
    }

private:
    std::string name_;
    std::vector<std::string> lines_ = {"# SPDX-License-Identifier: Apache-2.0"};
};

}  // namespace lumoz::verify::testing
