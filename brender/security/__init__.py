"""Who is who on the wire: the farm's own certificates, and TLS with them.

How does this work?  `authority` is the farm's CA and signs everybody's certificate, `requests` makes what is to be
signed, `checking` reads who a certificate is for.  `identity` is the certificate that a server shows, `serving` TLS at
its ports, `gate` what the port for workers asks.  Private keys are in files that `secret_files` writes; nothing here
knows the database.  The worker's side is in `brender.worker`: `wallet`, `joining`.
"""
