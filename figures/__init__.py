"""Arrays in, plotly figures or image bytes out; pure, so testable without a browser."""
