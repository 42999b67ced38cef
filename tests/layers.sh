#!/usr/bin/env bash
# Every #include of the tree obeys src/LAYERS.
exec "$(dirname "$0")/../tools/layers.sh"
