#!/usr/bin/env bash
# A real Asterisk 22 from Debian's packages, in a folder of its own outside the clone. Made once; a second run finds it.
# Exit status 3: it cannot be had here, and the last line says why.
set -euo pipefail
root=${MARCADOR_ASTERISK_ROOT:-/var/lib/marcador/asterisk}
suite=forky # the first Debian release that carries Asterisk 22

cannot() { echo "No Asterisk 22 here: $*" >&2; exit 3; }
version() { "$@" -V 2>/dev/null | sed -n 's/^Asterisk \([0-9][0-9.]*\).*/\1/p'; }
accept() { # accept WHERE COMMAND...: say so and be done when the command is an Asterisk 22
  local found; found=$(version "${@:2}") || true
  case $found in 22.*) echo "Asterisk $found ($1)"; exit 0 ;; esac
}

if [ -n "${MARCADOR_ASTERISK:-}" ]; then
  if [ -d "$MARCADOR_ASTERISK" ]; then accept "$MARCADOR_ASTERISK" chroot "$MARCADOR_ASTERISK" asterisk
  else accept "$MARCADOR_ASTERISK" "$MARCADOR_ASTERISK"; fi
  cannot "MARCADOR_ASTERISK=$MARCADOR_ASTERISK is neither a folder nor a program of Asterisk 22."
fi
if [ "$(id -u)" = 0 ] && [ -d "$root" ]; then accept "$root" chroot "$root" asterisk; fi
if command -v asterisk >/dev/null; then accept "$(command -v asterisk)" asterisk; fi

[ "$(id -u)" = 0 ] || cannot "it is installed by root (run 'make asterisk' as root), or name yours with MARCADOR_ASTERISK."
. /etc/os-release
[ "${ID:-}" = debian ] || cannot "this is ${PRETTY_NAME:-not Debian}; install Asterisk 22 and name it with MARCADOR_ASTERISK."

mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock 9
if [ -d "$root" ]; then accept "$root" chroot "$root" asterisk; fi

if ! command -v mmdebstrap >/dev/null; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap; } >/dev/null ||
    cannot "mmdebstrap cannot be installed by apt."
fi

# The mirror and the ways to reach it are this machine's own.
mirror=$(apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
  awk -v release="$VERSION_CODENAME" '$1 == release && $2 == "main" { print $3; exit }')
[ -n "$mirror" ] || cannot "apt names no mirror for $VERSION_CODENAME."
work=$(mktemp -d "$root.XXXXXX")
trap 'rm -rf "$work"' EXIT
apt-config dump | grep -E '^Acquire::(https?|Check|Retries)' >"$work/apt.conf" || true
# A testing release's index may be older than it allows.
echo 'Acquire::Check-Valid-Until "false";' >>"$work/apt.conf"
echo "Installing Asterisk from Debian $suite into $root (about 340 MB) ..."
mmdebstrap --quiet --variant=minbase --include=asterisk --aptopt="$work/apt.conf" "$suite" "$work/root" "$mirror" ||
  cannot "mmdebstrap could not install it from the machine's mirror."

# Its own host name must resolve, or every SIP call stalls in a look-up that fails.
printf '127.0.0.1 localhost %s\n::1 localhost\n' "$(hostname)" >"$work/root/etc/hosts"
: >"$work/root/etc/resolv.conf"
chroot "$work/root" sh -c 'chown -R asterisk: /var/lib/asterisk /var/log/asterisk /var/spool/asterisk && install -d -o asterisk -g asterisk /srv/marcador'
case $(version chroot "$work/root" asterisk) in
  22.*) ;;
  *) cannot "Debian $suite now carries Asterisk '$(version chroot "$work/root" asterisk)'." ;;
esac
rm -rf "$root"
chmod 755 "$work/root"
mv "$work/root" "$root"
accept "$root" chroot "$root" asterisk
cannot "the installation in $root does not start."
