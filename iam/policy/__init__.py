"""The AWS policy language: read, evaluated and written, without AWS."""
