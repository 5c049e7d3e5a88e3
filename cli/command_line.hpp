// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

/// What a verb takes from its command line. The references live as long as the verb's `act` does.
/// This stands between the verbs and CLI11, which takes ten seconds to compile wherever it is included.
class VerbOptions {
  public:
    explicit VerbOptions(CLI::App& app) : app_{&app} {}

    // Words by their place.
    VerbOptions& word(const char* name, std::filesystem::path& to, const char* help, bool required = true);
    VerbOptions& word(const char* name, std::string& to, const char* help, bool required = true);
    VerbOptions& words(const char* name, std::vector<std::string>& to, const char* help);
    // Options by their names, such as "-o,--output".
    VerbOptions& option(const char* names, std::filesystem::path& to, const char* help, bool required = false);
    VerbOptions& option(const char* names, std::string& to, const char* help);
    VerbOptions& option(const char* names, std::vector<std::string>& to, const char* help); ///< may be given again
    /// One of `known`.
    VerbOptions& choice(const char* names, std::string& to, const std::vector<std::string>& known, const char* help);
    /// Each one of `known`; may be given again.
    VerbOptions& choices(const char* names, std::vector<std::string>& to, const std::vector<std::string>& known,
                         const char* help);
    VerbOptions& existing_file(const char* names, std::filesystem::path& to, const char* help,
                               const char* excludes = nullptr);
    VerbOptions& number(const char* names, std::uint64_t& to, std::uint64_t least, std::uint64_t most,
                        const char* help);
    /// Bytes, also with a suffix such as 512M.
    VerbOptions& size(const char* names, std::optional<std::uint64_t>& to, const char* help);
    VerbOptions& size(const char* names, std::uint64_t& to, const char* help);
    VerbOptions& flag(const char* names, bool& to, const char* help);
    /// Text behind all options.
    VerbOptions& footer(const std::string& text);

  private:
    CLI::App* app_;
};

/// A verb as --help tells of it: what else is generated from the same tables.
struct VerbText {
    struct Option {
        std::vector<std::string> names; ///< such as -o and --output; of a word by its place, its one name
        std::string help, preset;       ///< preset: its value unless one is given; may be empty
        bool placed = false, flag = false, required = false;
    };
    std::string name, summary, footer;
    std::vector<Option> options;
};

/// The tool's command line: verbs, their options, and what is generated from these.
class CommandLine {
  public:
    CommandLine(const char* name, const char* summary);
    ~CommandLine();
    CommandLine(const CommandLine&) = delete;
    CommandLine& operator=(const CommandLine&) = delete;

    /// One more verb; `act` returns the exit status.
    VerbOptions verb(const char* name, const char* summary, std::function<int()> act);
    /// All verbs, in the order in which they were added.
    std::vector<VerbText> verbs() const;
    /// Parses, does what the verb does, and gives the exit status: 2 for a usage that is not understood.
    int run(int argc, const char* const* argv);

  private:
    std::unique_ptr<CLI::App> app_;
    int status_ = 0;
};
