"""Examination of files that come in: their structure within limits, and marks of products."""
