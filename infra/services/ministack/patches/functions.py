"""Each invocation of a function takes 90 ms longer than it must in ministack."""

import functools
import http.server

from ministack.core import lambda_runtime

# Headers and body of an event are two packets, of which the second waits 40 ms for the first to be acknowledged.
http.server.BaseHTTPRequestHandler.disable_nagle_algorithm = True

# ministack waits 50 ms for the function's first line of log. A line that comes later is in the next invocation's log.
lambda_runtime.ProvidedWorker._drain_stderr_bounded = functools.partialmethod(
    lambda_runtime.ProvidedWorker._drain_stderr_bounded, first_line_wait=0.005
)
