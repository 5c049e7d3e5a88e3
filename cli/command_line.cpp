// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>

VerbOptions& VerbOptions::word(const char* name, std::filesystem::path& to, const char* help, bool required) {
    app_->add_option(name, to, help)->required(required);
    return *this;
}
VerbOptions& VerbOptions::word(const char* name, std::string& to, const char* help, bool required) {
    app_->add_option(name, to, help)->required(required);
    return *this;
}
VerbOptions& VerbOptions::words(const char* name, std::vector<std::string>& to, const char* help) {
    app_->add_option(name, to, help);
    return *this;
}
VerbOptions& VerbOptions::option(const char* names, std::filesystem::path& to, const char* help, bool required) {
    app_->add_option(names, to, help)->required(required);
    return *this;
}
VerbOptions& VerbOptions::option(const char* names, std::string& to, const char* help) {
    CLI::Option& option = *app_->add_option(names, to, help);
    if (!to.empty())
        option.capture_default_str();
    return *this;
}
VerbOptions& VerbOptions::option(const char* names, std::vector<std::string>& to, const char* help) {
    app_->add_option(names, to, help)->allow_extra_args(false);
    return *this;
}
VerbOptions& VerbOptions::choice(const char* names, std::string& to, const std::vector<std::string>& known,
                                 const char* help) {
    app_->add_option(names, to, help)->check(CLI::IsMember(known))->capture_default_str();
    return *this;
}
VerbOptions& VerbOptions::choices(const char* names, std::vector<std::string>& to,
                                  const std::vector<std::string>& known, const char* help) {
    app_->add_option(names, to, help)->allow_extra_args(false)->check(CLI::IsMember(known));
    return *this;
}
VerbOptions& VerbOptions::existing_file(const char* names, std::filesystem::path& to, const char* help,
                                        const char* excludes) {
    CLI::Option& option = *app_->add_option(names, to, help)->check(CLI::ExistingFile);
    if (excludes)
        option.excludes(app_->get_option(excludes));
    return *this;
}
VerbOptions& VerbOptions::number(const char* names, std::uint64_t& to, std::uint64_t least, std::uint64_t most,
                                 const char* help) {
    app_->add_option(names, to, help)->check(CLI::Range(least, most))->capture_default_str();
    return *this;
}
VerbOptions& VerbOptions::size(const char* names, std::optional<std::uint64_t>& to, const char* help) {
    app_->add_option(names, to, help)->transform(CLI::AsSizeValue(false));
    return *this;
}
VerbOptions& VerbOptions::size(const char* names, std::uint64_t& to, const char* help) {
    app_->add_option(names, to, help)->transform(CLI::AsSizeValue(false))->capture_default_str();
    return *this;
}
VerbOptions& VerbOptions::flag(const char* names, bool& to, const char* help) {
    app_->add_flag(names, to, help);
    return *this;
}
VerbOptions& VerbOptions::footer(const std::string& text) {
    app_->footer(text);
    return *this;
}

CommandLine::CommandLine(const char* name, const char* summary) : app_{std::make_unique<CLI::App>(summary)} {
    app_->name(name);
    app_->require_subcommand(1);
}
CommandLine::~CommandLine() = default;

VerbOptions CommandLine::verb(const char* name, const char* summary, std::function<int()> act) {
    CLI::App& verb = *app_->add_subcommand(name, summary);
    verb.callback([this, act = std::move(act)] { status_ = act(); });
    return VerbOptions{verb};
}

std::vector<VerbText> CommandLine::verbs() const {
    std::vector<VerbText> verbs;
    for (const CLI::App* app : std::as_const(*app_).get_subcommands([](const CLI::App*) { return true; })) {
        VerbText verb{app->get_name(), app->get_description(), app->get_footer(), {}};
        for (const CLI::Option* option : app->get_options()) {
            VerbText::Option text;
            for (const std::string& name : option->get_snames())
                text.names.push_back("-" + name);
            for (const std::string& name : option->get_lnames())
                text.names.push_back("--" + name);
            if (option->get_positional() && text.names.empty())
                text.names.push_back(option->get_name(true));
            text.help = option->get_description();
            text.preset = option->get_default_str();
            text.placed = option->get_positional();
            text.flag = option->get_expected_max() == 0;
            text.required = option->get_required();
            verb.options.push_back(std::move(text));
        }
        verbs.push_back(std::move(verb));
    }
    return verbs;
}

int CommandLine::run(int argc, const char* const* argv) {
    try {
        app_->parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        constexpr int usage = 2;
        return app_->exit(error) == 0 ? 0 : usage;
    }
    return status_;
}
