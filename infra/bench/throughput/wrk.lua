-- A script for wrk with one thread. Its argument is a method, and its standard input has lines "TOKEN BODY". For GET the first token asks over and over; otherwise
-- each line is one request, and a thread that has no more of them stops.
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  sent, supply = 0, 0
  local requests = {}
  for line in io.lines() do
    local token, body = line:match("^(%S+) ?(.*)$")
    wrk.headers["Authorization"] = token
    if args[1] == "GET" then
      return
    end
    wrk.headers["Content-Type"] = "application/json"
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
  local sent, supply = 0, 0
  for _, thread in ipairs(threads) do
    sent, supply = sent + thread:get("sent"), supply + thread:get("supply")
  end
  local failed = summary.errors
  io.stderr:write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"sent":%d,"supply":%d,'
      .. '"refused":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), sent, supply,
    failed.status, failed.connect, failed.read, failed.write, failed.timeout))
end
