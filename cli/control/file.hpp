// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include <unistd.h>

/// An open file, which its destructor closes.
class File {
  public:
    File() = default;
    explicit File(int descriptor) : descriptor_{descriptor} {}
    File(File&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
    File& operator=(File&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~File() {
        if (descriptor_ >= 0)
            close(descriptor_);
    }
    int descriptor() const { return descriptor_; }
    explicit operator bool() const { return descriptor_ >= 0; }
    /// What whoever calls has to close.
    int release() { return std::exchange(descriptor_, -1); }

  private:
    int descriptor_ = -1;
};
