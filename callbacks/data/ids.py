"""Ids of the components of the Data page that callbacks fill or listen to.

Style sheets and scripts name them too.
"""

from __future__ import annotations

SHOWN = "shown"
"""Store: id and checksum of the file on show."""
IMAGE = "image"
"""Store: what the viewer displays."""
VIEW_TITLE = "view-title"
HEADER_OPEN = "header-open"

FILE_PARTS = "view-parts"
"""Store: the regions of the file on show, as HTML."""
INDEX_PARTS = "index-parts"
"""Store: the regions of the file index, as HTML."""
CALIBRATION_PARTS = "why-parts"
"""Store: the panel of the calibrations, as HTML."""

HEAD = "view-head"
NOTES = "view-notes"
CALIBRATIONS = "view-why"
RUNS = "view-runs"
ACTIONS = "view-actions"
COMMENTS = "comments"
RUN_DETAIL = "view-run"
HEADER_TABLE = "header-table"
HEADER_SEARCH = "header-search"

INDEX_SECTIONS = "index-heads"
INDEX_ENTRIES = "file-list"
INDEX_PAGER = "pager"
INDEX_PROPOSALS = "index-proposals"
INDEX_NAME = "index-name"
INDEX_PAGE = "index-page"
INDEX_GO = "index-go"

COMMENT_TEXT = "comment-text"
COMMENT_ADD = "comment-add"
