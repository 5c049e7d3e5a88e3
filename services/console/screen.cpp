// SPDX-License-Identifier: Apache-2.0
#include "services/console/screen.hpp"

#include <algorithm>
#include <cstdio>

namespace {

/// SGR foreground colours that can be read on dark and on light: cyan, yellow, green, magenta, blue, red.
constexpr std::array colours{"\x1b[36m", "\x1b[33m", "\x1b[32m", "\x1b[35m", "\x1b[34m", "\x1b[31m"};
constexpr std::string_view plain = "\x1b[0m";

}

std::size_t Screen::count() const {
    return static_cast<std::size_t>(std::ranges::count_if(machines_, [](const auto& each) { return each != nullptr; }));
}

/// The machine of that number, from 1 on, as `list` shows it.
std::optional<std::size_t> Screen::numbered(std::size_t number) const {
    for (std::size_t slot = 0; slot < machines_.size(); ++slot)
        if (machines_[slot] && --number == 0)
            return slot;
    return {};
}

void Screen::changed() {
    if (attached_ && !machines_[*attached_])
        show_all();
    for (std::size_t slot = 0; slot < machines_.size(); ++slot)
        if (!machines_[slot])
            lines_[slot] = {};
}

void Screen::choose() {
    if (const auto only = numbered(1); only && count() == 1)
        attached_ = only;
}

void Screen::attach(std::size_t slot) {
    attached_ = slot;
    position_ = machines_[slot]->history().begin();
    write_all({"\r\n--- ", machines_[slot]->name(), " (Ctrl-] ? for help) ---\r\n"});
}

void Screen::show_all() {
    attached_.reset();
    for (std::size_t slot = 0; slot < machines_.size(); ++slot)
        if (machines_[slot])
            lines_[slot] = {{}, Escape::None, machines_[slot]->history().end()};
    write("\r\n--- all machines (Ctrl-] ? for help) ---\r\n");
}

void Screen::list() {
    write("\r\n");
    std::size_t number = 0;
    for (std::size_t slot = 0; slot < machines_.size(); ++slot)
        if (machines_[slot]) {
            char digits[24];
            std::snprintf(digits, sizeof digits, "%zu", ++number);
            write_all({digits, attached_ == slot ? " * " : "   ", machines_[slot]->name(),
                       machines_[slot]->running() ? "" : " (off)", "\r\n"});
        }
}

void Screen::help() {
    write(
        "\r\nCtrl-] and then: 1 to 9: that machine; g NAME Enter: the machine of that name; n: the next one; a: all\r\n"
        "machines, line by line; l: list them; Ctrl-]: the key itself; ?: this\r\n");
}

void Screen::command(char key) {
    keys_ = Keys::Machine;
    if (key >= '1' && key <= '9') {
        if (const auto slot = numbered(static_cast<std::size_t>(key - '0')))
            attach(*slot);
        else
            list();
    } else if (key == 'n') {
        std::size_t slot = attached_ ? *attached_ + 1 : 0;
        for (std::size_t tries = 0; tries < machines_.size(); ++tries, ++slot)
            if (machines_[slot % machines_.size()])
                return attach(slot % machines_.size());
    } else if (key == 'a' || key == 'd') {
        show_all();
    } else if (key == 'l') {
        list();
    } else if (key == 'g') {
        keys_ = Keys::Name;
        typed_name_.clear();
        write("\r\nmachine: ");
    } else if (key == prefix) {
        if (attached_)
            (void)machines_[*attached_]->type(std::as_bytes(std::span{&key, 1}));
    } else {
        help();
    }
}

