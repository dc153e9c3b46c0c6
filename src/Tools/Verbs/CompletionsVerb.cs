using System.CommandLine;
using AslRescue.Shared.Errors;

namespace AslRescue.Tools.Verbs;

/// <summary>
/// asl-admin completions SHELL: a script that completes the verbs and options of all three programs. It asks the programs themselves, by
/// System.CommandLine's suggest directive, so it cannot fall behind them; where they suggest nothing, the shell completes files.
/// </summary>
internal static class CompletionsVerb
{
    private static readonly Argument<string> Shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" }
        .AcceptOnlyFromAmong("bash", "zsh", "fish");

    internal static Command Build()
    {
        var command = new Command("completions", "Prints a script for a shell's completion: source <(asl-admin completions bash).") { Shell };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(CommonOptions.Json))
            {
                throw CommonOptions.Usage("a script for a shell has no form in JSON", "leave --json away");
            }

            Console.Write(parsed.GetValue(Shell) switch
            {
                "zsh" => Zsh,
                "fish" => Fish,
                _ => Bash,
            });
            return ExitCodes.Done;
        });
        return command;
    }

    private const string Bash = """
        # Completion of asl-intake, asl-admin and asl-debug:  source <(asl-admin completions bash)
        _asl_complete() {
            local program=${COMP_WORDS[0]##*/} word=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} suggestion
            COMPREPLY=()
            line=$program${line#"${COMP_WORDS[0]}"}
            while IFS= read -r suggestion; do
                # Options only when one is begun; the rest is left to files.
                [[ $suggestion == "$word"* && ( $suggestion != [-/]* || $word == -* ) ]] && COMPREPLY+=("$suggestion")
            done < <("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)
            return 0
        }
        complete -o bashdefault -o default -F _asl_complete asl-intake asl-admin asl-debug

        """;

    private const string Zsh = """
        # Completion of asl-intake, asl-admin and asl-debug:  source <(asl-admin completions zsh)
        _asl_complete() {
            local program=${words[1]:t} word=${words[CURRENT]} line suggestion
            local -a suggestions
            line="$program${${(j: :)words[1,CURRENT]}#${words[1]}}"
            for suggestion in ${(f)"$(${words[1]} "[suggest:${#line}]" "$line" 2>/dev/null)"}; do
                [[ $suggestion != [-/]* || $word == -* ]] && suggestions+=("$suggestion")
            done
            compadd -a suggestions || _files
        }
        compdef _asl_complete asl-intake asl-admin asl-debug

        """;

    private const string Fish = """
        # Completion of asl-intake, asl-admin and asl-debug:  asl-admin completions fish | source
        function __asl_complete
            set --local line (commandline --cut-at-cursor --current-process)
            set --local program (string split --max 1 ' ' -- $line)[1]
            set --local word (commandline --cut-at-cursor --current-token)
            set --local called (string replace --regex '^\S*/' '' -- $line)
            for suggestion in ($program "[suggest:"(string length -- $called)"]" $called 2>/dev/null)
                if not string match --quiet --regex '^[-/]' -- $suggestion; or string match --quiet -- '-*' $word
                    echo $suggestion
                end
            end
        end
        for program in asl-intake asl-admin asl-debug
            complete --command $program --arguments '(__asl_complete)'
        end

        """;
}
