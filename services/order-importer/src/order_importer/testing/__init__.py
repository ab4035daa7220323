"""What the importer's tests share: orders to make up, and a workbench that handles them with a real database."""
