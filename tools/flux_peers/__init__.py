"""Programs that run inside the environments of other packages, for `make bench-flux`.

Each reads the spectra of one night (`tools.bench_flux.write_night`) and writes their fluxes: it
calibrates every spectrum with the first, the one of a standard star, by its package's own
sensitivity function, extinction and telluric correction, with the package's defaults.
"""
