// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/control.hpp"

namespace control {

/// What machines did between two of their records.
class TopTable {
  public:
    void add(const StatsRecord& stats);
    /// Rows for people, a heading first: one for each machine, and one for each vCPU where it has several.
    std::string text() const;

  private:
    struct Pair {
        StatsRecord before{}, now{};
        bool twice = false;
    };
    std::map<std::string, Pair> machines_;
};

}
