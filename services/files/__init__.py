"""Raw frames and products: how they come in, what is kept of them, what people see of them."""
