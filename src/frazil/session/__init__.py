"""One transport: ICE, DTLS, SCTP and data channels on one path (RFC 7983, RFC 8261)."""
