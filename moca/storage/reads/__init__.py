"""What the database knows, as frozen records; call inside `database.connection_context()`."""
