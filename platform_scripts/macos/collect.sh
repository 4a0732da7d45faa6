#!/bin/sh
# collect.sh: writes down what this Mac answers to a few read-only questions about its network, for a machine that has no
# Python. The Connection Wizard reads the result on any other machine:  wizard check 8000 --bundle FILE
#
#   sudo sh collect.sh [--redact] [FOLDER]     asks everything (without sudo: what an ordinary user may know)
#
# It changes nothing: it starts no service, sends no packet, writes only below FOLDER (here, if you name none). It runs
# these programs, if they are there, and reads these files; nothing else:
#
#   netstat -anvW -p tcp; netstat -anvW -p udp; netstat -rn
#   lsof +c 0 -nP -iTCP -sTCP:LISTEN; lsof -nP -a -d cwd -F pn
#   ps -axww -o pid=,ppid=,stat=,etime=,user=,comm=; ps -axww -o pid=,args=
#   ifconfig -a
#   /usr/libexec/ApplicationFirewall/socketfilterfw --getglobalstate --getblockall --getstealthmode --getallowsigned --listapps
#   codesign -dv --verbose=2 PROGRAM, for the programs that listen
#   pfctl -s info; pfctl -sr; pfctl -sn; pfctl -vs Interfaces; pfctl -v -s Anchors; pfctl -a ANCHOR -s rules
#   scutil --proxy; scutil --dns; sw_vers; uname; profiles status -type enrollment; /etc/hosts
#
# The programs' arguments are in the result as `ps` shows them. Read it before you send it: it is plain text. --redact puts
# other words for your account's name, this Mac's name and the second half of hardware addresses; look through it all the same.

set -u
umask 077
export LC_ALL=C LANGUAGE=C
PATH="/usr/sbin:/sbin:/usr/bin:/bin:${PATH:-}"
export PATH

FIREWALL=/usr/libexec/ApplicationFirewall/socketfilterfw
MOST_BLOCKS=131072 # of 512 bytes: 64 MiB for one answer

# --- writing the bundle ----------------------------------------------------------------------------------------------

# A TOML string: printable ASCII only, so that no program's words can break the file.
quoted() { printf '"%s"' "$(printf '%s' "$1" | tr '\n\t' '  ' | tr -cd '\040-\176' | head -c 2000 | sed 's/[\\"]/\\&/g')"; }

say() { printf '%s\n' "$*" >&2; }

# answered PROBE SOURCE EXIT_CODE SECONDS ERRORS
answered() {
    printf '[%s]\nsource = %s\nexit_code = %d\nseconds = %d\nerrors = %s\nfile = %s\n\n' \
        "$(quoted "$1")" "$(quoted "$2")" "$3" "$4" "$(quoted "$5")" "$(quoted "$1.txt")" >>"$bundle/captures.toml"
}

# unknown PROBE WHAT REMEDY REASON
unknown() {
    rm -f "$bundle/captures/$1.txt"
    printf '[%s]\nreason = %s\nremedy = %s\nwhat = %s\n\n' \
        "$(quoted "$1")" "$(quoted "$4")" "$(quoted "$3")" "$(quoted "$2")" >>"$bundle/captures.toml"
    say "  not read: $2 ($4)"
}

# --- the three kinds of question -------------------------------------------------------------------------------------

# bounded SECONDS PROGRAM [ARGUMENT...]: macOS has no timeout(1), so a second process waits and ends the first. Gives 124 then.
bounded() {
    limit=$1
    shift
    "$@" </dev/null &
    asked=$!
    (sleep "$limit" && kill "$asked") >/dev/null 2>&1 &
    watch=$!
    wait "$asked" 2>/dev/null
    ended=$?
    kill "$watch" 2>/dev/null && wait "$watch" 2>/dev/null
    [ $ended -eq 143 ] && return 124
    return $ended
}

