#!/bin/sh
# A training job that goes on from its own checkpoint: train.sh MODE STEPS. One step takes MODE's time.
# It says in ../starts.log, outside its folder, that it was started, and with which step it began.
mode=$1
steps=$2
# The spec can ask for a slow one too.
grep -q '"scale": "slow"' "$TITRATE_JOB_DIR/job.json" && mode=slow steps=600
cd "$TITRATE_JOB_DIR" || exit 70
step=$(cat checkpoint 2>/dev/null || echo 0)
echo "$TITRATE_JOB_KEY from $step restarts ${TITRATE_RESTARTS-none} account ${SLURM_JOB_ACCOUNT-none}" >>../starts.log
echo "out from $step"
pause=0.1
case $mode in
slow) pause=1 ;;
deaf) trap 'echo deaf >>../starts.log' TERM; pause=1 ;;
polite) trap 'echo "$step" >saved; exit 143' TERM; pause=0.2 ;;
exit) echo "Traceback: bad luck" >&2; exit 3 ;;
resume-me) exit 75 ;;
nan) echo '{"step":5,"metrics":{"loss":NaN}}' >>metrics.jsonl; exit 1 ;;
kill-script) kill -KILL $PPID; sleep 60 ;;
esac
while [ "$step" -lt "$steps" ]; do
  sleep "$pause"
  step=$((step + 1))
  echo "$step" >checkpoint
  printf '{"step":%d,"metrics":{"loss":%d.5}}\n' "$step" "$((100 - step))" >>metrics.jsonl
done
