"""Raw frames and products: indexing, lineage, lists, actions, deletion, comments."""