# ask PROBE SECONDS WHAT REMEDY CONDITION PROGRAM [ARGUMENT...]
ask() {
    probe=$1 limit=$2 what=$3 remedy=$4 condition=$5
    shift 5
    if [ -n "$condition" ] && [ ! -e "$condition" ]; then
        : >"$bundle/captures/$probe.txt"
        answered "$probe" "$*" 0 0 "not asked: there is no $condition"
        return 1
    fi
    if ! command -v "$1" >/dev/null 2>&1; then
        unknown "$probe" "$what" "$remedy" "$1 is not installed"
        return 1
    fi
    began=$(date +%s)
    (ulimit -f $MOST_BLOCKS; bounded "$limit" "$@") >"$bundle/captures/$probe.txt" 2>"$errors"
    code=$?
    seconds=$(($(date +%s) - began))
    if [ $code -eq 124 ]; then
        unknown "$probe" "$what" "$remedy" "$1 gave no answer within $limit seconds"
    elif [ $code -ne 0 ]; then
        said=$(cat "$errors" "$bundle/captures/$probe.txt" | grep -v ALTQ | grep -m 1 .)
        unknown "$probe" "$what" "$remedy" "$1 answered \"$said\" (exit code $code)"
    else
        answered "$probe" "$*" $code $seconds "$(cat "$errors")"
        return 0
    fi
    return 1
}

# take PROBE WHAT REMEDY CONDITION FILE
take() {
    if [ -n "$4" ] && [ ! -e "$4" ]; then
        : >"$bundle/captures/$1.txt"
        answered "$1" "$5" 0 0 "not asked: there is no $4"
    elif [ -r "$5" ] && cat "$5" >"$bundle/captures/$1.txt" 2>"$errors"; then
        answered "$1" "$5" 0 0 ""
    else
        unknown "$1" "$2" "$3" "$5: Permission denied"
    fi
}

# work_out PROBE WHAT REMEDY FUNCTION: what no single command prints.
work_out() {
    if "$4" >"$bundle/captures/$1.txt" 2>"$errors"; then
        answered "$1" "$1" 0 0 ""
    else
        unknown "$1" "$2" "$3" "$(cat "$errors")"
    fi
}

# --- what is worked out here -------------------------------------------------------------------------------------------

