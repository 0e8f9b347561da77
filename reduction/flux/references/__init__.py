"""Published spectra of standard stars, extinction of the atmosphere, passbands."""
