-- A script for wrk with one thread. Its arguments are a method, a content type and whether the request of the first line repeats. Its
-- standard input has lines "TOKEN BODY". If they do not repeat, each line is one request, and the thread stops when there are no more.
local thread

function setup(only)
  thread = only
end

function init(args)
  sent, supply = 0, 0
  local requests = {}
  for line in io.lines() do
    local token, body = line:match("^(%S+) ?(.*)$")
    wrk.headers["Authorization"] = token
    if body ~= "" then
      wrk.headers["Content-Type"] = args[2]
    end
    if args[3] == "true" then
      wrk.method, wrk.body = args[1], body
      return
    end
    requests[#requests + 1] = wrk.format(args[1], nil, nil, body)
  end
  supply = #requests
  function request()
    sent = sent + 1
    if sent > supply then
      wrk.thread:stop()
    end
    return requests[math.min(sent, supply)]
  end
end

-- Writes what wrk counted as JSON on standard error.
function done(summary, latency)
  local errors = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"sent":%d,"supply":%d,"refused":%d,"failed":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), thread:get("sent"), thread:get("supply"),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
