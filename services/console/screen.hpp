// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "services/console/machine_console.hpp"

/// The one serial port, as all machines' console. With a single machine it is that machine's, and nothing is added to
/// or taken from what goes through. With more it shows one of them, or the lines of all with their names in colours;
/// keys after the prefix Ctrl-] switch (docs/consoles.md).
class Screen {
  public:
    /// `write` puts bytes on the port, all of them.
    Screen(MachineConsoles& machines, std::function<void(std::span<const std::byte>)> write)
        : machines_{machines}, write_{std::move(write)} {}

    /// A machine came, or went.
    void changed();
    /// The machines of the manifest are there: shows the only one, or all.
    void choose();
    /// Takes bytes from the port: as much as the machine that they are for has room for.
    std::size_t input(std::span<const std::byte> bytes);
    /// Has that machine's monitor wake this program when there is room again; whether there is already.
    bool arm_typing() { return attached_ && machines_[*attached_]->arm_typing(); }
    /// Shows what machines have written since; whether there was anything. In no others than `slots` is it looked for.
    bool update(Slots slots = every_slot);
    /// Shows lines that have no end yet, so that prompts are seen.
    void flush_lines();
    bool has_open_lines() const;
    /// A line for people, apart from what machines write.
    void say(std::string_view text);
    /// What `append` adds to a machine's history has been shown already.
    void skip(std::size_t slot, const std::function<void()>& append);

  private:
    static constexpr char prefix = 0x1d; // Ctrl-]
    static constexpr std::size_t line_limit = 400;
    enum class Keys : std::uint8_t { Machine, Command, Name };
    /// How far escape sequences are to be passed over (ECMA-48, 5.4: CSI).
    enum class Escape : std::uint8_t { None, Begun, Sequence };
    struct Line {
        std::string text;
        Escape escape = Escape::None;
        std::uint64_t position = 0; ///< in the machine's history
    };

    void write(std::string_view text) { write_(std::as_bytes(std::span{text})); }
    void write_all(std::initializer_list<std::string_view> parts) {
        for (const std::string_view part : parts)
            write(part);
    }
    void command(char key);
    void name_key(char key);
    void attach(std::size_t slot);
    void show_all();
    void list();
    void help();
    bool show_lines(std::size_t slot);
    void add(std::size_t slot, char character);
    void end_line(std::size_t slot);
    std::size_t count() const;
    std::optional<std::size_t> numbered(std::size_t number) const;

    MachineConsoles& machines_;
    std::function<void(std::span<const std::byte>)> write_;
    std::optional<std::size_t> attached_; ///< none: all are shown, line by line
    std::uint64_t position_ = 0;          ///< in the history of the one that is attached
    Keys keys_ = Keys::Machine;
    std::string typed_name_;
    std::array<Line, manager_link::slot_limit> lines_;
};
