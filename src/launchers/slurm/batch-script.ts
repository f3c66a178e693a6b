/**
 * The batch script of a job, in plain POSIX sh: compute nodes may have neither Node nor bash. Its laws:
 *
 * 1. The lock names one submission for ever. A job of another submission that finds it leaves at once, with a mark.
 * 2. The same job may be started again (Slurm requeued it, or its controller forgot that it had started it). It goes on
 *    only when the start before it is over: by its exit file, or because its beat has been still for long.
 * 3. What is stopped, or held to have ended, is not started; what runs and finds the mark ends.
 * 4. The exit file is there as a whole or not at all. A full disk is waited for; a folder that was removed is not: nobody
 *    will read there, and the nodes are paid for.
 */

interface BatchSettings {
  readonly folder: string;
  readonly key: string;
  readonly token: string;
  readonly command: readonly string[];
  readonly cwd?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number | undefined;
  readonly graceSeconds: number;
  /** From one sign of life to the next (s). */
  readonly beatSeconds: number;
}

const BEATS_OF_SILENCE = 4; // from then on a start is over whose script cannot say so
const BEATS_WITHOUT_FOLDER = 12; // a minute: from then on it was removed

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const settingLines = (settings: BatchSettings): string =>
  [
    `dir=${quote(settings.folder)}`,
    `token=${quote(settings.token)}`,
    `work=${quote(settings.cwd ?? settings.folder)}`,
    `beat_every=${settings.beatSeconds}`,
    `silence=${settings.beatSeconds * BEATS_OF_SILENCE}`,
    `tries=${BEATS_WITHOUT_FOLDER}`,
    `grace=${settings.graceSeconds}`,
    `limit=${Math.ceil(settings.timeoutSeconds ?? 0)}`, // seconds; 0: none
  ].join('\n');

const commandLine = ({ folder, key, token, command, env }: BatchSettings): string => {
  const own = { TITRATE_JOB_DIR: folder, TITRATE_JOB_KEY: key, TITRATE_JOB_TOKEN: token };
  const assignments = Object.entries({ ...env, ...own }).map(([name, value]) => quote(`${name}=${value}`));
  return ['env', ...assignments, '"TITRATE_RESTARTS=$restarts"', ...command.map(quote)].join(' ');
};

const OPENING = `
me="\${SLURM_JOB_ID:-0}-\${SLURMD_NODENAME:-node}-$$"
say() { echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) $me: $*"; }
leave() { say "left at once: $*"; echo "$*" >"left-$me"; exit 0; }

# put FILE TEXT: makes the file as a whole. Says no when there is one with another text. Waits for a full disk.
put() {
  draft=".tmp-$me"
  missed=0
  while :; do
    if printf '%s\\n' "$2" >"$draft" 2>/dev/null && { ln "$draft" "$1" 2>/dev/null || [ -e "$1" ]; }; then break; fi
    say "cannot write $1; trying again"
    if cd "$dir" 2>/dev/null; then missed=0
    elif LC_ALL=C ls -d "$dir" 2>&1 | grep -q 'No such file'; then missed=$((missed + 1))
    fi
    [ "$missed" -lt "$tries" ] || { say "the folder $dir is gone"; exit "\${code:-69}"; }
    sleep "$beat_every"
  done
  rm -f "$draft"
  [ "$(cat "$1")" = "$2" ]
}
is_over() { [ -e "$dir/ended.json" ] || [ -e "$dir/stopped" ]; } # by path: a stop makes a folder anew that was removed

unset SLURM_EXPORT_ENV # after --export=NONE it would keep our own variables from the tasks of an srun
cd "$dir" || { say "the folder $dir cannot be entered on this node"; exit 69; }
ls >/dev/null # a network file system looks again

is_over && leave "stopped or ended before this start"
put lock "{\\"token\\":\\"$token\\",\\"job\\":\\"\${SLURM_JOB_ID:-0}\\"}" || leave "another submission has the lock"
is_over && leave "stopped before its start"
`;

