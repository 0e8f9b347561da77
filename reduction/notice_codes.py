"""The codes of all notices, each with its severity and the names of its parameters."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Self


class Severity(IntEnum):
    """Severity of a notice; pages show the most severe first."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """The word that is stored and that the API uses."""
        return self.name.lower()


INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR


class NoticeCode(StrEnum):
    """Every notice: its code, which is stored and part of the API, its severity, its parameters."""

    severity: Severity
    parameters: frozenset[str]

    def __new__(cls, code: str, severity: Severity = ERROR, parameters: str = "") -> Self:
        """Create a member from a code, its severity and the names of its parameters."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.severity = severity
        member.parameters = frozenset(parameters.split())
        return member

    # A file that cannot be read.
    FILE_EMPTY = "file_empty", ERROR, "file"
    FILE_CUT_SHORT = "file_cut_short", ERROR, "file size expected"
    GZIP_DAMAGED = "gzip_damaged", ERROR, "file"
    FILE_TOO_LARGE = "file_too_large", ERROR, "file size limit"
    GZIP_TOO_LARGE = "gzip_too_large", ERROR, "file"
    NOT_FITS = "not_fits", ERROR, "file"
    HEADER_TOO_LONG = "header_too_long", ERROR, "file limit"
    HEADER_CUT_SHORT = "header_cut_short", ERROR, "file"
    TOO_MANY_HDUS = "too_many_hdus", ERROR, "file limit"
    CHECKSUM_MISMATCH = "checksum_mismatch", ERROR, "file keyword"
    NO_IMAGE = "no_image", ERROR, "file"
    IMAGE_TOO_LARGE = "image_too_large", ERROR, "file megapixels"
    NOT_ONE_PLANE = "not_one_plane", ERROR, "file shape"
    PIXEL_TYPE_UNKNOWN = "pixel_type_unknown", ERROR, "file bitpix"
    PIXELS_MISSING = "pixels_missing", ERROR, "file bytes"
    UNPACKING_FAILED = "unpacking_failed", ERROR, "file"
    ARRAY_UNKNOWN = "array_unknown", ERROR, "file"
    ARRAY_CUT_SHORT = "array_cut_short", ERROR, "file"
    PRODUCT_UNREADABLE = "product_unreadable", ERROR, "file"
    NOT_A_PRODUCT = "not_a_product", ERROR, "file"
    PIXELS_NOT_WRITTEN = "pixels_not_written", WARNING, "file fraction"
    NAME_CONFLICT = "name_conflict", ERROR, "file indexed"
    FRAME_CHANGED = "frame_changed", ERROR, "file indexed"
    QUARANTINED = "quarantined", ERROR, "file reason"
    NAME_UNUSABLE = "name_unusable", ERROR, "file"
    FILE_UNREADABLE = "file_unreadable", ERROR, "file problem"
    INSPECTION_STOPPED = "inspection_stopped", ERROR, "file"
    UNEXPECTED_FAILURE = "unexpected_failure", ERROR, "file exception"
    NOT_RAW = "not_raw", ERROR, "keyword value pipeline"

    # A header that cannot be used. `keyword` is the card at fault.
    CARD_MALFORMED = "card_malformed", ERROR, "keyword"
    CARD_READ_AS = "card_read_as", INFO, "keyword stored value"
    CARD_ASSUMED = "card_assumed", WARNING, "keyword stored value"
    CARD_IGNORED = "card_ignored", WARNING, "keyword meaning stored"
    CARD_BLANK = "card_blank", INFO, "keyword meaning"
    CARD_SHORTENED = "card_shortened", INFO, "keyword length"
    CARDS_IGNORED = "cards_ignored", INFO, "keywords"
    CARDS_NOT_ASCII = "cards_not_ascii", INFO, "keywords"
    CARD_DERIVED = "card_derived", INFO, "keyword meaning value source"
    CARD_PRESUMED = "card_presumed", WARNING, "keyword meaning value source"
    LAMP_AS_OBJECT = "lamp_as_object", WARNING, "keyword lamp"
    FLAT_AS_OBJECT = "flat_as_object", WARNING, "keyword lamp"
    OBSTYPE_DOUBTFUL = "obstype_doubtful", WARNING, "keyword stored facts"
    CARD_MISSING = "card_missing", ERROR, "keyword meaning"
    CARDS_MISSING = "cards_missing", ERROR, "keyword cards"
    CARD_NOT_TEXT = "card_not_text", ERROR, "keyword meaning value"
    CARD_NOT_NUMBER = "card_not_number", ERROR, "keyword meaning value"
    CARD_NOT_FINITE = "card_not_finite", ERROR, "keyword value"
    CARD_NOT_WHOLE = "card_not_whole", ERROR, "keyword value"
    CARD_ABSURD = "card_absurd", ERROR, "keyword value"
    SHAPE_NOT_ONE_PLANE = "shape_not_one_plane", ERROR, "keyword shape"
    AXES_NOT_TWO = "axes_not_two", ERROR, "keyword axes"
    LARGER_THAN_DETECTOR = "larger_than_detector", ERROR, "keyword binning size"
    EXPOSURE_NEGATIVE = "exposure_negative", ERROR, "keyword seconds"
    EXPOSURE_TOO_LONG = "exposure_too_long", ERROR, "keyword seconds"
    BINNING_INVALID = "binning_invalid", ERROR, "keyword value"
    INSTRUMENT_UNKNOWN = "instrument_unknown", ERROR, "keyword value"
    CAMERA_UNKNOWN = "camera_unknown", ERROR, "keyword value"
    CAMERA_CONTRADICTION = "camera_contradiction", ERROR, "keyword camera instrument"
    CAMERA_DERIVED = "camera_derived", INFO, "camera evidence"
    CAMERA_DISPUTED = "camera_disputed", WARNING, "camera evidence against"
    CAMERA_OPEN = "camera_open", WARNING, "facts"
    CAMERA_DECIDED = "camera_decided", INFO, "camera person"
    CARD_DECIDED = "card_decided", INFO, "keyword value person"
    TIME_MISSING = "time_missing", ERROR, "keyword value"
    DATE_INVALID = "date_invalid", ERROR, "keyword value"
    DATE_IN_FUTURE = "date_in_future", WARNING, "keyword stored filed"
    DATE_TOO_EARLY = "date_too_early", WARNING, "keyword stored"
    READOUT_IMPLAUSIBLE = "readout_implausible", ERROR, "keyword value low high"
    POSITION_MISSING = "position_missing", ERROR, "keyword cards"
    POSITION_IMPLAUSIBLE = "position_implausible", ERROR, "keyword cards"
    APERTURE_MISSING = "aperture_missing", ERROR, "keyword"
    APERTURE_IMPLAUSIBLE = "aperture_implausible", ERROR, "keyword"
    WAVELENGTHS_MISSING = "wavelengths_missing", ERROR, "keyword"
    NOT_EXTRACTED = "not_extracted", ERROR, "keyword file"
    GAIN_OR_NOISE_MISSING = "gain_or_noise_missing", WARNING, "keyword"
    GAIN_OR_NOISE_IMPLAUSIBLE = "gain_or_noise_implausible", WARNING, "keyword value"
    READOUT_UNKNOWN = "readout_unknown", WARNING, "gain read_noise camera"
    OBSTYPE_UNKNOWN = "obstype_unknown", WARNING, "value"

    # Reduction and masters.
    NOT_TWO_DIMENSIONAL = "not_two_dimensional", ERROR, "file"
    PIXELS_SATURATED = "pixels_saturated", ERROR, "fraction"
    PIXELS_WITHOUT_NUMBER = "pixels_without_number", ERROR, "fraction"
    NO_VALID_PIXEL = "no_valid_pixel", ERROR
    NO_VARIANCE = "no_variance", ERROR
    MASTER_DOES_NOT_FIT = "master_does_not_fit", ERROR, "role size binning frame_size frame_binning"
    NO_BIAS_LEVEL = "no_bias_level", WARNING
    READ_NOISE_DIFFERS = "read_noise_differs", INFO, "measured stated source"
    READ_NOISE_NOT_USED = "read_noise_not_used", WARNING, "measured stated source"
    TRIM_NOT_USED = "trim_not_used", INFO, "stated used"
    PART_NOT_COVERED = "part_not_covered", INFO, "rows columns role"
    COSMIC_RAYS_TOO_MANY = "cosmic_rays_too_many", WARNING, "found most"
    COSMIC_RAYS_PROTECTED = "cosmic_rays_protected", INFO, "count"
    TOO_FEW_FRAMES = "too_few_frames", ERROR, "role found needed"
    FRAMES_DIFFER = "frames_differ", ERROR, "file reference difference"
    FLATS_SATURATED = "flats_saturated", ERROR, "count least allowed"
    FLATS_LEFT_OUT = "flats_left_out", WARNING, "count total allowed"
    FLATS_WITHOUT_LIGHT = "flats_without_light", ERROR, "count"
    MEMBERS_LEFT_OUT = "members_left_out", WARNING, "role count total reasons"
    MEMBERS_DISAGREE = "members_disagree", ERROR, "role count total reasons"
    MASTER_UNCONFIRMED = "master_unconfirmed", WARNING, "role count"
    MEMBER_REJECTED = "member_rejected", WARNING, "role file misfit"
    LEVEL_CHANGED = "level_changed", WARNING, "role level previous file"
    MASTER_REMARK = "master_remark", WARNING, "role file reason"
    MASTER_FAILED = "master_failed", WARNING, "role reason"
    FRAME_NOT_ACCEPTED = "frame_not_accepted", WARNING, "file"
    FRAME_ACCEPTED = "frame_accepted", INFO, "person file"
    FLAT_WITHOUT_LIGHT = "flat_without_light", ERROR, "file"
    FLAT_DARK = "flat_dark", ERROR
    FLAT_COLOUR_NOT_FITTED = "flat_colour_not_fitted", ERROR

    # Extraction.
    NOT_REDUCED = "not_reduced", ERROR, "file"
    TOO_FEW_PIXELS = "too_few_pixels", ERROR, "file"
    FRAME_UNUSABLE = "frame_unusable", ERROR
    APERTURE_UNUSABLE = "aperture_unusable", ERROR
    APERTURE_OUTSIDE = "aperture_outside", ERROR
    NO_TARGET = "no_target", ERROR, "highest threshold"
    TARGET_NOT_TRACED = "target_not_traced", ERROR, "row sections total"
    TARGET_LEFT_OUT = "target_left_out", WARNING, "reason"
    TRACE_OF_BRIGHTEST = "trace_of_brightest", WARNING
    TRACE_OF_OTHER = "trace_of_other", WARNING, "file"
    EMISSION_LINES_ONLY = "emission_lines_only", WARNING, "sections"
    SLIT_FILLED = "slit_filled", ERROR, "fraction"
    TARGET_IN_BACKGROUND = "target_in_background", WARNING, "fraction"
    TARGET_EXTENDED = "target_extended", INFO, "fwhm"
    TARGET_SATURATED = "target_saturated", WARNING, "fraction"
    TARGET_MOSTLY_SATURATED = "target_mostly_saturated", ERROR, "fraction"
    TARGET_LOST_TO_SATURATION = "target_lost_to_saturation", ERROR, "row"
    SKY_WITH_TARGETS = "sky_with_targets", WARNING, "reason"
    NO_FREE_ROWS = "no_free_rows", ERROR
    BACKGROUND_ONE_SIDE = "background_one_side", WARNING
    BACKGROUND_MOVED = "background_moved", WARNING
    BACKGROUND_NOT_SUBTRACTED = "background_not_subtracted", WARNING
    BACKGROUND_ZONES_UNUSABLE = "background_zones_unusable", WARNING
    MANUAL_EXTRACTION = "manual_extraction", INFO
    LAMP_DOES_NOT_COVER = "lamp_does_not_cover", ERROR, "first last row"

    # Wavelength calibration.
    ARC_MISSING = "arc_missing", ERROR, "file"
    ARC_SETUP_DIFFERS = "arc_setup_differs", ERROR, "file differences"
    GRATING_OUT_OF_RANGE = "grating_out_of_range", ERROR, "grating cam_targ grt_targ centre"
    GRATING_UNKNOWN = "grating_unknown", ERROR, "grating"
    LAMP_UNKNOWN = "lamp_unknown", ERROR, "lamp known"
    ELEMENT_UNKNOWN = "element_unknown", ERROR, "element"
    LAMP_NOT_IDENTIFIED = "lamp_not_identified", ERROR
    LAMP_GUESSED = "lamp_guessed", WARNING, "lamp"
    ARC_WITHOUT_PIXELS = "arc_without_pixels", ERROR
    ARC_WITHOUT_LINES = "arc_without_lines", ERROR, "lines"
    NO_SHIFT_FITS = "no_shift_fits", ERROR, "lamp lines grating cam_targ grt_targ"
    TOO_FEW_LINES = "too_few_lines", ERROR, "lamp found needed"
    BRIGHT_LINES_UNEXPLAINED = "bright_lines_unexplained", ERROR, "lamp fraction"
    PUBLISHED_LINES_ABSENT = "published_lines_absent", ERROR, "lamp fraction"
    AGREEMENT_BY_CHANCE = "agreement_by_chance", ERROR, "lamp"
    LINES_SCATTER = "lines_scatter", ERROR, "lamp widths"
    LINES_COVER_TOO_LITTLE = "lines_cover_too_little", ERROR, "lamp fraction"
    ORDER_TOO_LOW = "order_too_low", ERROR, "order rms lines"
    SOLUTION_NOT_MONOTONIC = "solution_not_monotonic", ERROR
    ARC_NOT_USED = "arc_not_used", WARNING, "file reason"
    NO_ARC_SOLVED = "no_arc_solved", ERROR, "files file reason"
    ENDS_UNCERTAIN = "ends_uncertain", WARNING, "first last offset"
    SKY_CORRECTED = "sky_corrected", WARNING, "features offset error"
    SECOND_ORDER = "second_order", INFO, "first last filters"
    SECOND_ORDER_UNKNOWN = "second_order_unknown", WARNING, "filters"
    SKY_OFFSET = "sky_offset", WARNING, "features offset error"
    SLITS_DIFFER = "slits_differ", INFO, "arc_slit slit"
    SLIT_WIDER_THAN_TARGET = "slit_wider_than_target", WARNING, "slit offset"
    ZERO_POINT_FROM_SIBLINGS = "zero_point_from_siblings", WARNING, "offset error files"
    ZERO_POINT_LEARNT = "zero_point_learnt", WARNING, "offset error number nights last"
    ZERO_POINT_FROM_ARC = "zero_point_from_arc", WARNING, "error"
    ZERO_POINT_UNCERTAIN = "zero_point_uncertain", ERROR, "limit arc_slit slit"

    # Flux calibration.
    NOT_WAVELENGTH_CALIBRATED = "not_wavelength_calibrated", ERROR, "keyword file"
    SENSITIVITY_MISSING = "sensitivity_missing", ERROR, "file"
    SENSITIVITY_EMPTY = "sensitivity_empty", ERROR, "file"
    SENSITIVITY_NO_OVERLAP = "sensitivity_no_overlap", ERROR, "file first last lowest highest"
    SENSITIVITY_COVERS_PART = "sensitivity_covers_part", INFO, "first last"
    EXPOSURE_TIME_UNUSABLE = "exposure_time_unusable", ERROR, "keyword"
    AIRMASS_UNKNOWN = "airmass_unknown", ERROR, "keyword"
    FLUX_NOWHERE = "flux_nowhere", ERROR, "file"
    FLUX_SLIT_UNKNOWN = "flux_slit_unknown", INFO
    FLUX_SLIT_NARROW = "flux_slit_narrow", INFO, "width"
    FLUX_SLIT_LOSS = "flux_slit_loss", INFO, "width seeing"
    FLUX_SEEING_UNKNOWN = "flux_seeing_unknown", INFO
    FLUX_LOSS_UNKNOWN = "flux_loss_unknown", INFO
    FLUX_OTHER_NIGHT = "flux_other_night", INFO, "night"
    FLUX_ZERO_POINT_OFF = "flux_zero_point_off", WARNING, "offset"
    FLUX_SLIT_DIFFERS = "flux_slit_differs", WARNING, "slit standard_slit"
    FLUX_OFF_PARALLACTIC = "flux_off_parallactic", WARNING, "angle airmass lost"
    FLUX_THROUGHPUT_LOW = "flux_throughput_low", WARNING, "fraction"
    PHOTOMETRY_NOT_COVERED = "photometry_not_covered", ERROR, "band fraction first last"
    PHOTOMETRY_TOO_FAINT = "photometry_too_faint", ERROR, "band"
    FLUX_SCALED = "flux_scaled", INFO, "band magnitude factor"
    TELLURIC_FROM_STANDARD = "telluric_from_standard", INFO, "gases"
    TELLURIC_LEFT_OUT = "telluric_left_out", INFO, "bands"
    TELLURIC_NOT_CORRECTED = "telluric_not_corrected", INFO

    # Standard stars and the airmass.
    AIRMASS_DIFFERS = "airmass_differs", WARNING, "airmass source keyword stated stated_airmass"
    STANDARD_BY_POSITION = "standard_by_position", INFO, "star object separation"
    STANDARD_BY_NAME = "standard_by_name", INFO, "star"
    STANDARD_DISPUTED = "standard_disputed", WARNING, "named star separation"
    STANDARD_ELSEWHERE = "standard_elsewhere", WARNING, "star separation"

    # The sensitivity.
    STANDARD_UNKNOWN = "standard_unknown", ERROR, "name"
    STANDARD_NOT_BRIGHTEST = "standard_not_brightest", ERROR, "star number"
    STANDARD_NO_OVERLAP = "standard_no_overlap", ERROR, "star"
    STANDARD_TOO_FAINT = "standard_too_faint", ERROR, "star signal"
    STANDARD_SATURATED = "standard_saturated", ERROR, "star fraction"
    STANDARD_PARTLY_SATURATED = "standard_partly_saturated", WARNING, "star fraction"
    STANDARD_NOT_THE_STAR = "standard_not_the_star", ERROR, "star scatter lines"
    STANDARD_SHIFTED = "standard_shifted", WARNING, "star shift"
    STANDARD_COLOUR = "standard_colour", ERROR, "star slope"
    STANDARD_DAMAGED = "standard_damaged", ERROR, "star bend"
    THROUGHPUT_ABSURD = "throughput_absurd", ERROR, "star ratio"
    THROUGHPUT_SHAPE = "throughput_shape", WARNING, "star slope bend"
    THROUGHPUT_LOW = "throughput_low", WARNING, "star ratio"
    THROUGHPUT_HIGH = "throughput_high", WARNING, "star ratio"

    # The choice of calibrations. `role` is a `reduction.registry.CalibrationRole`.
    DEGRADED_MATCH = "degraded_match", WARNING, "role file differences"
    NO_CALIBRATION = "no_calibration", WARNING, "role setup nearest differences"
    MASTER_TOO_SMALL = "master_too_small", WARNING, "role needed file found"
    MADE_WITHOUT = "made_without", WARNING, "role"
    CALIBRATION_IGNORED = "calibration_ignored", INFO, "role"
    MANUAL_CALIBRATION = "manual_calibration", INFO, "role file"
    MANUAL_CALIBRATION_DIFFERS = "manual_calibration_differs", WARNING, "role file differences"
    CALIBRATION_NOT_FOUND = "calibration_not_found", ERROR, "role"
    CALIBRATION_IMPOSSIBLE = "calibration_impossible", ERROR, "role file differences"
    CALIBRATION_NOT_REDUCED = "calibration_not_reduced", ERROR, "role file"
    ARC_ONE_SIDE = "arc_one_side", INFO, "file"
    FIXED_ARC_NOT_NAMED = "fixed_arc_not_named", ERROR
    FIXED_ARC_DIFFERS = "fixed_arc_differs", ERROR, "file differences"
    NOT_A_CALIBRATION_FRAME = "not_a_calibration_frame", ERROR, "file"
    NO_STANDARD_STAR = "no_standard_star", WARNING, "mode camera days"
    NOT_A_STANDARD_STAR = "not_a_standard_star", INFO, "file"

    # Why a run waits.
    NOT_EXAMINED = "not_examined", INFO
    WAITING_FOR_CAMERA = "waiting_for_camera", INFO
    WAITING_FOR_FRAMES = "waiting_for_frames", INFO, "role found needed"
    WAITING_FOR_MASTER = "waiting_for_master", INFO, "role frames"
    WAITING_FOR_SERIES = "waiting_for_series", INFO
    WAITING_FOR_NIGHT = "waiting_for_night", INFO
    WAITING_FOR_ARC = "waiting_for_arc", INFO, "file"
    WAITING_FOR_NAMED_ARC = "waiting_for_named_arc", INFO, "file"
    WAITING_FOR_DISK = "waiting_for_disk", WARNING

    # Why a run failed, besides the failures of the reduction itself.
    BLOCK_UNKNOWN = "block_unknown", ERROR, "block"
    BLOCK_TAKES_OTHER_FILES = "block_takes_other_files", ERROR, "block accepted found"
    BLOCK_TAKES_OTHER_FRAMES = "block_takes_other_frames", ERROR, "block kind"
    SETTING_INVALID = "setting_invalid", ERROR, "name problem"
    FILE_MOVED = "file_moved", ERROR, "file"
    FILE_CHANGED = "file_changed", ERROR, "file"
    FILE_CHANGED_WHILE_READ = "file_changed_while_read", ERROR, "file"
    FILE_MISSING = "file_missing", ERROR, "file"
    INTERNAL_ERROR = "internal_error", ERROR, "exception"
    WORKER_LOST = "worker_lost", ERROR, "times"

    # The state of a frame.
    RUN_FAILED = "run_failed", ERROR, "block reason"
    RUN_CANCELLED = "run_cancelled", WARNING, "block"
    RUN_UNDER_WAY = "run_under_way", INFO, "block step"
    RUN_QUEUED = "run_queued", INFO, "block"
    RUN_WAITING = "run_waiting", INFO, "block reason"
    NO_MASTER_YET = "no_master_yet", INFO
    OUT_OF_DATE = "out_of_date", WARNING
    NEWER_CALIBRATION = "newer_calibration", WARNING, "files ancestor"
    PROVISIONAL = "provisional", INFO, "missing until"

    PROCESSING_NOT_ALLOWED = "processing_not_allowed", INFO

    # Entries of the log.
    FILE_NOTICE = "file_notice", WARNING, "file reason"
    SEVERAL_FILES = "several_files", ERROR, "count files reason"
    FOLDER_UNREADABLE = "folder_unreadable", ERROR, "file problem"
    FOLDER_READABLE = "folder_readable", INFO, "file"
    FILE_RUN_FAILED = "file_run_failed", ERROR, "file block reason"
    RECALIBRATED = "recalibrated", INFO, "file inputs shift pixels"
    RECALIBRATION_FAILED = "recalibration_failed", WARNING, "file block reason"
    CHANGE_ACCEPTED = "change_accepted", INFO, "person file"
    NIGHT_DECIDED = "night_decided", INFO, "person camera night readout count decision"
    NIGHT_UNDECIDED = "night_undecided", INFO, "person night readout count"
    FILE_ADMITTED = "file_admitted", INFO, "person file cards"
    RECLASSIFIED = "reclassified", INFO, "person file before after"
    SETTINGS_CHANGED = "settings_changed", INFO, "person changes"
    SETTINGS_RESTORED = "settings_restored", INFO, "person changes"
    PI_CHANGED = "pi_changed", INFO, "person pi proposal"
    PROPOSALS_IMPORTED = "proposals_imported", INFO, "person proposals pis"
    ACCOUNT_CREATED = "account_created", INFO, "person name email staff"
    ACCOUNT_DEACTIVATED = "account_deactivated", INFO, "person name"
    ACCOUNT_REACTIVATED = "account_reactivated", INFO, "person name"
    MAIL_FAILED = "mail_failed", ERROR, "recipient problem"

    # The condition of the site.
    DISK_LOW = "disk_low", WARNING, "free"
    DISK_FULL = "disk_full", ERROR
    HOME_READ_ONLY = "home_read_only", ERROR
    RAW_FOLDER_MISSING = "raw_folder_missing", ERROR, "folder"
    RAW_FOLDER_UNREADABLE = "raw_folder_unreadable", ERROR, "folder"
    RAW_FOLDER_SILENT = "raw_folder_silent", ERROR, "folder"
    QUEUE_DOWN = "queue_down", ERROR
    NO_WORKERS = "no_workers", ERROR
    CONDITION_ENDED = "condition_ended", INFO, "reason since"

    # The simulation cannot be made as requested.
    SIMULATION_MODE_UNKNOWN = "simulation_mode_unknown", ERROR, "mode known"
    SIMULATION_LAMP_UNKNOWN = "simulation_lamp_unknown", ERROR, "lamp mode known"
    SIMULATION_CAMERA_UNKNOWN = "simulation_camera_unknown", ERROR, "camera"
    SIMULATION_BINNING = "simulation_binning", ERROR, "binning"
    SIMULATION_ROWS = "simulation_rows", ERROR, "rows least most binning"
    SIMULATION_SLIT = "simulation_slit", ERROR, "slit"
    SIMULATION_STAR_UNKNOWN = "simulation_star_unknown", ERROR, "star"
    SIMULATION_STAR_LOW = "simulation_star_low", ERROR, "star altitude least"
    SIMULATION_NEGATIVE = "simulation_negative", ERROR, "quantity"

    # A sentence of a release that stored no codes; its severity is stored with it.
    LEGACY_TEXT = "legacy_text", WARNING, "text"
    LEGACY_HEADER_TEXT = "legacy_header_text", ERROR, "keyword text"
