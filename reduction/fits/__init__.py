"""FITS: the header vocabulary, reading and writing of frames, provenance."""

from astropy.io import fits

# Text stays text: astropy would turn OBJECT = 'COMET: 67' into a card OBJECT.COMET of the number 67
# (`reduction.fits.card_text` does the same for cards that are parsed).
fits.conf.enable_record_valued_keyword_cards = False
