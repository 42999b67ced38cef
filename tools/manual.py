#!/usr/bin/env python3
"""Manual pages and completions from the program's own --help, so that they cannot say something else.

Writes packaging/man/symgrid-VERB.1.in, the list of verbs in packaging/symgrid.1.in, packaging/symgrid.bash,
packaging/symgrid.zsh and packaging/symgrid.fish. With --check nothing is written and the exit status says whether they are
up to date. A new option needs its line in the verb's help and nothing here; values to choose from are in VALUES.

usage: tools/manual.py PROGRAM [--check]
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MAN = "packaging/man"

# Values of options: words to choose from, or the output of a command of the program. What is not here follows from the
# word behind the option: FILE is a file, DIR a folder, anything else is for the user to know.
VALUES = {
    "--policy": "static rules mpc",
    "simulate --policy": "static rules mpc perfect",
    "--study": "rolling breakers regulation swings",
    "--solver": "auto own clp highs",
    "--peer": "auto none",
    "--races": "cold again shift arbitrage cold,again",
    "--sizes": "96x4 288x8 8760x4 1000 1000000",
    "--speed": "1 10 60 max",
    "--listen": "127.0.0.1:8048 127.0.0.1:0",
    "--for": "30s 15min 1h 24h 7d 30d 365d",
    "--step": "100ms 1s 1min 15min",
    "--plan-every": "5min 15min 1h",
    "--every": "100ms 1s 10s 1min",
    "--device": "grid",
    "--price": "FILE",
    "forecast --model": "$ forecast --list",
}
# What stands beside the options, where it is no file.
WORDS = {
    "init": "DIR", "replay": "DIR", "query": "", "top": "http://127.0.0.1:8048",
    "model": "$ model --list", "bench": "agent control forecast model plan",
}


def run(program, *words):
    return subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout


class Option:
    def __init__(self, verb, name, value, text):
        self.name, self.value = name, value
        flat = " ".join(text)
        flat = re.sub(r"\s*\((default|unless told)[^)]*\)", "", flat)
        self.text = flat if len(flat) <= 72 else flat[:72].rsplit(" ", 1)[0] + " ..."
        known = VALUES.get(f"{verb} {name}", VALUES.get(name))
        first = (value or "").split("|")[0]
        self.choices = known if known is not None else \
            "FILE" if first.startswith("FILE") else "DIR" if first.startswith("DIR") else ""


class Verb:
    """One verb's help: usage, blocks of text, lists of terms, exit status, example."""

    def __init__(self, name, summary, text):
        self.name, self.summary = name, summary
        self.usage, self.blocks, self.options = [], [], {}
        lines = text.rstrip("\n").split("\n")
        if lines[0].startswith("symgrid "):
            lines = lines[1:]
        text = re.sub(r"\n(example:)", r"\n\n\1", "\n".join(lines).strip("\n"))
        for block in text.split("\n\n"):
            self.take(block.split("\n"))

    def take(self, lines):
        head = lines[0]
        if head.startswith("usage: "):
            for line in lines:
                line = line.replace("usage: ", "       ", 1)
                if line.startswith("       symgrid"):
                    self.usage.append(line.strip())
                else:
                    self.usage[-1] += " " + line.strip()
        elif re.match(r"[Ee]xample", head):
            self.blocks.append(("example", lines))
        elif head.startswith("Exit status"):
            self.blocks.append(("exit", lines))
        elif head.startswith("  "):
            self.take_terms(lines)
        else:
            self.blocks.append(("text", lines))

    def take_terms(self, lines):
        terms = []
        for line in lines:
            match = re.match(r"  (\S(?:.*?\S)?)  +(\S.*)$", line) or \
                re.match(r"  (--\S+ \S+) (\S.*)$", line) or re.match(r"  (\S+)()$", line)
            if match and not line.startswith("      "):
                terms.append((match[1], [match[2]]))
            else:
                terms[-1][1].append(line.strip())
        self.blocks.append(("terms", terms))
        for term, text in terms:
            for option in re.finditer(r"(--[a-z][a-z-]*)(?:[ =]([^ -][^ ]*))?", term):
                known = self.options.get(option[1])
                if not known:
                    self.options[option[1]] = Option(self.name, option[1], option[2], text)


# ---- manual pages --------------------------------------------------------------------------------

def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text)


def usage_roff(line):
    """Words in capitals are to be replaced: italic."""
    parts = re.split(r"(\b[A-Z][A-Z.:|]*[A-Z]\b|\b[A-Z]\b)", line)
    return "".join(f"\\fI{roff(p)}\\fP" if i % 2 else re.sub(r"(\\-\\-[a-z\\-]+)", r"\\fB\1\\fP", roff(p))
                   for i, p in enumerate(parts))


