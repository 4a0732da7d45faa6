"""The tests; `tests.build` has the benign facts that they change."""
