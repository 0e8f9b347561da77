"""How a route is declared, validated, paged, limited, and how it fails."""
