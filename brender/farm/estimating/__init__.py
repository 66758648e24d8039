"""How long things take: learnt as tasks end, and what follows from that."""
