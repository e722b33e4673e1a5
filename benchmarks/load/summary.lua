-- Makes wrk print one line of JSON at the end. There are no request or response hooks, so the load runs without Lua.
function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        'SUMMARY {"requests":%d,"microseconds":%d,"bytes":%d,"p50_us":%d,"p99_us":%d,"max_us":%d,' ..
        '"connect_errors":%d,"read_errors":%d,"write_errors":%d,"timeouts":%d,"status_errors":%d}\n',
        summary.requests, summary.duration, summary.bytes,
        latency:percentile(50), latency:percentile(99), latency.max,
        errors.connect, errors.read, errors.write, errors.timeout, errors.status))
end