def page(verb):
    out = [f'.\\" Made by tools/manual.py from `symgrid {verb.name} --help`; change it there.',
           f'.TH SYMGRID\\-{verb.name.upper()} 1 "" "symgrid @PROJECT_VERSION@" "User Commands"',
           ".SH NAME", f"symgrid\\-{verb.name} \\- {roff(verb.summary)}", ".SH SYNOPSIS"]
    for i, line in enumerate(verb.usage):
        out += [".br"] * (i > 0) + [usage_roff(line)]
    out.append(".SH DESCRIPTION")
    for kind, lines in verb.blocks:
        if kind == "text":
            out += [".PP"] + [roff(line.strip()) for line in lines]
        elif kind == "terms":
            for term, text in lines:
                out += [".TP", f"\\fB{roff(term)}\\fP"]
                for i, line in enumerate(text):
                    # a table inside a text keeps its lines
                    out += [".br"] * (i > 0 and "  " in line) + [roff(line)] * bool(line)
    for kind, lines in verb.blocks:
        if kind == "exit":
            out += [".SH EXIT STATUS"] + [roff(" ".join(lines).removeprefix("Exit status:").strip())]
        elif kind == "example":
            first = re.sub(r"^[Ee]xample:? *", "", lines[0])
            out += [".SH EXAMPLE", ".nf"] + [roff(line.strip()) for line in [first] * bool(first) + lines[1:]] + [".fi"]
    out += [".SH SEE ALSO", ".BR symgrid (1)"]
    return "\n".join(out) + "\n"


def overview(verbs, old):
    begin, end = '.\\" verbs: made by tools/manual.py\n', '.\\" end of verbs\n'
    head, rest = old.split(begin)
    made = "".join(f".TP\n.BR symgrid\\-{v.name} (1)\n{roff(v.summary[0].upper() + v.summary[1:])}.\n" for v in verbs)
    return head + begin + made + end + rest.split(end)[1]


# ---- completions ---------------------------------------------------------------------------------

def bash_values(choices):
    if choices.startswith("$ "):
        return f'_symgrid_words "auto $("${{COMP_WORDS[0]}}" {choices[2:]} 2>/dev/null | awk \'{{print $1}}\' | grep -vx auto)"'
    return {"FILE": "_symgrid_files", "DIR": "_symgrid_folders", "": ":"}.get(choices, f'_symgrid_words "{choices}"')


def bash(verbs):
    out = ["# bash completion for symgrid. Made by tools/manual.py. Works with and without the bash-completion package.", ""]
    for name, flag in (("words", ""), ("files", "-f"), ("folders", "-d")):
        out += [f"_symgrid_{name}() {{", "    local IFS=$'" + (r" \t\n" if name == "words" else r"\n") + "'"]
        out.append('    COMPREPLY=($(compgen ' + (f'{flag} -- "$current"))' if flag else '-W "$1" -- "$current"))'))
        out += ["    compopt -o filenames 2>/dev/null"] * bool(flag) + ["}"]
    out += ["", "# The options of a verb, as its --help has them.", "_symgrid_options() {", "    case $1 in"]
    out += [f'        {v.name}) echo "{" ".join(v.options)}" ;;' for v in verbs]
    out += ["    esac", "}", "", "# The values of an option of a verb; status 1 where it takes none.", "_symgrid_values() {",
            '    case "$1 $2" in']
    for v in verbs:
        taken = [o for o in v.options.values() if o.value]
        for choices in dict.fromkeys(o.choices for o in taken):
            names = " | ".join(f'"{v.name} {o.name}"' for o in taken if o.choices == choices)
            out.append(f"        {names}) {bash_values(choices)} ;;")
    out += ["        *) return 1 ;;", "    esac", "    return 0", "}", "", "# What else may follow a verb.", "_symgrid_rest() {", "    case $1 in"]
    for v in verbs:
        if v.name in WORDS:
            out.append(f"        {v.name}) {bash_values(WORDS[v.name]).replace('auto $', '$', 1)} ;;")
    names = " ".join(v.name for v in verbs)
    out += ["        *) _symgrid_files ;;", "    esac", "}", "", "_symgrid() {",
            "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}",
            "    local verb=${COMP_WORDS[1]:-}", f'    local verbs="{names}"', "    COMPREPLY=()",
            '    if [ "$COMP_CWORD" -eq 1 ]; then', '        _symgrid_words "$verbs --help --version"', "        return", "    fi",
            '    case " $verbs " in', '        *" $verb "*) ;;', "        *) return ;;", "    esac",
            '    _symgrid_values "$verb" "$previous" && return', "    if [[ $current == -* ]]; then",
            '        _symgrid_words "$(_symgrid_options "$verb") --help"', "    else", '        _symgrid_rest "$verb"', "    fi", "}",
            "complete -F _symgrid symgrid", ""]
    return "\n".join(out)


def zsh_values(choices, label):
    label = re.sub(r"[:\\\[\]()' ]", "_", label)
    if choices.startswith("$ "):
        return f":{label}:{{_symgrid_said {choices[2:]}}}"
    words = choices.replace(":", r"\:")
    return {"FILE": f":{label}:_files", "DIR": f":{label}:_files -/", "": f":{label}: "}.get(choices, f":{label}:({words})")


