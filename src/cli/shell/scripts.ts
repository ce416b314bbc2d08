// The completion scripts. They ask the program itself what fits, so that they know what this version knows.

export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof SHELLS)[number];

/** In front of the words that a script asks about; no option, and not in the help. */
export const COMPLETE = "--complete";

/** bash 3.2 (macOS) and newer. */
const BASH = `# pcapcheck completion for bash: source <(pcapcheck completion bash)
_pcapcheck() {
  local current=\${COMP_WORDS[COMP_CWORD]} mode='' ahead='' line
  COMPREPLY=()
  while IFS= read -r line; do
    if [ -z "$mode" ]; then mode=$line; else COMPREPLY+=("\${line%%$'\\t'*}"); fi
  done < <("\${1/#\\~/$HOME}" ${COMPLETE} bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "$mode" = files ]; then
    compopt -o filenames 2>/dev/null
    # It splits words at = and @, and takes an @ for a part of what is replaced.
    [ "\${COMP_WORDS[COMP_CWORD - 1]}" = @ ] && ahead=@
    case $current in =) current= ;; @) current= ahead=@ ;; esac
    while IFS= read -r line; do COMPREPLY+=("$ahead$line"); done < <(compgen -f -- "$current")
  fi
}
complete -F _pcapcheck pcapcheck
`;

const ZSH = `#compdef pcapcheck
# pcapcheck completion for zsh: source <(pcapcheck completion zsh), or as a file _pcapcheck in fpath
_pcapcheck() {
  local -a answer described
  local line
  answer=("\${(@f)$("\${(e)~words[1]}" ${COMPLETE} zsh "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${(@)answer[2,-1]}"; do
    described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( $#described )) && _describe -V pcapcheck described
  [[ $answer[1] == files ]] || return
  [[ $PREFIX == --*=* ]] && compset -P 1 '*='
  _files || { compset -P @ && _files }
}
if [[ $funcstack[1] == _pcapcheck ]]; then _pcapcheck "$@"; else compdef _pcapcheck pcapcheck; fi
`;

const FISH = `# pcapcheck completion for fish: pcapcheck completion fish | source
function __pcapcheck_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l answer ($words[1] ${COMPLETE} fish $words[2..-1] "$current" 2>/dev/null)
    for line in $answer[2..-1]
        echo $line
    end
    if test "$answer[1]" = files
        # Behind --keylog= and @, which fish takes for the beginning of the name.
        set -l ahead (string match -r -- '^(?:--[^=]*=|@|)' "$current")
        for file in (__fish_complete_path (string sub -s (math 1 + (string length -- "$ahead")) -- "$current"))
            echo "$ahead$file"
        end
        if test "$ahead" = @
            __fish_complete_path "$current"
        end
    end
end
complete -c pcapcheck -f -a '(__pcapcheck_complete)'
`;

const POWERSHELL = `# pcapcheck completion for PowerShell: pcapcheck completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName pcapcheck -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object { '+' + $_.Extent.Text })
    if ("$wordToComplete" -eq '') { $words += '+' }
    $answer = @(& pcapcheck ${COMPLETE} powershell $words 2>$null)
    $answer | Select-Object -Skip 1 | ForEach-Object {
        $value, $description = $_ -split "\`t", 2
        if ("$description" -eq '') { $description = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
    }
    if ($answer[0] -eq 'files') {
        [System.Management.Automation.CompletionCompleters]::CompleteFilename($wordToComplete)
    }
}
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL };
