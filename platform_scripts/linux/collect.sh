#!/bin/sh
# collect.sh: writes down what this machine answers to a few read-only questions about its network, for a machine that
# has no Python. The Connection Wizard reads the result on any other machine:  wizard check 8000 --bundle FILE
#
#   sudo sh collect.sh [--redact] [FOLDER]     asks everything (without sudo: what an ordinary user may know)
#
# It changes nothing: it starts no service, loads no kernel module, sends no packet, writes only below FOLDER (here, if
# you name none). It runs these programs, if they are there, and reads these files; nothing else:
#
#   ss -H -ltunpe; ss -H -tnp state connected; ss -H -lxp
#   ip -j -d addr; ip -j -d route show table all; ip -j rule; ip -j neigh
#   nft -j list ruleset; nft list ruleset; nft --debug=netlink list ruleset; nft list hooks
#   iptables-save; ip6tables-save; iptables-legacy-save; ip6tables-legacy-save; ipset save
#   firewall-cmd --list-all-zones --get-default-zone --query-panic; ls /etc/firewalld/zones; fail2ban-client banned
#   curl --unix-socket /run/docker.sock http://localhost/containers/json
#   /proc/PID (name, arguments, folder, program, a few environment variables), /proc/PID/net, /proc/net, /proc/sys/net
#   /etc/ufw, /etc/default/ufw, /etc/resolv.conf, /etc/hosts, /etc/nsswitch.conf, /etc/os-release, /etc/passwd (names)
#
# The programs' arguments are in the result as `ps` shows them. Read it before you send it: it is plain text. --redact puts
# other words for users with a folder in /home, this machine's name and the second half of hardware addresses; look through it
# all the same.

set -u
umask 077
export LC_ALL=C LANGUAGE=C NO_COLOR=1
PATH="${PATH:-}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
export PATH

VARIABLES="FLASK_APP FLASK_DEBUG FLASK_ENV FLASK_RUN_HOST FLASK_RUN_PORT FLASK_RUN_CERT FLASK_SKIP_DOTENV
 WERKZEUG_RUN_MAIN WERKZEUG_SERVER_FD DJANGO_SETTINGS_MODULE GUNICORN_CMD_ARGS UVICORN_HOST UVICORN_PORT UVICORN_UDS
 UVICORN_FD UVICORN_RELOAD HYPERCORN_BIND WAITRESS_LISTEN STREAMLIT_SERVER_ADDRESS STREAMLIT_SERVER_PORT
 GRADIO_SERVER_NAME GRADIO_SERVER_PORT VIRTUAL_ENV PYTHONPATH HOST HOSTNAME PORT BIND BINDING ADDRESS LISTEN NODE_ENV
 VITE_HOST NUXT_HOST NUXT_PORT NITRO_HOST NITRO_PORT RAILS_ENV RACK_ENV ASPNETCORE_URLS ASPNETCORE_HTTP_PORTS DOTNET_URLS
 SERVER_ADDRESS SERVER_PORT OLLAMA_HOST LISTEN_FDS LISTEN_PID"
SETTINGS="core/somaxconn ipv4/icmp_ratelimit ipv4/ip_forward ipv4/ip_local_port_range ipv4/ip_local_reserved_ports
 ipv4/ip_nonlocal_bind ipv4/ip_unprivileged_port_start ipv4/tcp_abort_on_overflow ipv4/tcp_max_syn_backlog
 ipv4/tcp_syncookies ipv4/tcp_l3mdev_accept ipv4/fwmark_reflect ipv4/tcp_fwmark_accept ipv6/bindv6only
 ipv6/ip_nonlocal_bind netfilter/nf_conntrack_max netfilter/nf_conntrack_count netfilter/nf_conntrack_tcp_loose"
EACH_INTERFACE_4="rp_filter accept_local forwarding src_valid_mark arp_ignore arp_filter route_localnet log_martians"
EACH_INTERFACE_6="disable_ipv6 forwarding force_forwarding accept_ra autoconf"
NF_TABLES=/sys/module/nf_tables
NETLINK_HOOK=/sys/module/nfnetlink_hook
LEGACY_4=/proc/net/ip_tables_names
LEGACY_6=/proc/net/ip6_tables_names
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

# --- may this be asked? ----------------------------------------------------------------------------------------------

# holds CONDITION: 0 yes, 1 no, 2 that may not be known. Any of several conditions is enough; A+B: both.
holds() {
    result=1
    for condition in $1; do
        case $condition in
        *+*) (holds "${condition%%+*}") && (holds "${condition#*+}") && return 0 ;;
        process:*) process_runs "${condition#process:}" && return 0 ;;
        /sys/module/*) module_present "${condition#/sys/module/}" && return 0 ;;
        /proc/*)
            if [ -e "$condition" ] && [ ! -r "$condition" ]; then
                result=2
            elif [ -n "$(head -c 1 "$condition" 2>/dev/null)" ]; then
                return 0
            fi
            ;;
        *) [ -e "$condition" ] && return 0 ;;
        esac
    done
    return $result
}

# A process of that name in this network namespace; of another's namespace only root may know.
process_runs() {
    for process in /proc/[0-9]*; do
        called=
        read -r called 2>/dev/null <"$process/comm"
        [ "$called" = "$1" ] || continue
        namespace_of "${process#/proc/}" || return 0
        [ "$space" = "$here" ] && return 0
    done
    return 1
}

# Whether the kernel has the module already, so that asking it will not load one.
module_present() {
    [ -e "/sys/module/$1" ] || [ ! -e /proc/modules ] && return 0
    builtin="/lib/modules/$(uname -r)/modules.builtin"
    [ ! -r "$builtin" ] || grep -q "/$1\.ko" "$builtin"
}

# allowed PROBE WHAT REMEDY CONDITION SOURCE: whether to ask; if not, it is written down why not.
allowed() {
    [ -z "$4" ] && return 0
    holds "$4"
    case $? in
    0) return 0 ;;
    2) unknown "$1" "$2" "$3" "$4: Permission denied" ;;
    *)
        : >"$bundle/captures/$1.txt"
        answered "$1" "$5" 0 0 "not asked: there is no $4"
        ;;
    esac
    return 1
}

# --- the three kinds of question -------------------------------------------------------------------------------------

# ask PROBE SECONDS WHAT REMEDY CONDITION PROGRAM [ARGUMENT...]
ask() {
    probe=$1 limit=$2 what=$3 remedy=$4 condition=$5
    shift 5
    allowed "$probe" "$what" "$remedy" "$condition" "$*" || return 1
    if ! command -v "$1" >/dev/null 2>&1; then
        unknown "$probe" "$what" "$remedy" "$1 is not installed"
        return 1
    fi
    began=$(date +%s)
    if command -v timeout >/dev/null 2>&1; then
        (ulimit -f $MOST_BLOCKS; exec timeout "$limit" "$@") </dev/null >"$bundle/captures/$probe.txt" 2>"$errors"
    else
        (ulimit -f $MOST_BLOCKS; exec "$@") </dev/null >"$bundle/captures/$probe.txt" 2>"$errors"
    fi
    code=$?
    seconds=$(($(date +%s) - began))
    if [ $code -eq 124 ]; then
        unknown "$probe" "$what" "$remedy" "$1 gave no answer within $limit seconds"
    elif [ $code -ne 0 ] && [ "$probe:$code" != firewalld-panic:1 ]; then
        said=$(cat "$errors" "$bundle/captures/$probe.txt" | grep -m 1 .)
        unknown "$probe" "$what" "$remedy" "$1 answered \"$said\" (exit code $code)"
    else
        answered "$probe" "$*" $code $seconds "$(cat "$errors")"
        return 0
    fi
    return 1
}

# take PROBE WHAT REMEDY CONDITION FILE
take() {
    allowed "$1" "$2" "$3" "$4" "$5" || return 1
    if [ -r "$5" ] && cat "$5" >"$bundle/captures/$1.txt" 2>"$errors"; then
        answered "$1" "$5" 0 0 ""
    else
        unknown "$1" "$2" "$3" "$5: $([ -e "$5" ] && echo 'Permission denied' || echo 'No such file or directory')"
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

# --- what is worked out here: JSON lines as the wizard's own readers write them ---------------------------------------

SOH=$(printf '\001')
STX=$(printf '\002')

# Lines of text as JSON strings; newlines came as SOH, tabs as STX; other control characters are left out.
strings() { sed -e 's/[\\"]/\\&/g' -e "s/$SOH/\\\\n/g" -e "s/$STX/\\\\t/g" -e 's/[[:cntrl:]]//g' -e 's/.*/"&"/'; }

# One text as a JSON string. Plain texts, by far the most, need no other program.
json() {
    case $1 in
    *[!A-Za-z0-9\ ._/:@=,+-]*) printf '%s\n' "$1" | tr '\t' '\002' | sed -e "\$!s/\$/$SOH/" | tr -d '\n' | strings ;;
    *) printf '"%s"' "$1" ;;
    esac
}

# The NUL-terminated items of a file as JSON strings, with commas between them.
items() { tr '\000\n\t' '\n\001\002' <"$1" | strings | commas; }

# shellcheck disable=SC2016  # these are sed's own dollars
commas() { sed -n -e 'H' -e '${x' -e 's/\n//' -e 's/\n/,/g' -e 'p' -e '}'; }

target() { if link=$(readlink "$1" 2>/dev/null) && [ -n "$link" ]; then json "$link"; else printf null; fi; }

# namespaces: " 1=4026531840 812=4026532441 ...", the network namespace of every process where it may be known
namespace_of() {
    case $namespaces in
    *" $1="*)
        space=${namespaces#*" $1="}
        space=${space%% *}
        ;;
    *) return 1 ;;
    esac
}

# users_by_id: " 0=root 1=daemon ..."
user_name() {
    case $users_by_id in
    *" $1="*)
        user=${users_by_id#*" $1="}
        json "${user%% *}"
        ;;
    *) printf null ;;
    esac
}

environment_of() {
    if [ -r "$1" ] && tr '\000\n\t' '\n\001\002' <"$1" >"$errors.env" 2>/dev/null; then
        printf '{%s}' "$(grep -E "^($variables_or)=" "$errors.env" | strings | sed 's/=/": "/' | commas)"
    else
        printf null
    fi
}

# lines FILE: its lines, with a newline between them, as $text; without another program.
lines() {
    text=
    while read -r line || [ -n "$line" ]; do
        text="$text${text:+
}$line"
    done 2>/dev/null <"$1"
    [ -n "$text" ]
}

processes() {
    ticks=$(getconf CLK_TCK 2>/dev/null || echo 100)
    booted=$(sed -n 's/^btime //p' /proc/stat)
    users_by_id=" $(sed -n 's/^\([^: ]*\):[^:]*:\([0-9]*\):.*/\2=\1/p' /etc/passwd | tr '\n' ' ')"
    variables_or=$(printf '%s' "$VARIABLES" | tr -s ' \n' '|')
    for process in /proc/[0-9]*; do
        { [ -r "$process/stat" ] && lines "$process/stat"; } 2>/dev/null || continue
        called=${text#*\(}
        called=${called%)*}
        # shellcheck disable=SC2086  # the fields behind the name are numbers and one letter
        set -- ${text##*) }
        [ $(($7 & 2097152)) -eq 0 ] || continue # a kernel thread: PF_KTHREAD of include/linux/sched.h
        uid=
        while read -r key value _; do
            [ "$key" = Uid: ] && uid=$value && break
        done 2>/dev/null <"$process/status"
        [ -n "$uid" ] || continue
        namespace_of "${process#/proc/}" || space=
        foreign=null
        if [ -n "$space" ] && [ -n "$here" ]; then
            foreign=false
            [ "$space" = "$here" ] || foreign=true
        fi
        printf '{"pid": %d, "name": %s, "argv": [%s], "state": "%s", "parent": %d, "started": %d, "uid": %d, "user": %s, ' \
            "${process#/proc/}" "$(json "$called")" "$(items "$process/cmdline" 2>/dev/null)" "$1" "$2" \
            "$((booted + ${20} / ticks))" "$uid" "$(user_name "$uid")"
        lines "$process/cgroup"
        printf '"cwd": %s, "exe": %s, "environment": %s, "cgroup": %s, "namespace": %s, "foreign": %s}\n' \
            "$(target "$process/cwd")" "$(target "$process/exe")" "$(environment_of "$process/environ")" \
            "$(json "$text")" "${space:-null}" "$foreign"
    done
}

# The listeners of every other network namespace, from /proc/PID/net of one process in it.
foreign_listeners() {
    if [ "$(id -u)" -ne 0 ]; then
        for process in /proc/[0-9]*; do
            namespace_of "${process#/proc/}" || [ ! -e "$process" ] || break
            process=
        done
        if [ -n "$process" ]; then
            echo "the kernel shows the network namespace of other users' processes to root only" >&2
            return 1
        fi
    fi
    seen=" $here "
    for pair in $namespaces; do
        pid=${pair%=*} space=${pair#*=}
        case $seen in *" $space "*) continue ;; esac
        seen="$seen$space "
        tables=$(for table in tcp:0A tcp6:0A udp:07 udp6:07; do
            rows=$(awk -v state="${table#*:}" 'FNR > 1 && $4 == state { printf "%s\"%s\"", comma, $0; comma = "," }' \
                "/proc/$pid/net/${table%:*}" 2>/dev/null)
            if [ -n "$rows" ]; then printf '"%s": [%s]\n' "${table%:*}" "$rows"; fi
        done | commas)
        [ -n "$tables" ] || continue
        inodes=$(cat "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6" "/proc/$pid/net/udp" "/proc/$pid/net/udp6" 2>/dev/null |
            awk '$4 == "0A" || $4 == "07" { print $10 }' | tr '\n' ' ')
        printf '{"namespace": %s, "pid": %s, "tables": {%s}, "owners": {%s}}\n' \
            "$space" "$pid" "$tables" "$(owners_in "$space" " $inodes")"
    done
}

# Which processes of a namespace hold which of these sockets: "31337": [[812, "nginx"], [813, "nginx"]]
owners_in() {
    folders=
    for pair in $namespaces; do
        [ "${pair#*=}" = "$1" ] && folders="$folders /proc/${pair%=*}/fd"
    done
    # shellcheck disable=SC2086,SC2012  # many folders; the links' targets are wanted, no names. /dev/null: ls heads each folder
    ls -l /dev/null $folders 2>/dev/null | awk -v wanted="$2" '
        /^\/proc\/[0-9]+\/fd:$/ { split($0, parts, "/"); pid = parts[3] }
        /socket:\[[0-9]+\]$/ {
            inode = $NF; gsub(/[^0-9]/, "", inode)
            if (index(wanted, " " inode " ")) print inode, pid
        }' | sort -n -u | {
        last=
        while read -r inode pid; do
            if ! lines "/proc/$pid/comm"; then continue; fi
            if [ "$inode" = "$last" ]; then printf ', '; else printf '%s"%s": [' "${last:+], }" "$inode"; fi
            printf '[%s, %s]' "$pid" "$(json "$text")"
            last=$inode
        done
        if [ -n "$last" ]; then printf ']'; fi
    }
}

sysctls() {
    settings=$SETTINGS
    for interface in /proc/sys/net/ipv4/conf/*; do
        for each in $EACH_INTERFACE_4; do settings="$settings ${interface#/proc/sys/net/}/$each"; done
    done
    for interface in /proc/sys/net/ipv6/conf/*; do
        for each in $EACH_INTERFACE_6; do settings="$settings ${interface#/proc/sys/net/}/$each"; done
    done
    set --
    for setting in $settings; do
        [ -r "/proc/sys/net/$setting" ] && set -- "$@" "/proc/sys/net/$setting"
    done
    # Dots and slashes change places, as sysctl(8) has it: what was a dot is part of an interface's name.
    awk 'FNR == 1 {
        count = split(substr(FILENAME, 11), parts, "/")
        for (number = 1; number <= count; number++) {
            gsub(/[.]/, "/", parts[number])
            printf "%s%s", (number == 1 ? "" : "."), parts[number]
        }
        print " = " $0
    }' "$@" 2>/dev/null || [ $# -gt 0 ]
}

proxy() { env | grep -iE '^(http|https|ftp|all|no)_proxy=' | sort || :; }

platform() {
    printf 'system=%s\nrelease=%s\nmachine=%s\nhostname=%s\neuid=%s\n' \
        "$(uname -s)" "$(uname -r)" "$(uname -m)" "$(uname -n)" "$(id -u)"
    sed -n 's/^CapEff:[^0-9a-f]*/capabilities=/p' /proc/self/status
    cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null || :
}

docker() {
    for socket in /run/docker.sock /var/run/docker.sock /run/podman/podman.sock; do
        [ -e "$socket" ] || continue
        command -v curl >/dev/null || { echo "curl is not installed" >&2; return 1; }
        curl -s -S -f -m 5 --unix-socket "$socket" http://localhost/containers/json && return 0
        return 1
    done
    echo '[]'
}

# --- all questions ---------------------------------------------------------------------------------------------------

collect() {
    ask ss-listeners 5 'who listens on which port' 'sudo ss -H -ltunpe' '' ss -H -ltunpe || {
        take proc-tcp 'who listens on which port' 'cat /proc/net/tcp' '' /proc/net/tcp
        take proc-tcp6 'who listens on which port' 'cat /proc/net/tcp6' '' /proc/net/tcp6
    }
    ask ss-connections 5 'the TCP connections' 'sudo ss -H -tnp state connected' '' ss -H -tnp state connected
    ask ss-unix 5 'the listening UNIX sockets' 'sudo ss -H -lxp' '' ss -H -lxp
    work_out processes 'the processes that run' 'sudo sh collect.sh' processes
    work_out foreign-listeners 'who listens in other network namespaces' 'sudo sh collect.sh' foreign_listeners

    ask ip-addresses 5 'the interfaces and addresses' 'ip -j -d addr' '' ip -j -d addr
    ask ip-routes-4 5 'the IPv4 routes' 'ip -j -d -4 route show table all' '' ip -j -d -4 route show table all
    ask ip-routes-6 5 'the IPv6 routes' 'ip -j -d -6 route show table all' '' ip -j -d -6 route show table all
    ask ip-rules-4 5 'the IPv4 routing rules' 'ip -j -4 rule' '' ip -j -4 rule
    ask ip-rules-6 5 'the IPv6 routing rules' 'ip -j -6 rule' '' ip -j -6 rule
    ask ip-neighbours 5 'the neighbour table' 'ip -j neigh' '' ip -j neigh
    work_out sysctls "the kernel's network settings" 'sysctl -a' sysctls

    ask nft-json 5 'the nftables ruleset' 'sudo nft -j list ruleset' "$NF_TABLES" nft -j list ruleset
    ask nft-text 5 'the nftables ruleset as text' 'sudo nft list ruleset' "$NF_TABLES" nft list ruleset
    ask nft-netlink 5 "the nftables ruleset in the kernel's words" 'sudo nft --debug=netlink list ruleset' "$NF_TABLES" \
        nft --debug=netlink list ruleset
    ask nft-hooks 5 'in which order the packet filters are called' 'sudo nft list hooks' "$NF_TABLES+$NETLINK_HOOK" \
        nft list hooks
    ask iptables-save 5 'the iptables rules' 'sudo iptables-save' "$NF_TABLES $LEGACY_4" iptables-save
    ask ip6tables-save 5 'the ip6tables rules' 'sudo ip6tables-save' "$NF_TABLES $LEGACY_6" ip6tables-save
    ask iptables-legacy-save 5 'the legacy iptables rules' 'sudo iptables-legacy-save' "$LEGACY_4" iptables-legacy-save
    ask ip6tables-legacy-save 5 'the legacy ip6tables rules' 'sudo ip6tables-legacy-save' "$LEGACY_6" ip6tables-legacy-save
    take ip-tables-names 'which legacy iptables tables exist' "sudo cat $LEGACY_4" "$LEGACY_4" "$LEGACY_4"
    take ip6-tables-names 'which legacy ip6tables tables exist' "sudo cat $LEGACY_6" "$LEGACY_6" "$LEGACY_6"
    ask ipset-save 5 'the IP sets' 'sudo ipset save' /sys/module/ip_set ipset save
    take ufw-conf 'whether ufw is switched on' 'cat /etc/ufw/ufw.conf' /etc/ufw/ufw.conf /etc/ufw/ufw.conf
    take ufw-defaults "ufw's default policies" 'cat /etc/default/ufw' /etc/default/ufw /etc/default/ufw
    take ufw-rules "ufw's own rules" 'sudo cat /etc/ufw/user.rules' /etc/ufw/user.rules /etc/ufw/user.rules
    take ufw-rules6 "ufw's own IPv6 rules" 'sudo cat /etc/ufw/user6.rules' /etc/ufw/user6.rules /etc/ufw/user6.rules
    ask firewalld 5 "firewalld's zones" 'sudo firewall-cmd --list-all-zones' process:firewalld firewall-cmd --list-all-zones
    ask firewalld-default-zone 5 "firewalld's default zone" 'sudo firewall-cmd --get-default-zone' process:firewalld \
        firewall-cmd --get-default-zone
    ask firewalld-zone-files 5 "firewalld's own zone files" 'sudo ls /etc/firewalld/zones' process:firewalld \
        ls /etc/firewalld/zones
    ask firewalld-panic 5 'whether firewalld is in panic mode' 'sudo firewall-cmd --query-panic' process:firewalld \
        firewall-cmd --query-panic
    ask fail2ban 5 'whom fail2ban bans' 'sudo fail2ban-client banned' \
        '/run/fail2ban/fail2ban.sock /var/run/fail2ban/fail2ban.sock' fail2ban-client banned
    work_out docker 'the containers and their published ports' 'sudo docker ps' docker

    take resolv-conf 'which name servers are asked' 'cat /etc/resolv.conf' /etc/resolv.conf /etc/resolv.conf
    take hosts 'the hosts file' 'cat /etc/hosts' /etc/hosts /etc/hosts
    take nsswitch 'how names are looked up' 'cat /etc/nsswitch.conf' /etc/nsswitch.conf /etc/nsswitch.conf
    work_out proxy 'the proxy variables' env proxy
    work_out platform 'what system this is' 'uname -a' platform
}

# Other words for the users' names, this machine's name and the second half of hardware addresses, in every answer.
redact() {
    machine=$(uname -n | tr -cd 'A-Za-z0-9_-')
    set -- -e 's/(([0-9A-Fa-f]{2}:){3})([0-9A-Fa-f]{2}:){2}[0-9A-Fa-f]{2}/\100:00:00/g'
    [ -z "$machine" ] || set -- "$@" -e "s/(^|[^A-Za-z0-9_-])$machine([^A-Za-z0-9_-]|\$)/\1machine\2/g"
    number=1
    for home in /home/*; do
        account=$(printf '%s' "${home#/home/}" | tr -cd 'A-Za-z0-9_-')
        if [ ! -d "$home" ] || [ -z "$account" ]; then continue; fi
        set -- "$@" -e "s/(^|[^A-Za-z0-9_-])$account([^A-Za-z0-9_-]|\$)/\1user$number\2/g"
        number=$((number + 1))
    done
    for file in "$bundle"/captures/*.txt; do
        sed -E "$@" "$file" >"$errors" && cat "$errors" >"$file"
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
trap 'rm -f "$errors" "$errors.env"' EXIT
trap 'exit 130' INT TERM

printf 'format = 1\ntaken_at = %d\nplatform = "linux"\nprivileged = %s\ntarget = ""\nredacted = %s\nwizard = "collect.sh"\n' \
    "$(date +%s)" "$([ "$(id -u)" -eq 0 ] && echo true || echo false)" "$redacted" >"$bundle/bundle.toml"
: >"$bundle/captures.toml"
say "Asking this machine; nothing is changed ..."
here=$(readlink /proc/self/ns/net 2>/dev/null | tr -cd '0-9')
# shellcheck disable=SC2012  # the links' targets are wanted, and their names are numbers
namespaces=" $(ls -l /proc/[0-9]*/ns/net 2>/dev/null |
    sed -n 's|.* /proc/\([0-9]*\)/ns/net -> net:\[\([0-9]*\)\]$|\1=\2|p' | tr '\n' ' ')"
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
