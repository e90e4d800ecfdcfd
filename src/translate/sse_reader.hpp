// SPDX-License-Identifier: Apache-2.0
// Reads an engine's event stream: the data of each event, whatever pieces it comes in, with LF, CR and CRLF
// line ends. Memory is bounded by the largest event.
#pragma once

#include "base/bytes.hpp"

#include <string>

namespace lumoz::translate {

class SseReader {
public:
    /// What the caller does with an event.
    class Sink {
    public:
        virtual ~Sink() = default;
        /// The event's `data`, several lines joined by LF, and its `event` name, if any.
        virtual Status event(std::string_view name, std::string_view data) = 0;
        /// A comment line: engines keep a connection alive with them.
        virtual void comment() = 0;
    };

    explicit SseReader(std::size_t max_event) : max_event_(max_event) {}
    /// Takes the next bytes. The first error of the sink ends it; `E_TRANSLATE_ANSWER` for an event above the
    /// bound. After an error the reader must not be fed again.
    Status feed(ByteView piece, Sink& sink);

private:
    Status end_of_line(Sink& sink);

    std::size_t max_event_;
    std::string line_;
    std::string name_;
    std::string data_;
    bool has_data_ = false;
    bool after_cr_ = false;
};

}  // namespace lumoz::translate
