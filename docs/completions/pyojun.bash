# bash completion for pyojun; made by `pyojun help bash`
_pyojun() {
  local cur=${COMP_WORDS[COMP_CWORD]} words
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "convert run audit check inspect vocab quarantine explain verify list help --version --help" -- "$cur"))
    return
  fi
  case ${COMP_WORDS[1]} in
    convert) words="--help --map --vocab --to --warehouse --report --from --kind --codes --source-name --jobs --keep-vanished --dry-run --with-vocabulary --limit-record --pack --gate --gate-new-failures --baseline --thresholds --suppress --set --as-of --violations --min-cell --violation-limit" ;;
    run) words="--help --check-config --dry-run --rehash" ;;
    audit) words="--help --pack --gate --gate-new-failures --baseline --thresholds --suppress --set --as-of --violations --min-cell --violation-limit --with-vocabulary --vocabulary --schema --out --jobs" ;;
    check) words="--help --vocab" ;;
    inspect) words="--help --from --map --records --profile" ;;
    vocab) words="--help build --help --out --no-sql --jobs lookup --help --vocab --snapshot suggest --help --limit --vocab --snapshot info --help --vocab --snapshot" ;;
    quarantine) words="--help list --help --limit --warehouse --code --file --rule --all-runs summary --help --warehouse --code --file --rule --all-runs show --help --reveal --warehouse --code --file --rule --all-runs redrive --help --warehouse" ;;
    explain) words="--help --warehouse" ;;
    verify) words="--help" ;;
    list) words="--help" ;;
    help) words="--help" ;;
  esac
  COMPREPLY=($(compgen -W "$words --lang --json --quiet --verbose --no-progress" -- "$cur") $(compgen -f -- "$cur"))
}
complete -o filenames -F _pyojun pyojun
