"""Records: logging, searching, editing, importing, exporting, copying."""