void Screen::name_key(char key) {
    constexpr char backspace = '\b', del = 0x7f, escape = 0x1b;
    if (key == '\r' || key == '\n') {
        keys_ = Keys::Machine;
        const auto found =
            std::ranges::find_if(machines_, [&](const auto& each) { return each && each->name() == typed_name_; });
        if (found != machines_.end())
            return attach(static_cast<std::size_t>(found - machines_.begin()));
        write("\r\nno machine is called that");
        list();
    } else if (key == escape || key == prefix) {
        keys_ = Keys::Machine;
        write("\r\n");
    } else if ((key == backspace || key == del) && !typed_name_.empty()) {
        typed_name_.pop_back();
        write("\b \b");
    } else if (key > ' ' && typed_name_.size() < control::name_limit) {
        typed_name_ += key;
        write({&key, 1});
    }
}

std::size_t Screen::input(std::span<const std::byte> bytes) {
    if (count() == 1 && attached_ && keys_ == Keys::Machine)
        return machines_[*attached_]->type(bytes);
    for (std::size_t taken = 0; taken < bytes.size(); ++taken) {
        const auto key = static_cast<char>(bytes[taken]);
        if (keys_ == Keys::Command)
            command(key);
        else if (keys_ == Keys::Name)
            name_key(key);
        else if (key == prefix)
            keys_ = Keys::Command;
        else if (attached_ && machines_[*attached_]->type(bytes.subspan(taken, 1)) == 0)
            return taken;
    }
    return bytes.size();
}

bool Screen::update(Slots slots) {
    bool any = false;
    if (attached_) {
        std::uint64_t lost = 0;
        for (;;) {
            const auto bytes = machines_[*attached_]->history().at(position_, lost);
            if (bytes.empty())
                return any;
            write_(bytes);
            position_ += bytes.size();
            any = true;
        }
    }
    for_each(machines_, slots, [&](std::size_t slot) { any |= show_lines(slot); });
    return any;
}

bool Screen::show_lines(std::size_t slot) {
    std::uint64_t lost = 0;
    bool any = false;
    for (;;) {
        const auto bytes = machines_[slot]->history().at(lines_[slot].position, lost);
        if (bytes.empty())
            return any;
        for (const std::byte each : bytes)
            add(slot, static_cast<char>(each));
        lines_[slot].position += bytes.size();
        any = true;
    }
}

/// Lines of several machines cannot move the cursor or clear the screen: of control characters only tabs and the ends
/// of lines are left.
void Screen::add(std::size_t slot, char character) {
    Line& line = lines_[slot];
    const auto code = static_cast<unsigned char>(character);
    constexpr unsigned char escape = 0x1b, final_first = 0x40, final_last = 0x7e;
    if (code == escape) {
        line.escape = Escape::Begun;
    } else if (line.escape == Escape::Begun) {
        line.escape = character == '[' ? Escape::Sequence : Escape::None;
    } else if (line.escape == Escape::Sequence) {
        if (code >= final_first && code <= final_last)
            line.escape = Escape::None;
    } else if (character == '\n') {
        end_line(slot);
    } else if (code >= ' ' || character == '\t') {
        line.text += character;
        if (line.text.size() == line_limit)
            end_line(slot);
    }
}

void Screen::end_line(std::size_t slot) {
    write_all({colours[slot % colours.size()], machines_[slot]->name(), plain, " | ", lines_[slot].text, "\r\n"});
    lines_[slot].text.clear();
}

bool Screen::has_open_lines() const {
    return !attached_ && std::ranges::any_of(lines_, [](const Line& line) { return !line.text.empty(); });
}

void Screen::flush_lines() {
    if (attached_)
        return;
    for (std::size_t slot = 0; slot < machines_.size(); ++slot)
        if (machines_[slot] && !lines_[slot].text.empty())
            end_line(slot);
}

void Screen::say(std::string_view text) {
    write_all({text, "\r\n"});
}

void Screen::skip(std::size_t slot, const std::function<void()>& append) {
    (void)update();
    append();
    const std::uint64_t end = machines_[slot]->history().end();
    lines_[slot].position = end;
    if (attached_ == slot)
        position_ = end;
}