const RESTART = `
# The start before this one must be over.
wait_for_silence() {
  still=0
  seen=$(cat beat 2>/dev/null)
  while [ "$still" -lt "$silence" ] && [ ! -e "exit-$1.json" ]; do
    sleep 1
    now=$(cat beat 2>/dev/null)
    still=$((still + 1))
    [ "$now" = "$seen" ] || { still=0; seen=$now; }
    is_over && leave "stopped or ended while it waited for its former start"
  done
}
n=0
while :; do
  while [ -e "start-$((n + 1)).json" ]; do n=$((n + 1)); done
  if [ "$n" -gt 0 ]; then
    [ -e "exit-$n.json" ] || { say "start $n left no exit status: waiting until it is surely over"; wait_for_silence "$n"; }
    if grep -qs '"why":"own"' "exit-$n.json"; then leave "the command had ended by itself"; fi
  fi
  n=$((n + 1))
  put "start-$n.json" "{\\"by\\":\\"$me\\",\\"restart\\":\${SLURM_RESTART_COUNT:-0},\\"at\\":$(date +%s)}" && break
done
restarts=$((n - 1))
`;

const SIGNALS = `
why=own
caught=
child=
# srun answers SIGTERM by killing its tasks at once: they are asked themselves, through Slurm.
has_srun() {
  for stat in /proc/[0-9]*/stat; do
    read -r _ comm _ _ group _ <"$stat" && [ "$comm $group" = "(srun) $child" ] && return 0
  done 2>/dev/null
  return 1
}
signal_command() {
  [ -n "$child" ] || return 0
  [ "$1" = TERM ] && has_srun && timeout -s KILL 10 scancel --signal=TERM "$SLURM_JOB_ID" 2>/dev/null && return 0
  kill -s "$1" -- "-$child" 2>/dev/null || kill -s "$1" "$child" 2>/dev/null
}
pass_on() {
  caught=1
  [ "$why" = own ] && why=$1
  signal_command TERM
  signal_command CONT # what is frozen takes a signal only when it goes on
}
trap 'pass_on signal' TERM INT
trap 'pass_on time' USR1
`;

const start = (settings: BatchSettings): string => `
run() {
  cd "$work" || { echo "the working folder $work cannot be entered" >&2; exit 127; }
  if command -v setsid >/dev/null 2>&1; then exec setsid ${commandLine(settings)}; else exec ${commandLine(settings)}; fi
}
say "start $n of the command"
run </dev/null >>"$dir/stdout.log" 2>>"$dir/stderr.log" &
child=$!
[ "$why" = own ] || signal_command TERM # a signal that came before there was anybody to pass it on to
`;

const WATCH = `
# Signs of life, and the ends that nobody signals: a mark in the folder, the longest time, a script that is gone.
end_command() {
  signal_command TERM
  signal_command CONT
  left=$grace
  while [ "$left" -gt 0 ] && kill -0 "$child" 2>/dev/null; do sleep 1; left=$((left - 1)); done
  signal_command KILL
}
watch() {
  trap '' TERM INT USR1
  i=0
  began=$(date +%s)
  while kill -0 "$child" 2>/dev/null; do
    i=$((i + 1))
    echo "$n $i" >beat
    if is_over; then : >"told-$n"; end_command
    elif ! kill -0 $$; then end_command # this script was killed: nobody could say how the command ends
    elif [ "$limit" -gt 0 ] && [ $(($(date +%s) - began)) -ge "$limit" ]; then : >"timeout-$n"; end_command
    fi
    sleep "$beat_every"
  done
}
watch 2>/dev/null &
watcher=$!
`;

const END = `
code=
while :; do
  caught=
  wait "$child"
  new=$?
  # 127 after a signal: the shell has given the status away already.
  if [ "$new" -ne 127 ] || [ -z "$code" ]; then code=$new; fi
  [ -n "$caught" ] || break
done
[ "$code" -gt 128 ] && [ "$why" = own ] && sleep 1 # Slurm signals the command and this script: the second may come late
[ -e "told-$n" ] && why=signal
[ -e "timeout-$n" ] && why=time
signal_command KILL # what the command left in its group
kill -s KILL "$watcher" 2>/dev/null
put "exit-$n.json" "{\\"code\\":$code,\\"why\\":\\"$why\\"}"
say "the command ended with $code ($why)"
exit "$code"
`;

/** Writes the batch script of one submission. */
export const batchScript = (settings: BatchSettings): string =>
  [
    '#!/bin/sh\n# A job of titrate (docs/slurm.md). Slurm starts it; it is of no use by hand.\n',
    settingLines(settings),
    OPENING,
    RESTART,
    SIGNALS,
    start(settings),
    WATCH,
    END,
  ].join('');
