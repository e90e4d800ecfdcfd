// SPDX-License-Identifier: Apache-2.0
// `lumoz verify bundle`: what was saved once, offline, at any later time.
#include "app/cli/commands.hpp"
#include "app/output/files.hpp"
#include "verify/bundle.hpp"

namespace lumoz::app {

Result<Answer> verify_bundle_file(const std::string& file, const Trust& trust) {
    LUMOZ_TRY(const std::string text, read_text(file));
    return Answer{.verdict = verify::verify_bundle(text, verify::ReportDemand(trust)),
                  .subject = "bundle " + file};
}

}  // namespace lumoz::app
