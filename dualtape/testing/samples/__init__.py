"""The samples of all operations, one file a family, mirroring dualtape/ops."""
