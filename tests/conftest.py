"""Being here, in a package, puts the project's root on the import path: tests import `tests.build`."""
