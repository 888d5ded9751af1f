"""Makes tool packs of foreign descriptions: OpenAPI documents, MCP servers, Python classes."""
