// SPDX-License-Identifier: Apache-2.0
#pragma once

// A machine for unit tests and the fuzzer: registers and a small RAM; what it is asked to do is written down.

#include <array>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "monitors/gdb/registers.hpp"
#include "monitors/gdb/target.hpp"

namespace gdb::test {

class FakeTarget final : public Target {
  public:
    static constexpr GuestPhysical base{0x8000'0000};
    static constexpr std::size_t bytes = 0x1'0000;

    explicit FakeTarget(unsigned harts = 2) : registers(harts), vectors(harts) {
        for (auto& each : registers)
            each[number::privilege] = 1;
    }

    unsigned harts() const override { return static_cast<unsigned>(registers.size()); }
    Features features() const override { return {true, vector_bytes}; }
    bool started(unsigned hart) const override { return hart != stopped_hart; }
    std::optional<std::uint64_t> read_register(unsigned hart, unsigned which) override {
        return register_bytes(which, features()) ? std::optional{registers[hart][which]} : std::nullopt;
    }
    bool write_register(unsigned hart, unsigned which, std::uint64_t value) override {
        if (!register_bytes(which, features()))
            return false;
        registers[hart][which] = value;
        return true;
    }
    bool read_vector(unsigned hart, unsigned which, std::span<std::byte> to) override {
        std::memcpy(to.data(), vectors.at(hart).at(which).data(), to.size());
        return true;
    }
    bool write_vector(unsigned hart, unsigned which, std::span<const std::byte> from) override {
        std::memcpy(vectors.at(hart).at(which).data(), from.data(), from.size());
        return true;
    }
    bool read_memory(GuestPhysical address, std::span<std::byte> to) override {
        if (!range.contains(address, to.size()))
            return false;
        std::memcpy(to.data(), ram.data() + (address.value - base.value), to.size());
        return true;
    }
    bool write_memory(GuestPhysical address, std::span<const std::byte> from) override {
        if (!range.contains(address, from.size()))
            return false;
        std::memcpy(ram.data() + (address.value - base.value), from.data(), from.size());
        return true;
    }
    void code_changed() override { ++fences; }
    void catch_breakpoints(bool is) override { caught = is; }
    void stop() override { ++stops; }
    void run(Harts which) override { runs.push_back(which); }
    void kill() override { killed = true; }
    void send(std::span<const std::byte> what) override {
        sent.append(reinterpret_cast<const char*>(what.data()), what.size());
    }

    template <class T>
    void put(std::uint64_t address, T value) {
        write_memory({address}, std::as_bytes(std::span{&value, 1}));
    }
    template <class T>
    T get(std::uint64_t address) {
        T value{};
        read_memory({address}, std::as_writable_bytes(std::span{&value, 1}));
        return value;
    }

    static constexpr GuestRange range{base, bytes};
    std::vector<std::map<unsigned, std::uint64_t>> registers;
    std::vector<std::array<std::array<std::byte, 64>, 32>> vectors;
    std::vector<std::byte> ram = std::vector<std::byte>(bytes);
    std::uint64_t vector_bytes = 16;
    unsigned fences = 0, stops = 0;
    bool caught = false, killed = false;
    std::vector<Harts> runs;
    std::optional<unsigned> stopped_hart;
    std::string sent;
};

}
