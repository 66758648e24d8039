"""What a worker keeps on its disk, and takes away again."""
