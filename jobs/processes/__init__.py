"""The processes of a deployment: supervisor, workers, queue server, web server."""
