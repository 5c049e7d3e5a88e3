// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "cli/control/file.hpp"

namespace control {

/// Where another program connects to this one: a port of this computer alone, or a UNIX socket. Gone when this ends.
class MeetingPlace {
  public:
    /// A number is a port, 0 any that is free; else a path. If empty, a socket in a folder that nobody else can look
    /// into. Throws Failure.
    explicit MeetingPlace(const std::string& where);
    ~MeetingPlace();
    MeetingPlace(const MeetingPlace&) = delete;
    MeetingPlace& operator=(const MeetingPlace&) = delete;

    /// As GDB's `target remote` takes it.
    const std::string& name() const { return name_; }
    /// Readable when somebody connects.
    int file() const { return listener_.descriptor(); }
    File accept() const;

  private:
    const std::filesystem::path& private_folder();
    void listen_on_port(std::uint16_t port);
    void listen_on_path(const std::filesystem::path& path);

    File listener_;
    std::string name_;
    std::filesystem::path path_, folder_; ///< to be removed
};

}
