"""The OpenAPI document, made of the verbs, of the structs that they give, and of the table of addresses."""
