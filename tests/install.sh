#!/bin/sh
# Installs what the tests need and this machine lacks: the C compiler of Go's race detector, and what the tests in this
# module run against: PostgreSQL, MariaDB and Chromium.
# It does so only as root on Debian or a descendant; anywhere else it changes nothing, and the tests say what they skip.
# No service is started and none is left behind: the tests start their own.
set -eu

missing=
command -v gcc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
ls /usr/sbin/mariadbd >/dev/null 2>&1 || missing="$missing mariadb-server"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
# The pages of the console are looked at in Korean, too.
fc-list :lang=ko 2>/dev/null | grep -q . || missing="$missing fonts-nanum"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! grep -qE '^ID(_LIKE)?=.*debian' /etc/os-release 2>/dev/null; then
	for package in $missing; do
		echo "tests: $package is not installed, and its part is skipped (as root on Debian make test installs it)"
	done
	exit 0
fi

# A policy-rc.d that answers 101 forbids package scripts to start a service.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
fi

echo "tests/install.sh: installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
for package in $missing; do
	# One by one: a package that this release lacks must not cost the others.
	apt-get install -y -qq --no-install-recommends "$package" >/dev/null </dev/null ||
		echo "tests/install.sh: apt-get cannot install $package"
done
