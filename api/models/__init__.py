"""The API's models: validation and the OpenAPI document come from them."""
