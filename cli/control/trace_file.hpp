// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "base/control.hpp"

namespace control {

/// Records of a trace as a file for Perfetto or chrome://tracing (the "Trace Event Format", JSON array form). Such a
/// file is readable at any time, with or without its end.
class TraceFile {
  public:
    /// Throws Failure if the file cannot be written; also the other functions do.
    TraceFile(const std::filesystem::path& file, const std::string& machine, std::uint64_t timebase_hertz);
    void add(const TraceRecord& record);
    void finish();

  private:
    void event(const TraceRecord& record, std::size_t thread, const char* phase, const std::string& name,
               const std::string& more);

    std::filesystem::path path_;
    std::ofstream stream_;
    double microseconds_per_tick_;
};

}
