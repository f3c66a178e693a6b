#!/bin/sh
# Says that it was started before anything else: one line, one write, in a log that titrate does not know.
printf '{"is":"start","key":"%s","pid":%s}\n' "$TITRATE_JOB_KEY" "$$" >>"$TITRATE_CHAOS_LOG" || exit 70
exec "$TITRATE_CHAOS_NODE" "$(dirname "$0")/chaos-job.mjs"