def zsh(verbs):
    quote = lambda text: "'" + text.replace("'", "'\\''") + "'"
    out = ["#compdef symgrid", "# zsh completion for symgrid. Made by tools/manual.py.", "",
           "# The first words of the lines that the program says.", "_symgrid_said() {", "    local -a said",
           "    said=(${${(f)\"$(symgrid \"$@\" 2>/dev/null)\"}%% *})", "    compadd -a said", "}", "", "_symgrid() {",
           "    local -a verbs", "    local state line", "    verbs=("]
    out += [f"        {quote(v.name + ':' + v.summary)}" for v in verbs]
    out += ["    )", "    _arguments -C '--help[tell what there is]' '--version[tell the version]' '1: :->verb' '*:: :->rest'",
            "    case $state in", "    verb) _describe verb verbs ;;", "    rest)", "        case $line[1] in"]
    for v in verbs:
        out.append(f"        {v.name}) _arguments '--help[tell all about it]' \\")
        for o in v.options.values():
            text = re.sub(r"([\[\]:\\])", r"\\\1", o.text)
            repeat = "*" if (v.name, o.name) == ("model", "--set") else ""
            out.append(f"            {quote(repeat + o.name + '[' + text + ']' + (zsh_values(o.choices, o.value) if o.value else ''))} \\")
        rest = zsh_values(WORDS.get(v.name, "FILE"), "word")
        out.append(f"            {quote('*' + rest)} ;;")
    out += ["        esac ;;", "    esac", "}", '_symgrid "$@"', ""]
    return "\n".join(out)


def fish(verbs):
    quote = lambda text: "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    said = lambda words: f"(symgrid {words} 2>/dev/null | string replace -r ' .*' '')"
    names = " ".join(v.name for v in verbs)
    out = ["# fish completion for symgrid. Made by tools/manual.py.", "complete -c symgrid -f"]
    first = f"not __fish_seen_subcommand_from {names}"
    out += [f"complete -c symgrid -n {quote(first)} -a {v.name} -d {quote(v.summary)}" for v in verbs]
    out += [f"complete -c symgrid -n {quote(first)} -l {name} -d {quote(text)}"
            for name, text in (("help", "tell what there is"), ("version", "tell the version"))]
    for v in verbs:
        here = f"complete -c symgrid -n {quote('__fish_seen_subcommand_from ' + v.name)}"
        for o in v.options.values():
            line = f"{here} -l {o.name[2:]} -d {quote(o.text)}"
            if o.value:
                line += " -r"
                if o.choices in ("FILE", "DIR"):
                    line += " -F" if o.choices == "FILE" else " -a '(__fish_complete_directories)'"
                elif o.choices:
                    line += f" -a {quote(said(o.choices[2:]) if o.choices.startswith('$ ') else o.choices)}"
            out.append(line)
        rest = WORDS.get(v.name, "FILE")
        if rest == "FILE":
            out.append(f"{here} -F")
        elif rest == "DIR":
            out.append(f"{here} -a '(__fish_complete_directories)'")
        elif rest:
            out.append(f"{here} -a {quote(said(rest[2:]) if rest.startswith('$ ') else rest)}")
    return "\n".join(out) + "\n"


# ---- files ---------------------------------------------------------------------------------------

def main():
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--check"]):
        sys.exit(__doc__.strip().rsplit("\n", 1)[1])
    program = os.path.abspath(sys.argv[1])
    os.chdir(ROOT)
    listed = re.findall(r"^  ([a-z]+) +(\S.*)$", run(program, "--help"), flags=re.M)
    verbs = [Verb(name, summary, run(program, name, "--help")) for name, summary in listed]
    with open("packaging/symgrid.1.in", encoding="utf-8") as file:
        files = {"packaging/symgrid.1.in": overview(verbs, file.read())}
    files.update({f"{MAN}/symgrid-{v.name}.1.in": page(v) for v in verbs})
    files.update({"packaging/symgrid.bash": bash(verbs), "packaging/symgrid.zsh": zsh(verbs), "packaging/symgrid.fish": fish(verbs)})
    os.makedirs(MAN, exist_ok=True)
    stale = []
    for path in sorted({f"{MAN}/{name}" for name in os.listdir(MAN)} - set(files)):
        stale.append(path)
        if not sys.argv[2:]:
            os.remove(path)
    for path, text in files.items():
        try:
            with open(path, encoding="utf-8") as file:
                same = file.read() == text
        except FileNotFoundError:
            same = False
        if not same:
            stale.append(path)
            if not sys.argv[2:]:
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
    if sys.argv[2:] and stale:
        sys.exit("".join(f"FAILED: {path} is not what --help says: run tools/manual.py PROGRAM\n" for path in stale).rstrip())
    print(f"{len(verbs)} verbs, {sum(len(v.options) for v in verbs)} options: {len(files)} files "
          + ("compared" if sys.argv[2:] else f"made, {len(stale)} changed"))


main()
