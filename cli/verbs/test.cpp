// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs/verbs.hpp"

#include <algorithm>
#include <fstream>
#include <regex>
#include <thread>

#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/project.hpp"

namespace {

namespace fs = std::filesystem;

/// Runs everything that CTest knows and closes with the line that CI looks for.
int test(bool long_tests, const std::string& only) {
    const fs::path folder = fs::weakly_canonical(Project{}.root / "build/host"), results = folder / "results.xml";
    std::vector<std::string> words{"ctest",
                                   "--test-dir",
                                   folder.string(),
                                   "--output-on-failure",
                                   "--no-tests=error",
                                   "-j",
                                   std::to_string(std::max(1u, std::thread::hardware_concurrency())),
                                   "--output-junit",
                                   results.string()};
    if (!long_tests)
        words.insert(words.end(), {"-LE", "long"});
    if (!only.empty())
        words.insert(words.end(), {"-R", only});
    fs::remove(results);
    const int status = command::run(words);
    std::ifstream stream{results};
    const std::string text{std::istreambuf_iterator<char>{stream}, {}};
    std::smatch tests, failures;
    if (!std::regex_search(text, tests, std::regex{"tests=\"([0-9]+)\""}) ||
        !std::regex_search(text, failures, std::regex{"failures=\"([0-9]+)\""})) {
        fmt::print("ctest left no result\n0 passed, 1 failed\n");
        return failed;
    }
    const int wrong = std::stoi(failures[1]);
    (void)command::run({(Project{}.root / "tools/count-nucleus").string()});
    fmt::print("{} passed, {} failed\n", std::stoi(tests[1]) - wrong, wrong);
    return status == 0 && wrong == 0 ? 0 : failed;
}

}

void add_test(CommandLine& line) {
    struct Options {
        bool long_tests = false;
        std::string only;
    };
    const auto options = std::make_shared<Options>();
    line.verb("test", "Run the unit tests, the system tests and the style checks.",
              [options] { return test(options->long_tests, options->only); })
        .flag("--long", options->long_tests, "the long ones too")
        .option("--only", options->only, "those whose name matches this regular expression");
}
