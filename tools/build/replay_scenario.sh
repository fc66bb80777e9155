#!/bin/sh
# The body of every scenario_test: STAGEPOST replay [option...] FILE.
exec "$@"
