"""How the embedded checkpoint ``nano`` is made: generator, loop and evaluation."""
