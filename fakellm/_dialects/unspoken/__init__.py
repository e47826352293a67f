"""Model calls of APIs that no dialect speaks: they are stopped, and told so in their own envelope."""
