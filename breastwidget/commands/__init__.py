"""What the command line does, without its argument parsing."""
