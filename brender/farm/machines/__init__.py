"""What the farm knows of machines besides their work: load, who uses them, whether they are on."""
