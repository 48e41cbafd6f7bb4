"""Search of large datasets in OpenSearch: derived from the database, and never needed."""
