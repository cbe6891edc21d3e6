-- A new token in every request: cycles through a file with one cookie line a line, from the line of
-- the given number on. One thread sends them in order, so a filter meets a token again only after all
-- others, and a run that continues where the last one ended does not meet what that one cached.
local requests, sent = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    wrk.headers["Cookie"] = line
    requests[#requests + 1] = wrk.format()
  end
  sent = tonumber(args[2])
end

function request()
  sent = sent % #requests + 1
  return requests[sent]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'SUMMARY {"requests":%d,"microseconds":%d,"errors":%d,"p50_us":%d,"p99_us":%d}\n',
    summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