# How the programs that listen are signed, each headed by its path.
codesign_all() {
    command -v codesign >/dev/null || { echo "codesign is not installed" >&2; return 1; }
    lsof -nP -iTCP -sTCP:LISTEN -t 2>/dev/null | sort -u | head -n 40 | while read -r pid; do
        ps -o comm= -p "$pid"
    done | sort -u | while read -r program; do
        case $program in /*) ;; *) continue ;; esac
        printf '# %s\n' "$program"
        bounded 3 codesign -dv --verbose=2 "$program" 2>&1
    done
    return 0
}

# The rules of every anchor of pf, each headed by its name.
pf_anchors() {
    anchors=$(pfctl -v -s Anchors 2>/dev/null) || { echo "pfctl answers root only" >&2; return 1; }
    printf '%s\n' "$anchors" | head -n 100 | while read -r anchor; do
        [ -n "$anchor" ] || continue
        printf '# anchor %s\n' "$anchor"
        pfctl -a "$anchor" -s rules 2>/dev/null
    done
    return 0
}

proxy() { env | grep -iE '^(http|https|ftp|all|no)_proxy=' | sort || :; }

platform() {
    printf 'system=%s\nrelease=%s\nmachine=%s\nhostname=%s\neuid=%s\n' \
        "$(uname -s)" "$(uname -r)" "$(uname -m)" "$(uname -n)" "$(id -u)"
}

# --- all questions ---------------------------------------------------------------------------------------------------

collect() {
    ask netstat-tcp 8 'who listens on which TCP port' 'netstat -anvW -p tcp' '' netstat -anvW -p tcp
    ask netstat-udp 8 'who is bound to which UDP port' 'netstat -anvW -p udp' '' netstat -anvW -p udp
    ask lsof 5 'which programs hold the ports' 'sudo lsof -nP -iTCP -sTCP:LISTEN' '' lsof +c 0 -nP -iTCP -sTCP:LISTEN
    ask ps 5 'the processes that run' 'ps -axww -o pid=,ppid=,stat=,etime=,user=,comm=' '' \
        ps -axww -o pid=,ppid=,stat=,etime=,user=,comm=
    ask ps-arguments 5 "the processes' arguments" 'ps -axww -o pid=,args=' '' ps -axww -o pid=,args=
    ask lsof-folders 5 "the processes' folders" 'lsof -nP -a -d cwd -F pn' '' lsof -nP -a -d cwd -F pn
    ask ifconfig 5 'the interfaces and addresses' 'ifconfig -a' '' ifconfig -a
    ask netstat-routes 5 'the routes and neighbours' 'netstat -rn' '' netstat -rn

    ask alf-getglobalstate 5 'whether the application firewall is on' "$FIREWALL --getglobalstate" "$FIREWALL" \
        "$FIREWALL" --getglobalstate
    ask alf-getblockall 5 'whether it blocks everything' "$FIREWALL --getblockall" "$FIREWALL" "$FIREWALL" --getblockall
    ask alf-getstealthmode 5 'whether it hides closed ports' "$FIREWALL --getstealthmode" "$FIREWALL" \
        "$FIREWALL" --getstealthmode
    ask alf-getallowsigned 5 'whether it lets signed programs in' "$FIREWALL --getallowsigned" "$FIREWALL" \
        "$FIREWALL" --getallowsigned
    ask alf-listapps 5 "the application firewall's programs" "$FIREWALL --listapps" "$FIREWALL" "$FIREWALL" --listapps
    work_out codesign 'how the listening programs are signed' 'codesign -dv --verbose=2 PROGRAM' codesign_all
    if ask pf-info 5 'whether the packet filter pf is on' 'sudo pfctl -s info' '' pfctl -s info; then
        ask pf-rules 5 "pf's rules" 'sudo pfctl -sr' '' pfctl -sr
        ask pf-nat 5 "pf's translations" 'sudo pfctl -sn' '' pfctl -sn
        ask pf-interfaces 5 'what pf leaves alone' 'sudo pfctl -vs Interfaces' '' pfctl -vs Interfaces
        work_out pf-anchors "the rules of pf's anchors" 'sudo pfctl -a ANCHOR -sr' pf_anchors
    fi

    ask scutil-proxy 5 'the proxies' 'scutil --proxy' '' scutil --proxy
    ask scutil-dns 5 'which name servers are asked' 'scutil --dns' '' scutil --dns
    ask sw-vers 5 'which macOS this is' 'sw_vers' '' sw_vers
    ask profiles 5 'whether an administrator manages this Mac' 'profiles status -type enrollment' '' \
        profiles status -type enrollment
    take hosts 'the hosts file' 'cat /etc/hosts' /etc/hosts /etc/hosts
    work_out proxy 'the proxy variables' env proxy
    work_out platform 'what system this is' 'uname -a' platform
}

# Other words for the account's name, this machine's name and the second half of hardware addresses, in every answer.
redact() {
    account=$(printf '%s' "${SUDO_USER:-$(id -un)}" | tr -cd 'A-Za-z0-9_-')
    machine=$(uname -n | tr -cd 'A-Za-z0-9_-')
    for file in "$bundle"/captures/*.txt; do
        sed -E -e "s|/Users/[^/ ]+|/Users/user|g" -e "s/(^|[^A-Za-z0-9_])${account:-nobody}([^A-Za-z0-9_]|\$)/\1user\2/g" \
            -e "s/${machine:-localhost}(\.local)?/machine/g" \
            -e 's/(([0-9A-Fa-f]{1,2}:){3})([0-9A-Fa-f]{1,2}:){2}[0-9A-Fa-f]{1,2}/\100:00:00/g' "$file" >"$errors" &&
            cat "$errors" >"$file"
    done
}

redacted=false
if [ "${1:-}" = --redact ]; then
    redacted=true
    shift
fi
where=${1:-.}
name=machine
[ $redacted = true ] || name=$(uname -n | tr -cd 'A-Za-z0-9-')
folder="wizard-bundle-$name-$(date +%Y%m%d-%H%M%S)-$$"
bundle=$where/$folder
mkdir -p "$bundle/captures" || exit 1
errors=$(mktemp "$where/.collect.XXXXXX") || exit 1
trap 'rm -f "$errors"' EXIT
trap 'exit 130' INT TERM

printf 'format = 1\ntaken_at = %d\nplatform = "macos"\nprivileged = %s\ntarget = ""\nredacted = %s\nwizard = "collect.sh"\n' \
    "$(date +%s)" "$([ "$(id -u)" -eq 0 ] && echo true || echo false)" "$redacted" >"$bundle/bundle.toml"
: >"$bundle/captures.toml"
say "Asking this Mac; nothing is changed ..."
collect
if [ $redacted = true ]; then redact; fi

if tar -czf "$bundle.tar.gz" -C "$where" "$folder" 2>/dev/null; then
    result=$bundle.tar.gz
else
    result=$bundle
fi
if [ -n "${SUDO_UID:-}" ]; then chown -R "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" "$bundle" "$result" 2>/dev/null; fi
say "Done. Look through $bundle before you send $result to anybody."
printf '%s\n' "$result"
