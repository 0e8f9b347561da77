"""From read models to components: no module here reads a row or checks access."""
