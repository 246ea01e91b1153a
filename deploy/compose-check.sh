#!/usr/bin/env bash
# npm run compose:check: builds and runs docker-compose.yml as a project of its own, plays the demo in it, kills a service, stops and starts
# everything, and looks at every container. Leaves nothing behind but the engine's build cache.
# Where there is no engine or no images it says so and passes; with COMPOSE_CHECK=required that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
project=lianban-check-$$
export LIANBAN_TAG=check-$$ COMPOSE_PROGRESS=quiet

step() { echo "compose-check: [$SECONDS s] $*"; }
fail() { echo "compose-check: FAILED: $*" >&2; exit 1; }
skip() {
  printf '\n*** COMPOSE CHECK SKIPPED, NOTHING WAS BUILT OR RUN: %s\n\n' "$1" >&2
  [ "${COMPOSE_CHECK:-}" != required ] || fail 'it is required here (COMPOSE_CHECK)'
  exit 0
}
# Waited for in the background, so that a signal to this script is heard at once.
within() { timeout "$@" & wait $!; }
compose() { local limit=$1; shift; within "$limit" docker compose -p "$project" "$@"; }

command -v timeout >/dev/null || skip 'there is no timeout command'
command -v docker >/dev/null && timeout 20 docker info >/dev/null 2>&1 || skip 'no container engine answers'
timeout 20 docker compose version >/dev/null 2>&1 || skip 'the engine has no compose plugin'
node_image=$(docker compose config --format json | node -p 'JSON.parse(require("fs").readFileSync(0)).services.catalog.build.args.NODE_IMAGE')
for image in "$node_image" $(docker compose config --images | grep -v ^lianban- | sort -u); do
  docker image inspect "$image" >/dev/null 2>&1 || within 600 docker pull -q "$image" >/dev/null 2>&1 ||
    skip "image $image is not here and cannot be pulled (NODE_IMAGE, POSTGRES_IMAGE and KAFKA_IMAGE name others)"
done

# Ports nobody listens on, from 42xx on; 41xx is the real thing's.
taken() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
LIANBAN_PORTS=42
while for port in 00 01 02 03 04 05 06 10 11 21; do taken "$LIANBAN_PORTS$port" && break; done; do
  LIANBAN_PORTS=$((LIANBAN_PORTS + 1))
  [ $LIANBAN_PORTS -lt 65 ] || fail 'no block of free ports'
done
export LIANBAN_PORTS

