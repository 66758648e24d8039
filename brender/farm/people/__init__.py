"""People and whom the farm lets in: users, their sessions, the audit, and machines that join."""
