// SPDX-License-Identifier: Apache-2.0
#include "cli/manual.hpp"

#include <fmt/format.h>

namespace manual {

namespace {

/// Text as troff takes it literally.
std::string literal(const std::string& text) {
    std::string result;
    bool line_begins = true;
    for (const char c : text) {
        if (line_begins && (c == '.' || c == '\''))
            result += "\\&";
        if (c == '\\')
            result += "\\e";
        else if (c == '-')
            result += "\\-";
        else
            result += c;
        line_begins = c == '\n';
    }
    return result;
}

std::string upper(std::string text) {
    for (char& c : text)
        c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return text;
}

std::string synopsis(const VerbText& verb) {
    std::string line = verb.name + " [OPTIONS]";
    for (const VerbText::Option& option : verb.options) {
        if (option.placed)
            line += option.required ? fmt::format(" {}", upper(option.names[0]))
                                    : fmt::format(" [{}]", upper(option.names[0]));
        else if (option.required)
            line += fmt::format(" {} ...", option.names[0]);
    }
    return line;
}

}

std::string page(const std::vector<VerbText>& verbs) {
    std::string out = ".TH SUNDEW 1 \"\" \"Sundew\" \"User Commands\"\n"
                      ".SH NAME\nsundew \\- a hypervisor for RISC\\-V: build, run and control it\n"
                      ".SH SYNOPSIS\n.B sundew\n.I VERB\n[OPTIONS]\n.SH VERBS\n";
    for (const VerbText& verb : verbs) {
        out += fmt::format(".SS \"{}\"\n{}\n", literal(synopsis(verb)), literal(verb.summary));
        for (const VerbText::Option& option : verb.options) {
            std::string names = fmt::format("{}", fmt::join(option.names, ", "));
            if (option.placed)
                names = upper(names);
            out += fmt::format(
                ".TP\n\\fB{}\\fR{}\n{}{}\n", literal(names), option.flag || option.placed ? "" : " \\fIVALUE\\fR",
                literal(option.help),
                option.preset.empty() || option.flag ? "" : literal(fmt::format(" ({} unless said)", option.preset)));
        }
        if (!verb.footer.empty())
            out += fmt::format(".PP\n.nf\n{}\n.fi\n", literal(verb.footer));
    }
    return out +
           ".SH EXIT STATUS\n0 if all went well, 1 if something failed, 2 for a command line that is not understood.\n"
           ".B sundew run\nends with QEMU's.\n"
           ".SH ENVIRONMENT\n.TP\nSUNDEW_CONTROL\nthe control socket of the running system, as with \\-\\-control\n"
           ".TP\nXDG_RUNTIME_DIR\nwhere control sockets are, in the folder sundew\n";
}

std::string bash_completion(const std::vector<VerbText>& verbs) {
    std::string names, cases;
    for (const VerbText& verb : verbs) {
        std::string options;
        bool machine = false;
        for (const VerbText::Option& option : verb.options) {
            machine |= option.placed && option.names[0] == "machine";
            if (!option.placed)
                options += fmt::format("{}{}", options.empty() ? "" : " ", fmt::join(option.names, " "));
        }
        names += (names.empty() ? "" : " ") + verb.name;
        cases += fmt::format("    {}) options='{}' machine={} ;;\n", verb.name, options, machine ? 1 : 0);
    }
    return fmt::format(R"bash(# bash completion for sundew; made by `sundew completion`
_sundew() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} options='' machine=0
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W '{}' -- "$word"))
        return
    fi
    case ${{COMP_WORDS[1]}} in
{}    esac
    case $word in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
    *)
        if [ "$machine" = 1 ] && [ "$COMP_CWORD" -eq 2 ]; then
            COMPREPLY=($(compgen -W "$("${{COMP_WORDS[0]}}" ps --quiet 2>/dev/null)" -- "$word"))
        else
            COMPREPLY=($(compgen -f -- "$word"))
        fi
        ;;
    esac
}}
complete -o filenames -F _sundew sundew ./sundew
)bash",
                       names, cases);
}

}
