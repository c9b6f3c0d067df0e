#!/bin/sh
# Installs packages; none of them starts a service, now or with the machine: the tests start the
# nginx they need, and port 80 is not ours. Debian asks policy-rc.d before a package starts anything;
# where the machine has a policy of its own, that one decides.
set -e
policy=${POLICY:-/usr/sbin/policy-rc.d}
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
case " $* " in
*" nginx"*) systemctl disable --quiet nginx 2> /dev/null || true ;;
esac
