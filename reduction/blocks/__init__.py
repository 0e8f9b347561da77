"""One module per process block; `reduction.registry.all_blocks` discovers them."""
