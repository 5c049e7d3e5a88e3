// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "cli/bench/table.hpp"

namespace bench {

namespace {

struct Shown {
    const char *row, *label;
};

/// What exits cost a guest, in instructions.
constexpr std::array exits{
    Shown{"guest.sbi-base", "SBI base call"},
    Shown{"guest.sbi-set-timer", "set_timer by SBI"},
    Shown{"guest.ipi-self", "IPI to oneself, handled"},
    Shown{"guest.sbi-remote-fence-self", "remote fence, one hart"},
    Shown{"guest.wfi-wake-up", "WFI wake-up, beyond the wait"},
    Shown{"guest.uart-read", "UART register read"},
    Shown{"guest.plic-claim-complete", "PLIC claim and complete"},
    Shown{"guest.first-touch-4k", "first touch of 4 KiB"},
    Shown{"guest.virtio-blk-4k", "virtio-blk read of 4 KiB"},
    Shown{"aia.ipi-self", "IPI to oneself, with an AIA"},
    Shown{"aia.virtio-blk-4k", "virtio-blk read, with an AIA"},
};

/// What whole systems do, by what the bare machine needs for it.
constexpr std::array systems_rows{
    Shown{"boot.to-user-space", "Debian's kernel to its first program"},
    Shown{"boot.to-power-off", "the same, modules, power-off"},
    Shown{"boot-virtio-console.to-power-off", "the same, virtio console"},
    Shown{"debian.stress-ng-matrix", "stress-ng --matrix"},
    Shown{"debian.sysbench-cpu", "sysbench cpu"},
    Shown{"debian.sysbench-memory", "sysbench memory"},
    Shown{"debian.stress-ng-mmap", "stress-ng --mmap"},
    Shown{"debian.stress-ng-fork", "stress-ng --fork"},
    Shown{"debian.perf-sched-pipe", "perf bench sched pipe"},
    Shown{"debian.perf-sched-messaging", "perf bench sched messaging"},
    Shown{"debian.fio-randread-4k", "fio, random reads of 4 KiB"},
    Shown{"debian.fio-read-1m", "fio, sequential reads of 1 MiB"},
};

constexpr std::array colours{"#9aa5b1", "#e0a030", "#b0285a"};

/// Bars below one another, a group a row, and room for their numbers.
class Picture {
  public:
    explicit Picture(const Table& table) : table_{table} {}

    /// Bars from 1 on, each decade as long as the next.
    void logarithmic(const char* title, std::span<const Shown> shown) {
        if (std::ranges::none_of(shown, [&](const Shown& each) { return find(each); }))
            return;
        std::uint64_t most = 10;
        for (const Shown& each : shown)
            if (const Row* row = find(each))
                for (const Row::Cell& cell : row->cells)
                    most = std::max(most, cell.value.value_or(0));
        const double decades = std::ceil(std::log10(static_cast<double>(most)));
        heading(title);
        for (const Shown& each : shown)
            if (const Row* row = find(each))
                group(each, *row, [&](System system) {
                    const auto value = row->cell(system).value;
                    const double length = value && *value > 0 ? std::log10(static_cast<double>(*value)) / decades : 0;
                    return Bar{length, value ? fmt::format("{}", *value) : ""};
                });
        y_ += 14;
    }

    /// Bars from 0 on, with a line where the bare machine is. Rows that were not measured there are left out.
    void ratios(const char* title, std::span<const Shown> shown) {
        if (std::ranges::none_of(shown, [&](const Shown& each) { return measured_on_bare(each); }))
            return;
        double most = 1.25;
        for (const Shown& each : shown)
            if (const Row* row = find(each))
                for (const System system : systems)
                    most = std::max(most, row->ratio(system, System::Bare).value_or(0));
        heading(title);
        const int begin = y_;
        for (const Shown& each : shown)
            if (measured_on_bare(each))
                group(each, *find(each), [&](System system) {
                    const auto ratio = find(each)->ratio(system, System::Bare);
                    return Bar{ratio.value_or(0) / most, ratio ? fmt::format("{:.3f}", *ratio) : ""};
                });
        text_ += fmt::format("<line x1=\"{0:.1f}\" y1=\"{1}\" x2=\"{0:.1f}\" y2=\"{2}\" stroke=\"#666\" "
                             "stroke-dasharray=\"3 3\"/>\n",
                             left + length / most, begin - 2, y_ - gap);
        y_ += 14;
    }

    std::string svg() const {
        std::string legend;
        for (const System system : systems) {
            const int at = left + 110 * static_cast<int>(system);
            legend += fmt::format("<rect x=\"{}\" y=\"10\" width=\"10\" height=\"10\" fill=\"{}\"/>"
                                  "<text x=\"{}\" y=\"19\">{}</text>\n",
                                  at, colours[static_cast<std::size_t>(system)], at + 14, name_of(system));
        }
        return fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" "
            "font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"{0}\" height=\"{1}\" "
            "fill=\"#fff\"/>\n{2}{3}</svg>\n",
            left + length + 100, y_, legend, text_);
    }

  private:
    static constexpr int left = 230, length = 460, bar = 9, gap = 8;
    struct Bar {
        double length;     ///< 0 to 1
        std::string label; ///< empty: not measured
    };

    const Row* find(const Shown& shown) const {
        const auto found = std::ranges::find(table_.rows(), shown.row, &Row::name);
        return found == table_.rows().end() ? nullptr : &*found;
    }
    bool measured_on_bare(const Shown& shown) const {
        const Row* row = find(shown);
        return row && row->cell(System::Bare).value.value_or(0) > 0;
    }
    void heading(const char* title) {
        text_ += fmt::format("<text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}</text>\n", left, y_ + 10, title);
        y_ += 20;
    }
    void group(const Shown& shown, const Row& row, auto bar_of) {
        constexpr int height = bar * static_cast<int>(systems.size());
        text_ += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n", left - 8, y_ + height / 2 + 4,
                             shown.label);
        for (const System system : systems) {
            const auto& [part, label] = bar_of(system);
            const double width = std::max(part * length, 1.0);
            if (row.cell(system).value)
                text_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>", left, y_,
                                     width, bar - 1, colours[static_cast<std::size_t>(system)]);
            if (!label.empty() || !row.cell(system).reason.empty())
                text_ += fmt::format("<text x=\"{:.1f}\" y=\"{}\" font-size=\"9\">{}</text>\n",
                                     left + (label.empty() ? 0 : width) + 4, y_ + bar - 1,
                                     label.empty() ? "not measured" : label);
            y_ += bar;
        }
        y_ += gap;
    }

    const Table& table_;
    std::string text_;
    int y_ = 34;
};

}

std::string Table::svg() const {
    Picture picture{*this};
    picture.logarithmic("What things cost a guest: instructions, logarithmic", exits);
    picture.ratios("Whole systems: instructions, by those of the bare machine", systems_rows);
    return picture.svg();
}

}
