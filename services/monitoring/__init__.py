"""Whether the deployment is well: conditions of the whole site, and the check of what is stored."""
