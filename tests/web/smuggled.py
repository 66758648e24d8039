"""Requests that two readers might read in two ways, with a second request hidden in each: what smuggling is made of.

How does this work?  `AMBIGUOUS` has a name and the bytes of each; the farm refuses all of them with 400 and closes the
connection, so that what follows is nobody's request.  `PLAIN` are odd and clear: one request each.  What is hidden
is `HIDDEN`, or begins with the bytes of it.
"""

HIDDEN = (
    b"POST /api/v1/farm HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
)
POST = b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GET = b"GET /api/v1/farm HTTP/1.1\r\nHost: localhost\r\n"
CHUNKS = b"2\r\n{}\r\n0\r\n\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

AMBIGUOUS = {
    "a length, and chunks": POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    "chunks, and a length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + CHUNKS,
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "the same length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "a length with a sign": POST + b"Content-Length: +2\r\n\r\n{}",
    "a length of hexadecimal digits": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "a length with an underscore": POST + b"Content-Length: 1_0\r\n\r\n{}12345678",
    "a length of other digits": POST + "Content-Length: \N{ARABIC-INDIC DIGIT TWO}\r\n\r\n{}".encode(),
    "no length after its name": POST + b"Content-Length: \r\n\r\n{}",
    "a length with a blank in it": POST + b"Content-Length: 2 2\r\n\r\n{}",
    "chunked twice": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "identity, then chunked": POST + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "chunked, then identity": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + CHUNKS,
    "identity": POST + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
    "gzip and chunked": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS,
    "something like chunked": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS,
    "chunked after a vertical tab": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + CHUNKS,
    "a blank before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n" + CHUNKS,
    "chunked in a folded line": POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKS,
    "a folded line": POST + b"X-A: b\r\n c\r\nContent-Length: 2\r\n\r\n{}",
    "a line folded by a tab": POST + b"X-A: b\r\n\tContent-Length: 9\r\nContent-Length: 2\r\n\r\n{}",
    "a first header that is folded": b"POST /api/v1/jobs HTTP/1.1\r\n Host: localhost\r\n\r\n",
    "chunks in HTTP/1.0": CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + CHUNKS,
    "a size of hexadecimal digits with 0x": CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "a size with a sign": CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n",
    "a size with a blank": CHUNKED + b"2 \r\n{}\r\n0\r\n\r\n",
    "a size with an underscore": CHUNKED + b"0_2\r\n{}\r\n0\r\n\r\n",
    "a line feed in a chunk's extension": CHUNKED + b"2;a\nb\r\n{}\r\n0\r\n\r\n",
    "an extension without an end": CHUNKED + b"2;" + b"a" * 20_000 + b"\r\n{}\r\n0\r\n\r\n",
    "a chunk that is longer than its size": CHUNKED + b"2\r\n{}XX0\r\n\r\n",
    "chunks with line feeds alone": CHUNKED + b"2\n{}\n0\n\n",
    "trailers without an end": CHUNKED + b"2\r\n{}\r\n0\r\n" + b"X: y\r\n" * 20_000,
    "line feeds alone": b"GET /api/v1/farm HTTP/1.1\nHost: localhost\n\n",
    "a line feed in a header": GET + b"X: a\nY: b\r\n\r\n",
    "a carriage return in a header": GET + b"X: a\rY: b\r\n\r\n",
    "a zero byte in a header": GET + b"X: a\x00b\r\n\r\n",
    "a header without a name": GET + b": b\r\n\r\n",
    "a blank in a name": GET + b"X Y: b\r\n\r\n",
    "two hosts": GET + b"Host: evil.example\r\n\r\n",
    "HTTP/1.2": b"GET /api/v1/farm HTTP/1.2\r\nHost: localhost\r\n\r\n",
    "HTTP/2 without its preface": b"GET /api/v1/farm HTTP/2.0\r\nHost: localhost\r\n\r\n",
    "a blank in the address": b"GET /api/v1/farm x HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "tabs between words": b"GET\t/api/v1/farm\tHTTP/1.1\r\nHost: localhost\r\n\r\n",
}
PLAIN = {
    "a chunk's extension": CHUNKED + b"2;a=b\r\n{}\r\n0\r\n\r\n",
    "a trailer that looks like a header": CHUNKED + b"2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n",
    "a body where none is wanted": GET + b"Content-Length: %d\r\n\r\n%s" % (len(HIDDEN), HIDDEN),
    "letters of another case": CHUNKED.replace(b"chunked", b"Chunked") + CHUNKS,
    "zeros before a size": CHUNKED + b"000002\r\n{}\r\n0\r\n\r\n",
}