clean_up() {
  local code=$?
  trap - EXIT INT TERM
  # shellcheck disable=SC2046
  kill $(jobs -p) 2>/dev/null || true
  if [ $code -ne 0 ]; then
    timeout 20 docker compose -p "$project" ps -a >&2 || true
    timeout 20 docker compose -p "$project" logs --no-color --tail 25 >&2 || true
  fi
  timeout 120 docker compose -p "$project" --profile tools down -v --remove-orphans -t 5 >/dev/null 2>&1 || true
  timeout 60 docker image rm "lianban-services:$LIANBAN_TAG" "lianban-demo:$LIANBAN_TAG" >/dev/null 2>&1 || true
  exit $code
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# One line per container: id, service, state, exit code, health, restarts wanted.
containers() {
  # shellcheck disable=SC2046
  docker inspect --format '{{.ID}} {{index .Config.Labels "com.docker.compose.service"}} {{.State.Status}} {{.State.ExitCode}} {{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}} {{.HostConfig.RestartPolicy.Name}}' $(docker compose -p "$project" ps -aq)
}
# Every long-running container is healthy, every one-shot has ended well.
until_healthy() {
  local deadline=$((SECONDS + 240)) waiting
  while :; do
    waiting=$(containers | awk '$6 == "no" ? $3 != "exited" || $4 != 0 : $5 != "healthy" { print $2 " is " $3 ", " $5 }')
    [ -n "$waiting" ] || return 0
    [ $SECONDS -lt $deadline ] || fail "not healthy: $waiting"
    within 9 sleep 1
  done
}
service_id() { docker compose -p "$project" ps -aq "$1"; }
token() { compose 60 run --rm -T token "$1" 2>/dev/null; }
# GET of a service's published port: get PORT PATH [TOKEN] prints status and body.
get() {
  timeout 20 node -e '
    const [url, token] = process.argv.slice(1);
    fetch(url, { headers: token ? { authorization: `Bearer ${token}` } : {} })
      .then(async (answer) => console.log(answer.status, await answer.text()));' "http://127.0.0.1:$LIANBAN_PORTS$1$2" "${3:-}"
}
cases_total() { get 03 '/cases?limit=1' "$operator" | sed -n 's/^200 .*"total":\([0-9]*\).*/\1/p'; }

log=$(mktemp)
step 'building the images'
compose 1200 --progress plain build >"$log" 2>&1 || { tail -40 "$log" >&2; fail 'the images cannot be built'; }
rm -f "$log"
step "built: $(docker image inspect --format '{{index .RepoTags 0}} {{.Size}} bytes' "lianban-services:$LIANBAN_TAG" "lianban-demo:$LIANBAN_TAG" | tr '\n' ' ')of which the base image $(docker image inspect --format '{{.Size}}' "$node_image")"
docker run --rm --network none --entrypoint sh "lianban-services:$LIANBAN_TAG" -c '
  for package in typescript @swc/core jest eslint nx prettier testcontainers @lianban/testing; do
    [ ! -e "node_modules/$package" ] || { echo "$package is in the image"; exit 1; }
  done' || fail 'the image of the services holds development tools'

compose 300 up -d >/dev/null 2>&1 || fail 'the containers do not start'
until_healthy
step 'every container is healthy'

values=$(for name in catalog intake dispatch review courier notifications issuer carrier messages; do
  docker exec "$(service_id $name)" sed -n 's/^[A-Z_]*=//p' /state/secrets.env
done)
[ "$(wc -w <<<"$values")" -ge 11 ] || fail 'the secrets cannot be read'
containers | while read -r id name _ _ _ policy; do
  if [ "$policy" = no ]; then
    docker inspect --format '{{.Config.User}}' "$id" | grep -qvE '^(0|root)?(:|$)' || fail "$name runs as root"
  else
    ! docker top "$id" -eo pid,uid | awk 'NR > 1 { print $2 }' | grep -qx 0 || fail "$name runs as root"
  fi
  about=$(docker inspect "$id")
  ! grep -qF -f <(echo "$values") <<<"$about" || fail "a secret of $name is shown by docker inspect"
  docker inspect --format '{{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}' "$id" | grep -qF '[ALL] [no-new-privileges' || fail "$name has capabilities"
  [ "$name" = kafka ] || [ "$(docker inspect --format '{{.HostConfig.ReadonlyRootfs}}' "$id")" = true ] || fail "$name may write to its root file system"
  ! docker inspect --format '{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}} {{end}}{{end}}' "$id" | grep -qvE '^(127\.0\.0\.1 )*$' || fail "$name is open to other machines"
done
docker exec "$(service_id intake)" sh -c 'grep -q "^DATABASE_URL=postgres://intake_app:" /state/secrets.env && ! grep -q migrator -r /state' ||
  fail 'intake holds more than the role it works with'
step 'nobody is root, has capabilities, shows a secret or is open to other machines'

operator=$(token operator)
[[ $(get 01 /items) == 401\ * ]] || fail 'the catalog answers without a token'
[[ $(get 01 /items "$operator") == 200\ *pension-transfer* ]] || fail 'the catalog does not answer'
step 'the demo'
compose 300 run --rm -T demo || fail 'the demo'

step 'the demo again, while review is killed'
before=$(cases_total)
compose 300 run --rm -T demo --cases 40 --seed 11 >"$log" 2>&1 &
demo=$!
until [ "$(cases_total)" -gt "$before" ]; do
  kill -0 $demo 2>/dev/null || { cat "$log" >&2; fail 'the demo'; }
  within 9 sleep 0.2
done
review=$(service_id review)
# From outside: within its container the first process cannot be killed, and after `docker kill` the engine would not start it again.
docker run --rm --network none --pid host --user 0 --entrypoint kill "$node_image" -9 "$(docker inspect --format '{{.State.Pid}}' "$review")"
wait $demo || { cat "$log" >&2; fail 'the demo while review was killed'; }
tail -3 "$log"
rm -f "$log"
[ "$(docker inspect --format '{{.RestartCount}}' "$review")" -ge 1 ] || fail 'review was not started again'
until_healthy

step 'stopping and starting'
cases=$(cases_total)
compose 120 stop >/dev/null 2>&1
containers | while read -r _ name state code _; do
  # 143: how Java ends when it has done what it does at a SIGTERM.
  [ "$state $code" = 'exited 0' ] || [ "$name $state $code" = 'kafka exited 143' ] || fail "$name was not stopped in good order: $state, $code"
done
compose 300 up -d >/dev/null 2>&1 || fail 'the containers do not start again'
until_healthy
[ "$(cases_total)" = "$cases" ] || fail "there were $cases cases, after the start there are others"
step "all $cases cases are still there; the token from before counts"
