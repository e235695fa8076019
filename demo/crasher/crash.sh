#!/bin/sh
# Works for LIVES_S seconds, then ends with status 1. SIGTERM ends it at once.
trap 'echo "INFO told to stop"; exit 0' TERM
echo "INFO up, pid $$, will fail in ${LIVES_S:-20} s"
n=0
while [ "$n" -lt "${LIVES_S:-20}" ]; do
  n=$((n + 1))
  sleep 1 &
  wait $!
  echo "INFO working, step $n"
done
echo "ERROR out of ideas" >&2
exit 1
